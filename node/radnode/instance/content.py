"""What a stored file says on the attributes that are asked for, by one walk; pixel data is never loaded."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
)
from radnode.instance.part10 import dataset_offset
from radnode.instance.values import MAX_VALUE, SPECIFIC_CHARACTER_SET, texts_of
from radnode.instance.walk import FRAGMENT, ITEM, PIXEL_DATA, Element, walk, walk_items
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

_FLOAT_PIXEL_DATA, _DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00008, 0x7FE00009
_PIXELS = frozenset({PIXEL_DATA, _FLOAT_PIXEL_DATA, _DOUBLE_FLOAT_PIXEL_DATA})
_PIXEL_MEASURES = 0x00289110
_SHARED_GROUPS, _PER_FRAME_GROUPS = 0x52009229, 0x52009230

Raw = dict[int, tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Content:
    """Texts by tag: those of the data set itself, and those of its pixel measures (PS3.3 C.7.6.16.2.1)."""

    texts: Mapping[int, str]
    pixel_measures: Mapping[int, str]
    has_pixel_data: bool


@contextmanager
def opened(path: Path) -> Iterator[tuple[Buffer, UID]]:
    """The data set of a Part 10 file as a map of it (inflated where deflated), and the encoding of that.

    Raises NotDicom if the file is none, OSError if it cannot be read.
    """
    with path.open("rb") as file:
        try:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            raise NotDicom("File has no DICOM preamble and prefix") from None
        with whole, memoryview(whole) as view:
            transfer_syntax, offset = dataset_offset(view)
            with view[offset:] as dataset:
                if transfer_syntax not in DEFLATED:
                    yield dataset, transfer_syntax
                    return
                with inflated(dataset) as plain:
                    yield plain, EXPLICIT_VR_LITTLE_ENDIAN


def read_content(dataset: Buffer, encoding: UID, vrs: Mapping[int, str]) -> Content:
    """The texts of the attributes in `vrs` (tag to VR); Truncated or NotDicom where the data set is not whole."""
    reading = _Reading(dataset, vrs)
    for element in walk(dataset, encoding):
        reading.take(element)
    big_endian = encoding == EXPLICIT_VR_BIG_ENDIAN
    measures: Raw = {}
    for groups in (_SHARED_GROUPS, _PER_FRAME_GROUPS):
        if not measures and groups in reading.groups:
            measures = _pixel_measures(dataset, encoding, reading.groups[groups], vrs)
    return Content(
        texts_of(reading.raw, vrs, big_endian=big_endian),
        texts_of(measures, vrs, big_endian=big_endian),
        reading.has_pixel_data,
    )


class _Reading:
    """What has been met so far of one data set."""

    def __init__(self, dataset: Buffer, vrs: Mapping[int, str]) -> None:
        self.dataset = dataset
        self.wanted = frozenset({*vrs, SPECIFIC_CHARACTER_SET})
        self.raw: Raw = {}
        self.groups: dict[int, Element] = {}
        self.has_pixel_data = False
        self.fragments = -1  # of the pixel data that is being walked; -1: of none

    def take(self, element: Element) -> None:
        if element.depth:
            self.take_fragment(element)
            return
        self.fragments = 0 if element.tag in _PIXELS else -1
        if element.tag in self.wanted and element.length != UNDEFINED:
            self.raw[element.tag] = element.vr, value_of(self.dataset, element)
        elif element.tag in (_SHARED_GROUPS, _PER_FRAME_GROUPS):
            self.groups[element.tag] = element
        elif element.tag in _PIXELS:
            self.has_pixel_data |= 0 < element.length < UNDEFINED

    def take_fragment(self, element: Element) -> None:
        """The first fragment is the offset table (PS3.5 A.4): pixel data is what follows it."""
        if self.fragments >= 0 and element.vr == FRAGMENT:
            self.fragments += 1
            self.has_pixel_data |= self.fragments > 1 and element.length > 0


def value_of(dataset: Buffer, element: Element) -> bytes:
    """The encoded value, cut at MAX_VALUE bytes."""
    return bytes(dataset[element.offset : element.offset + min(element.length, MAX_VALUE)])


def _pixel_measures(dataset: Buffer, encoding: UID, groups: Element, vrs: Mapping[int, str]) -> Raw:
    """The raw values of the Pixel Measures in the first item of a functional groups sequence."""
    raw: Raw = {}
    items, measuring = 0, False
    for element in walk_items(dataset, encoding, groups):
        if element.depth == 1 and element.tag == ITEM:
            items += 1
        if items > 1 or (measuring and element.depth == 2):
            break
        if element.depth == 2:
            measuring = element.tag == _PIXEL_MEASURES
        elif measuring and element.depth == 4 and element.tag in vrs and element.length != UNDEFINED:
            raw.setdefault(element.tag, (element.vr, value_of(dataset, element)))
    return raw
