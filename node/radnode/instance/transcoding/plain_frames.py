"""Frames as native pixel cells with all their bits: what stands in uncompressed pixel data (PS3.5 8.1.1, 8.2)."""

from dataclasses import dataclass

import numpy as np

from radnode.instance.decoding.codestream import Process
from radnode.instance.decoding.compressions import Compression
from radnode.instance.decoding.decoders import pixel_cells
from radnode.instance.decoding.image_attributes import PixelDescription, upsampled
from radnode.instance.decoding.jpeg import colour_space, high_bit_of, jpeg_samples
from radnode.instance.decoding.native import Array, stored_values
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.color import rgb
from radnode.model.errors import CannotRender

_CELLS = (1, 8, 16, 32, 64)
_COLOUR_SPACES = frozenset({"RGB", "YBR_FULL"})


@dataclass(frozen=True)
class PlainFrame:
    """Unsigned cells of Bits Allocated, rows x columns (x samples), and how they are to be read now."""

    cells: Array
    photometric: str
    high_bit: int


def plain_frame(frame: EncodedFrame) -> PlainFrame:
    """The cells of a frame. Raises CannotRender where nothing can make them, and what decoders raise.

    Chroma gets its full size, and the colours of 8-bit JPEG (DCT), which are rounded already, become RGB, as nearly
    every receiver expects; YBR_FULL of what is lossless stays, for its conversion would not be.
    """
    description = frame.description
    if description.allocated not in _CELLS:
        raise CannotRender(f"pixel data of {description.allocated} Bits Allocated is not transcoded")
    if frame.compression is not Compression.JPEG:
        return PlainFrame(pixel_cells(frame), upsampled(description.photometric), description.high_bit)
    samples, codestream = jpeg_samples(frame.data, description)
    photometric = colour_space(description, codestream)
    if codestream.process is Process.DCT and codestream.precision == 8 and photometric == "YBR_FULL":
        samples, photometric = rgb(samples, photometric, 8), "RGB"
    if description.samples > 1 and photometric not in _COLOUR_SPACES:
        raise CannotRender(f"{photometric[:16]} is not decompressed")
    high_bit = high_bit_of(codestream, description)
    return PlainFrame(_in_cells(samples, codestream.precision, description), photometric, high_bit)


def _in_cells(samples: Array, precision: int, description: PixelDescription) -> Array:
    """Samples in cells of Bits Allocated; of signed ones, the sign fills what is left above them.

    Where the precision is that of whole cells, their upper bits, overlays among them, are as they were.
    """
    allocated = description.allocated
    if description.signed:
        samples = stored_values(samples, stored=precision, high_bit=precision - 1, signed=True)
    kind = "i" if description.signed else "u"
    cells: Array = samples.astype(np.dtype(f"{kind}{allocated // 8}")).view(f"u{allocated // 8}")
    return cells
