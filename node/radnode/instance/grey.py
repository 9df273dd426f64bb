"""The grey pipeline (PS3.4 N.2): stored values through Modality LUT, VOI LUT and polarity to 8 bits."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radnode.instance.decoders import DecodedFrame
from radnode.instance.image_attributes import first_item, integer, number, text
from radnode.instance.luts import LookupTable, Transform, lookup_table, modality_transform, wrapped
from radnode.instance.pixels import EncodedFrame
from radnode.instance.windows import WHITE, Extent, read_windows
from radnode.model.errors import CannotRender

Grey = NDArray[np.uint8]
_TABLE_SPAN = 2**18
_STRIP = 2**22


def grey_picture(frame: EncodedFrame, decoded: DecodedFrame) -> Grey:
    """The 8-bit picture of a monochrome frame, rows x columns; 0 is black."""
    signed = frame.description.signed
    modality = modality_transform(frame.attributes, frame.groups, signed=signed, big_endian=frame.big_endian)
    values = _Values(decoded.values, _padding(frame))
    voi = _voi(frame) or _automatic(values, modality, frame.description.stored)
    inverted = decoded.photometric == "MONOCHROME1" or text(frame.attributes, "PresentationLUTShape") == "INVERSE"

    def shade(stored: NDArray[Any]) -> Grey:
        level = np.nan_to_num(voi(modality(stored)), nan=0.0)
        return np.floor((WHITE - level if inverted else level) + 0.5).astype(np.uint8)

    return values.mapped(shade)


def _voi(frame: EncodedFrame) -> Transform | None:
    """The VOI LUT of the frame, then of the image; a table goes before windows, as its maker drew it by hand."""
    sources = [item for group in frame.groups if (item := first_item(group, "FrameVOILUTSequence"))]
    for source in (*sources, frame.attributes):
        if table := _voi_table(source, frame):
            return table
        if window := next(filter(None, read_windows(source)), None):
            return window
    return None


def _voi_table(source: Dataset, frame: EncodedFrame) -> Transform | None:
    item = first_item(source, "VOILUTSequence")
    if item is None:
        return None
    signed = frame.description.signed or (number(frame.attributes, "RescaleIntercept") or 0) < 0
    try:
        table = lookup_table(item, signed=signed, big_endian=frame.big_endian)
    except CannotRender:
        return None
    scaled = table.entries * (WHITE / (2**table.bits - 1))
    return LookupTable(table.first, scaled, table.bits)


def _automatic(values: "_Values", modality: Transform, stored_bits: int) -> Extent:
    """From the least to the greatest value that is no padding; of one bit, the whole range."""
    if stored_bits == 1:
        return Extent(0.0, 1.0)
    least, greatest = np.inf, -np.inf
    for strip in values.unpadded():
        shown = modality(strip)
        shown = shown[np.isfinite(shown)]
        least, greatest = shown.min(initial=least), shown.max(initial=greatest)
    return Extent(float(least), float(greatest)) if least <= greatest else Extent(0.0, 0.0)


def _padding(frame: EncodedFrame) -> tuple[float, float] | None:
    """The range of stored values that is no image (C.7.5.1.1.2), or None."""
    attributes, description = frame.attributes, frame.description
    if description.element != "PixelData":
        prefix = description.element.removesuffix("Data")
        value, limit = number(attributes, f"{prefix}PaddingValue"), number(attributes, f"{prefix}PaddingRangeLimit")
    else:
        ends = integer(attributes, "PixelPaddingValue"), integer(attributes, "PixelPaddingRangeLimit")
        value, limit = (None if end is None else wrapped(end, signed=description.signed) for end in ends)
    if value is None:
        return None
    return min(value, value if limit is None else limit), max(value, value if limit is None else limit)


class _Values:
    """Stored values: whole numbers of a small span are mapped by a table, all others strip by strip."""

    def __init__(self, stored: NDArray[Any], padding: tuple[float, float] | None) -> None:
        self.stored = stored
        self.padding = padding
        self.least = int(stored.min()) if stored.dtype.kind != "f" else 0
        span = int(stored.max()) - self.least + 1 if stored.dtype.kind != "f" else _TABLE_SPAN + 1
        self.table = self.least + np.arange(span, dtype=np.int64) if span <= _TABLE_SPAN else None

    def unpadded(self) -> Iterator[NDArray[Any]]:
        """The values that are no padding, each at least once; all of them where there is nothing but padding."""
        found = False
        for values in self._distinct():
            shown = values
            if self.padding is not None:
                shown = values[(values < self.padding[0]) | (values > self.padding[1])]
            found = found or bool(shown.size)
            yield shown
        if not found:
            yield from self._distinct()

    def mapped(self, shade: Callable[[NDArray[Any]], Grey]) -> Grey:
        """The grey of each value."""
        picture = np.empty(self.stored.shape, np.uint8)
        greys = None if self.table is None else shade(self.table)
        for rows in self._strips():
            strip = self.stored[rows]
            picture[rows] = shade(strip) if greys is None else greys[self._places(strip)]
        return picture

    def _distinct(self) -> Iterator[NDArray[Any]]:
        if self.table is None:
            return (self.stored[rows] for rows in self._strips())
        present = np.zeros(len(self.table), bool)
        for rows in self._strips():
            present[self._places(self.stored[rows])] = True
        return iter((self.table[present],))

    def _places(self, strip: NDArray[Any]) -> NDArray[Any]:
        """Where in the table the values are; their own type may be too narrow for the difference."""
        return strip if self.least == 0 else strip.astype(np.int64) - self.least

    def _strips(self) -> Iterator[slice]:
        height = max(1, _STRIP // self.stored.shape[1])
        return (slice(top, top + height) for top in range(0, self.stored.shape[0], height))
