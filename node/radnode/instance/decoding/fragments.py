"""The frames of encapsulated pixel data (PS3.5 A.4): where the fragments of each lie, without reading others."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.encodings import UNDEFINED, Buffer
from radnode.instance.walk import ITEM, MAX_ELEMENTS, Element

_HEADER = Struct("<HHL")
_CODESTREAM = re.compile(rb"\xff\xd8\xff|\xff\x4f\xff\x51|\0{3}\x0cjP  ")  # how one of the JPEG family begins
_RUN_LENGTHS = re.compile(
    rb"[\x01-\x0f]\0{3}\x40\0{3}"
)  # how a frame of them begins: segments, place of the first (G.5)
_LONGEST_START = 8
_SEAM = re.compile(rb"\xff\xd9\0?(?=\xff(?:\xd8\xff|\x4f\xff\x51))")  # one codestream ends, another begins
_END_WITHIN = 4  # bytes at the end of a fragment among which the codestream's end is looked for: it may be padded

_NONE: NDArray[Any] = np.empty(0, np.uint64)

Span = tuple[int, int]
"""Offset and length of bytes in the data set."""


@dataclass(frozen=True, slots=True)
class ExtendedOffsets:
    """The Extended Offset Table and its lengths, each a 64-bit number a frame (PS3.3 C.7.6.3.1.8, C.7.6.3.1.9)."""

    offsets: Element
    lengths: Element


class Fragments:
    """The frames of one encapsulated pixel data element, numbered from 1.

    An offset table is believed where it leads to fragments; otherwise the fragments are counted by their headers, and
    put together by where codestreams begin and end.
    """

    def __init__(
        self,
        dataset: Buffer,
        pixels: Element,
        frames: int,
        extended: ExtendedOffsets | None = None,
        native_bytes: int | None = None,
    ) -> None:
        """`native_bytes` is the size of a frame where what is in the fragments is not compressed."""
        self._dataset = dataset
        self._frames = frames
        self._extended = extended
        self._native_bytes = native_bytes
        table = self._fragment(pixels.offset)
        self._table = table or (pixels.offset, 0)
        self._begin = sum(self._table) if table else len(dataset)

    def frame(self, number: int) -> bytes:
        """The bytes of a frame with the padding of its last fragment; none where there is no such frame.

        Raises LookupError where nothing tells which fragments are its own.
        """
        spans = self._by_table(number) or self._by_count(number)
        return b"".join([bytes(self._dataset[offset : offset + length]) for offset, length in spans])

    def _fragment(self, position: int) -> Span | None:
        """The value of the whole fragment whose header stands at `position`; None where there is none."""
        if not 0 <= position <= len(self._dataset) - _HEADER.size:
            return None
        group, element, length = _HEADER.unpack_from(self._dataset, position)
        offset = position + _HEADER.size
        is_whole = length != UNDEFINED and offset + length <= len(self._dataset)
        return (offset, length) if group << 16 | element == ITEM and is_whole else None

    def _by_table(self, number: int) -> list[Span]:
        """The fragments to which an offset table leads; none where it leads elsewhere."""
        return self._by_extended(number) or self._by_basic(number)

    def _by_extended(self, number: int) -> list[Span]:
        offsets, lengths = self._extended_numbers
        if len(offsets) < number or len(lengths) < number:
            return []
        offset, length = int(offsets[number - 1]), int(lengths[number - 1])
        fragment = self._fragment(self._begin + offset)
        is_next = len(offsets) <= number or (fragment and sum(fragment) == self._begin + int(offsets[number]))
        return [(fragment[0], length)] if fragment and is_next and 0 < length <= fragment[1] else []

    def _by_basic(self, number: int) -> list[Span]:
        offsets = self._basic_numbers
        if len(offsets) < number:
            return []
        end = self._begin + int(offsets[number]) if len(offsets) > number else None
        spans, position = self._until(self._begin + int(offsets[number - 1]), end)
        is_one = not any(self._begins(span) for span in spans[1:])
        return spans if is_one and (end is None or position == end) else []

    @cached_property
    def _extended_numbers(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Offsets and lengths, none where they are not believed."""
        if self._extended is None:
            return _NONE, _NONE
        offsets = self._numbers(self._extended.offsets, "<u8")
        return (offsets, self._numbers(self._extended.lengths, "<u8")) if self._is_believed(offsets) else (_NONE, _NONE)

    @cached_property
    def _basic_numbers(self) -> NDArray[Any]:
        """Offsets, none where they are not believed."""
        offsets = self._numbers(self._table, "<u4")
        return offsets if self._is_believed(offsets) else _NONE

    def _numbers(self, table: Element | Span, kind: str) -> NDArray[Any]:
        """The numbers of an offset table, at most one more than there are frames."""
        offset, length = (table.offset, table.length) if isinstance(table, Element) else table
        dtype = np.dtype(kind)
        count = min(length // dtype.itemsize, self._frames + 1)
        return np.frombuffer(bytes(self._dataset[offset : offset + count * dtype.itemsize]), dtype)

    def _is_believed(self, offsets: NDArray[Any]) -> bool:
        """Whether each frame has one, they go up from the first fragment, and the last is that of a fragment.

        Where one is wrong, none is believed: to show another frame is worse than to show none.
        """
        own = offsets[: self._frames]
        if len(own) < self._frames or own[0] or not (own[1:] > own[:-1]).all():
            return False
        return self._fragment(self._begin + int(own[-1])) is not None

    def _until(self, position: int, end: int | None) -> tuple[list[Span], int]:
        """The fragments from `position` to `end`, or to the last, and where they end."""
        spans: list[Span] = []
        while (end is None or position < end) and (fragment := self._fragment(position)):
            if len(spans) == MAX_ELEMENTS:
                raise LookupError("too many fragments")
            spans.append(fragment)
            position = sum(fragment)
        return spans, position

    def _by_count(self, number: int) -> list[Span]:
        spans = self._spans
        if self._native_bytes is not None and len(spans) == 1 < self._frames:
            offset, length = spans[0]
            begin = self._native_bytes * (number - 1)
            return [(offset + begin, self._native_bytes)] if begin + self._native_bytes <= length else []
        return [] if number > len(self._bounds) else spans[slice(*self._bounds[number - 1])]

    @cached_property
    def _spans(self) -> list[Span]:
        """All fragments, or the codestreams where all of them are in one fragment."""
        spans, _ = self._until(self._begin, None)
        if len(spans) != 1 or self._frames == 1 or self._native_bytes is not None:
            return spans
        offset, length = spans[0]
        with memoryview(self._dataset) as whole, whole[offset : offset + length] as fragment:
            found = islice(_SEAM.finditer(fragment), min(self._frames, MAX_ELEMENTS) - 1)
            seams = [0, *(seam.end() for seam in found), length]
        return [(offset + begin, end - begin) for begin, end in pairwise(seams)]

    @cached_property
    def _bounds(self) -> list[tuple[int, int]]:
        """From which fragment to which each frame goes."""
        spans, frames = self._spans, self._frames
        if frames == 1:
            return [(0, len(spans))]
        if len(spans) <= frames and not any(self._goes_on(*pair) for pair in pairwise(spans)):
            return [(place, place + 1) for place in range(len(spans))]
        begins = [place for place, span in enumerate(spans) if self._begins(span)]
        ends = [place + 1 for place, span in enumerate(spans) if self._ends(span)]
        for bounds in ([*begins, len(spans)], [0, *ends]):
            if len(bounds) == frames + 1 and bounds[0] == 0:
                return list(pairwise(bounds))
        raise LookupError("the fragments of a frame cannot be told from the others")

    def _goes_on(self, span: Span, following: Span) -> bool:
        """Whether a codestream begins in one fragment and has not ended there, nor another begun, with the next."""
        is_cut = _CODESTREAM.match(self._start(span)) and not self._ends(span)
        return bool(is_cut) and not self._begins(following)

    def _begins(self, span: Span) -> bool:
        start = self._start(span)
        return bool(_CODESTREAM.match(start) or _RUN_LENGTHS.match(start))

    def _start(self, span: Span) -> bytes:
        return bytes(self._dataset[span[0] : span[0] + min(_LONGEST_START, span[1])])

    def _ends(self, span: Span) -> bool:
        end = sum(span)
        return b"\xff\xd9" in bytes(self._dataset[max(span[0], end - _END_WITHIN) : end])
