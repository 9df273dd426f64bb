"""Encodes frames without loss: RLE, JPEG-LS and JPEG 2000; every codestream is decoded again before it is believed."""

from collections.abc import Callable

import jpeg_ls
import numpy as np
from openjpeg import utils as openjpeg
from pydicom.dataset import Dataset
from rle.utils import encode_pixel_data

from radnode.instance.decoding.compressions import compression_of
from radnode.instance.decoding.image_attributes import PixelDescription
from radnode.instance.decoding.native import Array, stored_values
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.transcoding.plain_frames import PlainFrame, plain_frame
from radnode.instance.transcoding.targets import JPEG_2000_LOSSLESS, JPEG_LS_LOSSLESS, RLE_LOSSLESS
from radnode.model.errors import CannotTranscode
from radnode.model.uid import UID

_COLOUR_SPACES = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL"})  # 8.2.3, 8.2.4


def encode_frame(frame: PlainFrame, image: PixelDescription, target: UID) -> bytes:
    """The codestream of a frame of `image` in one of the ENCODED syntaxes.

    Raises CannotTranscode where any bit of its cells would be lost, and what encoders raise. High Bit is no more than
    Bits Stored - 1 in a JPEG-LS or JPEG 2000 codestream.
    """
    if image.allocated == 1:
        raise CannotTranscode("cells of one bit are not compressed")
    if target == RLE_LOSSLESS:
        cells, data = frame.cells, _rle(frame.cells, image)
    else:
        values = _whole_values(frame, image)
        cells = values.astype(values.dtype.str[1] + str(image.allocated // 8)).view(frame.cells.dtype)
        data = _ENCODERS[target](values, image)
    if not np.array_equal(plain_frame(_encoded(data, image, target)).cells, cells):
        raise CannotTranscode("the encoder does not return what it was given")
    return data


def _whole_values(frame: PlainFrame, image: PixelDescription) -> Array:
    """The stored values; overlays or other things in the bits around them (PS3.5 8.1.1) would be lost."""
    if frame.photometric not in _COLOUR_SPACES:
        raise CannotTranscode(f"{frame.photometric[:16]} is not compressed")
    values = stored_values(frame.cells, stored=image.stored, high_bit=frame.high_bit, signed=image.signed)
    low = frame.high_bit + 1 - image.stored
    laid = (values.astype("i8") << low).view("u8")
    allocated, stored = (1 << image.allocated) - 1, (1 << (frame.high_bit + 1)) - 1
    cells = frame.cells.astype("u8")
    if not (np.array_equal(laid & allocated, cells) or np.array_equal(laid & stored, cells)):
        raise CannotTranscode("there is something in the bits beside Bits Stored")
    return values


def _encoded(data: bytes, image: PixelDescription, target: UID) -> EncodedFrame:
    return EncodedFrame(compression_of(target), image, data, Dataset(), (), big_endian=False)


def _rle(cells: Array, image: PixelDescription) -> bytes:
    return encode_pixel_data(
        np.ascontiguousarray(cells, cells.dtype.newbyteorder("<")).tobytes(),
        byteorder="<",
        rows=image.rows,
        columns=image.columns,
        samples_per_pixel=image.samples,
        bits_allocated=image.allocated,
    )


def _jpeg_ls(values: Array, image: PixelDescription) -> bytes:
    """Bit patterns of Bits Stored: the codestream knows no sign."""
    mask = (1 << image.stored) - 1
    width = 1 if image.stored <= 8 else 2
    patterns = (values.astype("i8") & mask).astype(f"<u{width}")
    interleaved = 0 if image.samples == 1 else 2
    return bytes(
        jpeg_ls.encode_buffer(
            patterns.tobytes(), image.rows, image.columns, image.samples, image.stored, 0, interleaved
        )
    )


def _jpeg_2000(values: Array, image: PixelDescription) -> bytes:
    """Without the component transformation, so that the photometric interpretation stays (8.2.4)."""
    width = 1 if image.stored <= 8 else 2 if image.stored <= 16 else 4
    samples = np.ascontiguousarray(values, f"{values.dtype.kind}{width}")
    return openjpeg.encode_array(samples, bits_stored=image.stored, photometric_interpretation=0, use_mct=False)


_ENCODERS: dict[UID, Callable[[Array, PixelDescription], bytes]] = {
    JPEG_LS_LOSSLESS: _jpeg_ls,
    JPEG_2000_LOSSLESS: _jpeg_2000,
}
