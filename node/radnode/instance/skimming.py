"""The plain elements at the beginning of a data set, in most objects all of them, read in a fraction of a walk's time.

How an element's header is laid out follows from its first bytes, tag and VR, and is found out once for each of them.
"""

from collections.abc import Callable, Collection
from struct import Struct

from radnode.instance.encodings import (
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED,
    Buffer,
    HeaderReader,
    read_explicit_big,
    read_implicit,
)
from radnode.instance.walk import ITEM

SKIMMED = 1 << 16
"""Bytes that are skimmed: what is indexed stands before the pixel data."""
_LONGEST = 12  # bytes of an element's header
_KEPT = 4096

# (tag if it is wanted, else 0; VR; reads the length; where that stands in the header; size of the header)
_Layout = tuple[int, str, Callable[[bytes, int], tuple[int]], int, int]


class Skimmer:
    """Collects wanted elements from data sets whose element headers are written in one way; for several threads."""

    def __init__(self, wanted: Collection[int], read: HeaderReader) -> None:
        """`wanted` are tags; `read` is how the headers are written (`encodings.header_reader`)."""
        order = ">" if read is read_explicit_big else "<"
        self._wanted = wanted
        self._is_explicit = read is not read_implicit
        self._halves = Struct(f"{order}HH").unpack_from
        self._short, self._long = Struct(f"{order}H").unpack_from, Struct(f"{order}L").unpack_from
        self._key = 6 if self._is_explicit else 4  # bytes of tag and, where it is written, VR
        self._layouts: dict[bytes, _Layout] = {}

    def skim(self, dataset: Buffer, raw: dict[int, tuple[str, bytes]], start: int = 0) -> int:
        """Add to `raw` VR and value by tag; where the first element begins that needs a closer look, or the end.

        `start` is where an element begins, or the end.
        """
        layouts, key, head, end = self._layouts, self._key, bytes(dataset[start:SKIMMED]), len(dataset) - start
        position, roomy = 0, len(head) - _LONGEST
        while position <= roomy:
            first = head[position : position + key]
            layout = layouts.get(first) or self._learn(first)
            if layout is None:
                break
            tag, vr, length_at, at, size = layout
            (length,) = length_at(head, position + at)
            following = position + size + length
            if following > end or length == UNDEFINED:
                break
            if tag:
                if following > len(head):
                    break
                raw[tag] = vr, head[position + size : following]
            position = following
        return start + position

    def _learn(self, first: bytes) -> _Layout | None:
        """How an element with this tag and VR is laid out (PS3.5 7.1); None for what is not plain, or not known."""
        group, element = self._halves(first)
        tag, written = group << 16 | element, first[4:]
        wanted = tag if tag in self._wanted else 0
        layout: _Layout
        if not 0 < tag < ITEM:
            return None
        if not self._is_explicit:
            layout = wanted, "", self._long, 4, 8
        elif written in SHORT_VRS:
            layout = wanted, SHORT_VRS[written], self._short, 6, 8
        elif written in LONG_VRS:
            layout = wanted, LONG_VRS[written], self._long, 8, 12
        else:
            return None
        if len(self._layouts) >= _KEPT:
            self._layouts.clear()
        self._layouts[first] = layout
        return layout
