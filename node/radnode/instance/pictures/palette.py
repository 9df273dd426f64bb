"""Palette Color Lookup Tables (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9), segmented and supplemental ones too."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.image_attributes import first_item, numbers, refusing, text
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.luts import LookupTable, table_of, words_of
from radnode.instance.pictures.segments import expand_segments
from radnode.instance.pictures.stored import StoredValues
from radnode.model.errors import CannotRender

Color = NDArray[np.uint8]
_COLORS = ("Red", "Green", "Blue")
_FRAME_TYPES = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence", "PETFrameTypeSequence")


@dataclass(frozen=True)
class Palette:
    """Three tables of one length; an alpha table is for blending only (C.7.6.23), and is left out."""

    tables: tuple[LookupTable, ...]

    @property
    def first(self) -> int:
        """The first value that is mapped."""
        return self.tables[0].first

    @property
    def fact(self) -> str:
        """What is said of it."""
        return f"{len(self.tables[0].entries)} entries from {self.first}"

    def colors(self, values: NDArray[Any]) -> Color:
        """The 8-bit red, green and blue of palette indices, rows x columns, in one more dimension."""
        # A palette that never goes beyond 255 holds 8-bit colours, whatever its descriptor says.
        white = 65535 if max(int(table.entries.max()) for table in self.tables) > 255 else 255
        stored, picture = StoredValues(values), np.empty((*values.shape, 3), np.uint8)
        for place, table in enumerate(self.tables):
            levels = np.floor(table.entries * (255 / white) + 0.5).astype(np.uint8)
            picture[..., place] = stored.mapped(partial(_looked_up, levels, table))
        return picture


def _looked_up(levels: NDArray[np.uint8], table: LookupTable, values: NDArray[Any]) -> NDArray[np.uint8]:
    return levels[table.places(values)]


def read_palette(frame: EncodedFrame) -> Palette:
    """The palette of an image; CannotRender where it is none."""
    return Palette(tuple(_read(frame, color) for color in _COLORS))


def supplemental_palette(frame: EncodedFrame) -> Palette | None:
    """The palette that colours a monochrome frame from its first mapped value on (C.8.16.2.1.1.1), or None.

    Pixel Presentation says so, of the frame where it is MIXED in the image; without that word, a palette that comes
    with a monochrome image is not used. One that cannot be read leaves the image grey, which the Standard allows.
    """
    types = (first_item(group, keyword) for group in frame.groups for keyword in _FRAME_TYPES)
    said = [text(one, "PixelPresentation") for one in types if one is not None]
    presentation = next(filter(None, said), text(frame.attributes, "PixelPresentation"))
    if presentation != "COLOR":
        return None
    try:
        return read_palette(frame)
    except CannotRender:
        return None


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
    words = words_of(value, big_endian=big_endian)
    return words if width == 2 else words.astype("<u2").view(np.uint8)
