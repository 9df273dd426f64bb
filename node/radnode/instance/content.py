"""What a stored file says on the attributes that are asked for, by one walk; pixel data is never loaded."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
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
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET, texts_of
from radnode.instance.walk import FRAGMENT, ITEM, PIXEL_DATA, Element, walk, walk_items
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

_FLOAT_PIXEL_DATA, _DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00008, 0x7FE00009
_PIXELS = frozenset({PIXEL_DATA, _FLOAT_PIXEL_DATA, _DOUBLE_FLOAT_PIXEL_DATA})
_MACROS = {  # functional groups, and which of their attributes count
    0x00289110: frozenset({0x00280030, 0x00180050}),  # Pixel Measures (C.7.6.16.2.1): spacing, thickness
    0x00189321: frozenset({0x00189345}),  # CT Exposure (C.8.15.3.8): CTDIvol
}

Raw = dict[int, tuple[str, bytes]]


class Place(Enum):
    """Where in an object a value stands; the values are what the outside is told (PS3.3 C.7.6.16)."""

    DATA_SET = "data set"
    SHARED = "SharedFunctionalGroupsSequence"
    FIRST_FRAME = "PerFrameFunctionalGroupsSequence, first item"


_GROUPS = {0x52009229: Place.SHARED, 0x52009230: Place.FIRST_FRAME}


@dataclass(frozen=True, slots=True)
class Content:
    """Texts by place and tag."""

    texts: Mapping[Place, Mapping[int, str]]
    has_pixel_data: bool

    def find(self, tag: int) -> tuple[str | None, Place]:
        """The first text that is not empty and where it stands; else the data set's own, None where it has none."""
        for place in Place:
            text = self.texts[place].get(tag, "").strip(PADDING)
            if text:
                return text, place
        own = self.texts[Place.DATA_SET].get(tag)
        return own and "", Place.DATA_SET


@contextmanager
def opened(path: Path) -> Iterator[tuple[Buffer, UID]]:
    """The data set of a Part 10 file as a map of it (inflated where deflated), and the encoding of that.

    Raises NotDicom if the file is none, OSError if it cannot be read.
    """
    with opened_as_stored(path) as (dataset, encoding, _):
        yield dataset, encoding


@contextmanager
def opened_as_stored(path: Path) -> Iterator[tuple[Buffer, UID, UID]]:
    """As `opened`, and the transfer syntax that the file itself is in."""
    with path.open("rb") as file:
        try:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            raise NotDicom("File has no DICOM preamble and prefix") from None
        with whole, memoryview(whole) as view:
            transfer_syntax, offset = dataset_offset(view)
            with view[offset:] as dataset:
                if transfer_syntax not in DEFLATED:
                    yield dataset, transfer_syntax, transfer_syntax
                    return
                with inflated(dataset) as plain:
                    yield plain, EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax


def read_content(dataset: Buffer, encoding: UID, vrs: Mapping[int, str]) -> Content:
    """The texts of the attributes in `vrs` (tag to VR); Truncated or NotDicom where the data set is not whole."""
    reading = _Reading(dataset, vrs)
    for element in walk(dataset, encoding):
        reading.take(element)
    raw: dict[Place, Raw] = {Place.DATA_SET: reading.raw, Place.SHARED: {}, Place.FIRST_FRAME: {}}
    for place, groups in reading.groups.items():
        raw[place] = _first_groups(dataset, encoding, groups)
    big_endian = encoding == EXPLICIT_VR_BIG_ENDIAN
    texts = {place: texts_of(values, vrs, big_endian=big_endian) for place, values in raw.items()}
    return Content(texts, reading.has_pixel_data)


class _Reading:
    """What has been met so far of one data set."""

    def __init__(self, dataset: Buffer, vrs: Mapping[int, str]) -> None:
        self.dataset = dataset
        self.wanted = frozenset({*vrs, SPECIFIC_CHARACTER_SET})
        self.raw: Raw = {}
        self.groups: dict[Place, Element] = {}
        self.has_pixel_data = False
        self.fragments = -1  # of the pixel data that is being walked; -1: of none

    def take(self, element: Element) -> None:
        if element.depth:
            self.take_fragment(element)
            return
        self.fragments = 0 if element.tag in _PIXELS else -1
        if element.tag in self.wanted and element.length != UNDEFINED:
            self.raw[element.tag] = element.vr, value_of(self.dataset, element)
        elif element.tag in _GROUPS:
            self.groups[_GROUPS[element.tag]] = element
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


def _first_groups(dataset: Buffer, encoding: UID, groups: Element) -> Raw:
    """The raw values in the first item of a functional groups sequence; what is damaged within ends it."""
    raw: Raw = {}
    items, counting = 0, frozenset[int]()
    with suppress(NotDicom):
        for element in walk_items(dataset, encoding, groups):
            if element.depth == 1 and element.tag == ITEM:
                items += 1
            if items > 1:
                break
            if element.depth == 2:
                counting = _MACROS.get(element.tag, frozenset())
            elif element.depth == 4 and element.tag in counting and element.length != UNDEFINED:
                raw.setdefault(element.tag, (element.vr, value_of(dataset, element)))
    return raw
