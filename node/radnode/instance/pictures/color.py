"""Colour (PS3.3 C.7.6.3.1.2): samples in a colour space become 8-bit red, green and blue; ICC profiles stay alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radnode.instance.decoding.decoders import DecodedFrame
from radnode.model.errors import CannotRender

Array = NDArray[Any]
Color = NDArray[np.uint8]
_STRIP = 256
_TABLED = 16
_ZERO = {"YBR_FULL": (0.0, 128.0, 128.0), "YBR_PARTIAL": (16.0, 128.0, 128.0)}
_TO_RGB = {
    "RGB": (),
    "YBR_FULL": ((1.0, 0.0, 1.402), (1.0, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587), (1.0, 1.772, 0.0)),
    "YBR_PARTIAL": ((1.1644, 0.0, 1.5960), (1.1644, -0.3917, -0.8129), (1.1644, 2.0173, 0.0)),
}


def color_picture(decoded: DecodedFrame) -> Color:
    """The 8-bit picture of a frame of three samples, rows x columns x 3; CannotRender for what is no known colour."""
    if decoded.photometric not in _TO_RGB or decoded.values.ndim != 3:
        samples = 1 if decoded.values.ndim == 2 else decoded.values.shape[2]
        raise CannotRender(f"Photometric Interpretation {decoded.photometric[:16]} of {samples} sample(s) is not shown")
    picture = np.empty(decoded.values.shape, np.uint8)
    for top in range(0, len(picture), _STRIP):
        rows = slice(top, top + _STRIP)
        picture[rows] = rgb(decoded.values[rows], decoded.photometric, decoded.bits)
    return picture


def rgb(values: Array, photometric: str, bits: int) -> Color:
    """Samples of that many bits in one of the colour spaces above as 8-bit red, green and blue.

    Colour is never signed (C.7.6.3.1.1); what a Pixel Representation of 1 made negative is read as it was stored.
    """
    if values.dtype.kind == "i":
        values = values.astype(np.int64) & (2**bits - 1)
    if bits == 8:
        return _of_bytes(values.astype(np.uint8, copy=False), photometric)
    white = float(2**bits - 1)
    if photometric == "RGB" and bits <= _TABLED:
        table = np.floor(np.arange(2**bits) * (255 / white) + 0.5).astype(np.uint8)
        return table.take(values, mode="clip")
    samples = values.astype(np.float64)
    if photometric != "RGB":
        scale = 2.0 ** (bits - 8)
        samples = (samples - np.array(_ZERO[photometric]) * scale) @ np.array(_TO_RGB[photometric]).T
        white = 255 * scale if photometric == "YBR_PARTIAL" else white  # its formula is for 8 bits
    return np.floor(np.clip(samples * (255 / white), 0, 255) + 0.5).astype(np.uint8)


def _of_bytes(samples: Color, photometric: str) -> Color:
    """By Pillow's matrix, which rounds in single precision and is ten times as quick as numpy's."""
    if photometric == "RGB":
        return samples
    turned = np.array(_TO_RGB[photometric])
    matrix = np.column_stack([turned, -turned @ np.array(_ZERO[photometric])])
    shown = Image.fromarray(np.ascontiguousarray(samples)).convert("RGB", tuple(matrix.ravel().tolist()))
    return np.asarray(shown)
