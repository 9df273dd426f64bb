"""Pixel cells that stand as they are (PS3.5 8.1.1, 8.2, Annex D) become stored values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.image_attributes import SUBSAMPLED, PixelDescription
from radnode.instance.encodings import Buffer
from radnode.model.errors import CannotRender

Array = NDArray[Any]


def native_cells(data: bytes, description: PixelDescription, *, big_endian: bool) -> Array:
    """The cells of one native frame, not yet freed of unused bits: rows x columns, or rows x columns x samples."""
    data = data[: description.native_bytes]
    if description.allocated == 1:
        bits = np.frombuffer(data, np.uint8)
        cells: Array = np.unpackbits(bits, bitorder="little", count=description.native_bits)
    else:
        cells = whole_cells(data, description, big_endian=big_endian)
    return _upsampled(cells, description) if description.photometric in SUBSAMPLED else shaped(cells, description)


def whole_cells(data: Buffer, description: PixelDescription, *, big_endian: bool = False) -> Array:
    """Cells of whole bytes in the machine's order; those of 24, 40, 48 or 56 bits in the next wider kind."""
    size = description.allocated // 8
    wide = next(width for width in (1, 2, 4, 8) if width >= size)
    if wide > size:
        narrow = np.frombuffer(data, np.uint8, count=len(data) // size * size).reshape(-1, size)
        cells = np.zeros((len(narrow), wide), np.uint8)
        cells[:, :size] = narrow[:, ::-1] if big_endian else narrow
        return cells.reshape(-1).view(f"<u{wide}")
    dtype = np.dtype(f"{'>' if big_endian else '<'}{_kind(description)}{size}")
    return np.frombuffer(data, dtype, count=len(data) // size).astype(dtype.newbyteorder("="), copy=False)


def _kind(description: PixelDescription) -> str:
    return "u" if description.element == "PixelData" else "f"


def shaped(cells: Array, description: PixelDescription) -> Array:
    """One frame's cells in their order as rows x columns (x samples), whichever the planar configuration is."""
    rows, columns, samples = description.rows, description.columns, description.samples
    if samples == 1:
        return cells.reshape(rows, columns)
    if description.planar:
        return cells.reshape(samples, rows, columns).transpose(1, 2, 0)
    return cells.reshape(rows, columns, samples)


def _upsampled(cells: Array, description: PixelDescription) -> Array:
    """Y1 Y2 Cb Cr: two pixels share their chroma (C.7.6.3.1.2)."""
    if description.samples != 3 or description.columns % 2:
        raise CannotRender("pixel data of 4:2:2 needs three samples and an even number of columns")
    pairs = cells.reshape(description.rows, description.columns // 2, 4)
    full = np.empty((description.rows, description.columns, 3), cells.dtype)
    full[..., 0] = pairs[..., :2].reshape(description.rows, description.columns)
    full[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
    return full


def stored_values(cells: Array, *, stored: int, high_bit: int, signed: bool) -> Array:
    """Cells as numbers: `stored` bits up to `high_bit`, the bits around them cut off, the sign bit extended."""
    if cells.dtype.kind == "f":
        return cells
    width = cells.dtype.itemsize * 8
    kind = cells.dtype.str.replace("u", "i") if signed else cells.dtype.str
    if stored == width:
        return cells.view(kind)
    moved: Array = np.left_shift(cells, width - 1 - high_bit).view(kind)
    moved >>= width - stored
    return moved
