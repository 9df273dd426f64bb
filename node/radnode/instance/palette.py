"""Palette Color Lookup Tables (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9), segmented ones too."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.image_attributes import numbers, refusing
from radnode.instance.luts import LookupTable, table_of
from radnode.instance.pixels import EncodedFrame
from radnode.model.errors import CannotRender

MAX_ENTRIES = 65536
_COLORS = ("Red", "Green", "Blue")


def palette_picture(frame: EncodedFrame, values: NDArray[Any]) -> NDArray[np.uint8]:
    """The 8-bit colours of palette indices, rows x columns x 3."""
    tables = [_read(frame, color) for color in _COLORS]
    # A palette that never goes beyond 255 holds 8-bit colours, whatever its descriptor says.
    white = 65535 if max(int(table.entries.max()) for table in tables) > 255 else 255
    picture = np.empty((*values.shape, 3), np.uint8)
    for place, table in enumerate(tables):
        entries = np.floor(table.entries * (255 / white) + 0.5).astype(np.uint8)
        picture[..., place] = entries[table.places(values)]
    return picture


def _read(frame: EncodedFrame, color: str) -> LookupTable:
    attributes = frame.attributes
    descriptor = numbers(attributes, f"{color}PaletteColorLookupTableDescriptor")
    if len(descriptor) != 3:
        raise CannotRender("a palette color lookup table has no valid descriptor")
    with refusing("a palette color lookup table cannot be read"):
        plain = attributes.get(f"{color}PaletteColorLookupTableData")
        if plain:
            words = _numbers(plain, 2, frame.big_endian)
        else:
            width = 1 if descriptor[2] <= 8 else 2
            segmented = _numbers(
                attributes[f"Segmented{color}PaletteColorLookupTableData"].value, width, frame.big_endian
            )
            words = np.array(expand_segments(segmented.tolist(), width), np.uint16)
    return table_of(descriptor, words, signed=frame.description.signed)


def _numbers(value: bytes, width: int, big_endian: bool) -> NDArray[Any]:
    words = np.frombuffer(value[: len(value) // 2 * 2], ">u2" if big_endian else "<u2")
    return words if width == 2 else words.astype("<u2").view(np.uint8)


def expand_segments(data: list[int], width: int) -> list[int]:
    """The entries that discrete, linear and indirect segments stand for (C.7.9.2), MAX_ENTRIES at most.

    `width` is the bytes of one number of `data`; an indirect segment names the byte at which others begin.
    """
    return _expand(data, width, 0, None, [])


def _expand(data: list[int], width: int, position: int, segments: int | None, entries: list[int]) -> list[int]:
    """Appends the entries of `segments` segments (None: all of them) from `position` on."""
    while position + 1 < len(data) and segments != 0 and len(entries) < MAX_ENTRIES:
        code, length = data[position : position + 2]
        position += 2
        if code == 0:
            entries += data[position : position + length]
            position += length
        elif code == 1 and entries:
            entries += np.linspace(entries[-1], data[position], length + 1)[1:].round().astype(int).tolist()
            position += 1
        elif code == 2 and segments is None:
            halves = data[position : position + 4 // width]
            offset = sum(half << (8 * width * place) for place, half in enumerate(halves))
            _expand(data, width, offset // width, length, entries)
            position += len(halves)
        else:
            raise ValueError(f"segment type {code}")
        segments = None if segments is None else segments - 1
    return entries
