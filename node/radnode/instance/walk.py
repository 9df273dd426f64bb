"""Walking an encoded data set from element to element, without copying values and without recursion (PS3.5 7)."""

import struct
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import NamedTuple

from pydicom._dicom_dict import DicomDictionary

from radnode.instance.encodings import UNDEFINED, Buffer, HeaderReader, header_reader, read_implicit
from radnode.model.errors import NotDicom, Truncated
from radnode.model.uid import UID

MAX_ELEMENTS = 4_000_000  # walked in one data set, items and fragments too; the largest enhanced objects have a tenth
MAX_DEPTH = 128  # sequences and items around an element: 64 nested sequences
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
FRAGMENT = "OB"  # the VR by which a fragment of encapsulated pixel data is told from a sequence's item
_FRAGMENTED_VRS = frozenset({"OB", "OW", "OD", "OF", "OL", "OV"})  # of undefined length: encapsulated (A.4)
_CHUNK = 1 << 20


class Element(NamedTuple):
    """One element (or item, tag FFFE,E000) and where its value lies.

    `vr` is "" where it is not written (of a fragment: "OB"), `length` may be UNDEFINED, `depth` counts the sequences
    and items around it.
    """

    tag: int
    vr: str
    offset: int
    length: int
    depth: int


class _Holds(Enum):
    ELEMENTS = "elements"
    ITEMS = "items"
    FRAGMENTS = "fragments"


class _Inside(NamedTuple):
    """What is being walked, where it must have ended, and the delimiter that ends it (0: its length does)."""

    holds: _Holds
    read: HeaderReader
    end: int
    delimiter: int = 0


def walk(dataset: Buffer, transfer_syntax: UID, *, position: int = 0, deep: bool = False) -> Iterator[Element]:
    """The elements of a data set (inflated already) from `position` on, those in sequences of undefined length too.

    Sequences and items of defined length are stepped over by their length, unless `deep`: then they are entered where
    they are known to be sequences. Raises Truncated when a length runs past the end or a delimiter is missing,
    NotDicom for nonsense, beyond 64 nested sequences, and beyond MAX_ELEMENTS elements.
    """
    start = _Inside(_Holds.ELEMENTS, header_reader(transfer_syntax, dataset), len(dataset))
    return _Walk(dataset, start, deep).elements(position)


def walk_items(dataset: Buffer, transfer_syntax: UID, sequence: Element) -> Iterator[Element]:
    """The items of a top-level sequence of that data set (depth 1), their elements (2), and so on; errors as walk."""
    read = read_implicit if sequence.vr == "UN" else header_reader(transfer_syntax, dataset)
    return walk_within(dataset, read, sequence.offset, sequence.length)


def walk_within(
    buffer: Buffer, read: HeaderReader, offset: int, length: int, *, deep: bool = True
) -> Iterator[Element]:
    """As walk_items: the items of the sequence whose value lies there in `buffer`, with headers that `read` reads.

    Unless `deep`, what has a length is stepped over, as `walk` does.
    """
    walk = _Walk(buffer, _Inside(_Holds.ELEMENTS, read, end=0), deep=deep)
    walk.enter(_Holds.ITEMS, read, offset, length, len(buffer))
    return walk.elements(offset)


@cache
def _sequences() -> frozenset[int]:
    return frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")


def is_sequence(tag: int, vr: str) -> bool:
    """Whether the element is known to be a sequence, by its VR or, where none is written, by the dictionary (PS3.6)."""
    return vr == "SQ" or (not vr and tag in _sequences())


_make = tuple.__new__  # a third of the time that calling a NamedTuple takes


def _truncated(position: int) -> Truncated:
    return Truncated(f"the data set ends within the element at byte {position}")


class _Walk:
    """The state of one walk: what is being walked, and what encloses that."""

    def __init__(self, dataset: Buffer, inside: _Inside, deep: bool) -> None:
        self.dataset = dataset
        self.inside = inside
        self.deep = deep
        self.outer: list[_Inside] = []

    def elements(self, position: int) -> Iterator[Element]:
        """Walk on from `position`; this loop is the hot path of everything that is received."""
        dataset, read, end, plain, depth = self.dataset, self.inside.read, self.inside.end, self.plain, len(self.outer)
        roomy, first, last, unsaid = plain
        for _ in range(MAX_ELEMENTS):
            if position < roomy:
                tag, vr, offset, length = read(dataset, position)
                following = offset + length
                if first <= tag <= last and length != UNDEFINED and following <= end:
                    position = following
                    yield _make(Element, (tag, vr or unsaid, offset, length, depth))
                    continue
            if position >= end and self.has_ended(position):
                return
            position, element = self.look_closely(position)
            if element is not None:
                yield element
            read, end, depth = self.inside.read, self.inside.end, len(self.outer)
            roomy, first, last, unsaid = self.plain
        raise NotDicom(f"the data set has more than {MAX_ELEMENTS} elements")

    @property
    def plain(self) -> tuple[int, int, int, str]:
        """What needs no closer look: before which position (so the longest header fits), from which tag to which.

        The last is the VR of those that have none written.
        """
        roomy = self.inside.end - 11
        if self.inside.holds is _Holds.FRAGMENTS:
            return roomy, ITEM, ITEM, FRAGMENT
        return (0 if self.deep or self.inside.holds is _Holds.ITEMS else roomy), 1, ITEM - 1, ""

    def look_closely(self, position: int) -> tuple[int, Element | None]:
        """The position after the header at `position`, and its element, unless it only ends something."""
        inside, depth = self.inside, len(self.outer)
        if position >= inside.end:
            return position, None
        try:
            tag, vr, offset, length = inside.read(self.dataset, position)
        except struct.error:
            tag, vr, offset, length = 0, "", position, UNDEFINED  # no whole header is left
        if not tag and self.is_padding(position):
            return inside.end, None
        position = self.step(inside, tag, vr, offset, length)
        if tag > ITEM:
            return position, None
        return position, Element(tag, FRAGMENT if inside.holds is _Holds.FRAGMENTS else vr, offset, length, depth)

    def has_ended(self, position: int) -> bool:
        """Leave what ends here by its length; true when the whole walk ends. Delimiters that are due are missed."""
        inside = self.inside
        if inside.delimiter or (self.outer and position > inside.end):
            raise _truncated(position)
        if self.outer:
            self.inside = self.outer.pop()
            return False
        return True

    def is_padding(self, position: int) -> bool:
        """Whether nothing but zero bytes follows, with which some devices fill up a file; else a header must fit."""
        size = len(self.dataset)
        if not self.outer and not any(self.has_content(at) for at in range(position, size, _CHUNK)):
            return True
        if size - position < 12:
            raise _truncated(position)
        if not self.outer:
            raise NotDicom(f"(0000,0000) is out of place at byte {position}")
        return False

    def has_content(self, position: int) -> bool:
        """Whether anything but zeros is in the chunk at `position`."""
        return bool(bytes(self.dataset[position : position + _CHUNK]).strip(b"\0"))

    def step(self, inside: _Inside, tag: int, vr: str, offset: int, length: int) -> int:
        """The position after a header that begins or ends something, or that must be looked at closely."""
        if inside.delimiter and tag == inside.delimiter:
            self.inside = self.outer.pop()
            return offset
        if tag == ITEM and inside.holds is not _Holds.ELEMENTS:
            return self.step_item(inside, offset, length)
        if tag >= ITEM or inside.holds is not _Holds.ELEMENTS:
            return self.step_stray(inside, tag, offset, length)
        if length == UNDEFINED:
            return self.step_undefined(inside, tag, vr, offset)
        if self.deep and is_sequence(tag, vr):
            return self.enter(_Holds.ITEMS, inside.read, offset, length, inside.end)
        return self.step_over(inside, offset, length)

    def step_over(self, inside: _Inside, offset: int, length: int) -> int:
        if offset + length > inside.end:
            raise _truncated(offset)
        return offset + length

    def step_item(self, inside: _Inside, offset: int, length: int) -> int:
        if inside.holds is _Holds.ITEMS and (self.deep or length == UNDEFINED):
            return self.enter(_Holds.ELEMENTS, inside.read, offset, length, inside.end)
        if length == UNDEFINED:
            raise NotDicom(f"a fragment of pixel data at byte {offset} has no length")
        return self.step_over(inside, offset, length)

    def step_stray(self, inside: _Inside, tag: int, offset: int, length: int) -> int:
        """A delimiter too many is stepped over, as DCMTK does; everything else out of place is nonsense."""
        if tag in (ITEM_END, SEQUENCE_END) and not inside.delimiter and inside.holds is _Holds.ELEMENTS and not length:
            return offset
        raise NotDicom(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is out of place at byte {offset}")

    def step_undefined(self, inside: _Inside, tag: int, vr: str, offset: int) -> int:
        """Undefined length: encapsulated pixel data (A.4), a sequence (7.5), or UN, implicit within (6.2.2)."""
        if vr in _FRAGMENTED_VRS or tag == PIXEL_DATA:
            return self.enter(_Holds.FRAGMENTS, inside.read, offset, UNDEFINED, inside.end)
        read = read_implicit if vr == "UN" else inside.read
        return self.enter(_Holds.ITEMS, read, offset, UNDEFINED, inside.end)

    def enter(self, holds: _Holds, read: HeaderReader, offset: int, length: int, limit: int) -> int:
        """Go into what begins at `offset`, which may not run past `limit`; its offset is the next position."""
        if len(self.outer) >= MAX_DEPTH:
            raise NotDicom(f"sequences are nested deeper than {MAX_DEPTH // 2}")
        delimiter, end = 0, offset + length
        if length == UNDEFINED:
            delimiter, end = (ITEM_END if holds is _Holds.ELEMENTS else SEQUENCE_END), limit
        if end > limit:
            raise _truncated(offset)
        self.outer.append(self.inside)
        self.inside = _Inside(holds, read, end, delimiter)
        return offset
