"""Whether two stored objects are the same, element by element, though encoded differently (PS3.5 7, 10)."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from radnode.instance.content import opened
from radnode.instance.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    WORDS,
    Buffer,
)
from radnode.instance.values import TEXT_VRS
from radnode.instance.walk import FRAGMENT, ITEM, Element, is_sequence, walk
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID

_UNCOMPRESSED = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN})
_TRAILING_PADDING = 0xFFFCFFFC
_UNSAID = frozenset({"", "UN"})
_PADDING = b"\0 "
_CHUNK = 1 << 20  # bytes, a multiple of every word
_MAX_TEXT = 1 << 16  # bytes; longer text is compared with its padding


def same_elements(one: Path, other: Path) -> bool:
    """Whether both Part 10 files hold equal elements in equal order, whatever their uncompressed encodings.

    Lengths defined or not, VRs written or not, byte order, deflation, group lengths, trailing padding and the padding
    of text make no difference. Compressed pixel data must be equal byte for byte. Anything doubtful is False: broken
    files, differing VRs, private sequences that only one of the two shows as such.
    """
    try:
        with opened(one) as first, opened(other) as second:
            return _same(_Encoded(*first), _Encoded(*second))
    except (RadnodeError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class _Encoded:
    """An encoded data set (inflated already)."""

    dataset: Buffer
    encoding: UID

    def elements(self) -> Iterator[Element]:
        """All elements, sequences entered; group lengths and trailing padding say nothing of the object."""
        for element in walk(self.dataset, self.encoding, deep=True):
            if element.tag & 0xFFFF and element.tag != _TRAILING_PADDING:
                yield element

    def word(self, element: Element) -> str | None:
        """The words to turn round to make its value little-endian; None where there is nothing to turn."""
        return WORDS.get(element.vr) if self.encoding == EXPLICIT_VR_BIG_ENDIAN else None

    def chunk(self, element: Element, start: int, word: str | None) -> bytes:
        """A piece of the value, little-endian."""
        end = min(start + _CHUNK, element.length)
        piece = bytes(self.dataset[element.offset + start : element.offset + end])
        if word is None:
            return piece
        words = array(word, piece)
        words.byteswap()
        return words.tobytes()


def _same(one: _Encoded, other: _Encoded) -> bool:
    if one.encoding != other.encoding and not {one.encoding, other.encoding} <= _UNCOMPRESSED:
        return False
    return all(
        first is not None and second is not None and _same_element(one, first, other, second)
        for first, second in zip_longest(one.elements(), other.elements())
    )


def _same_element(one: _Encoded, first: Element, other: _Encoded, second: Element) -> bool:
    if (first.tag, first.depth) != (second.tag, second.depth):
        return False
    if _holds_others(first) or _holds_others(second):
        return _holds_others(first) and _holds_others(second)
    if first.vr != second.vr and {first.vr, second.vr}.isdisjoint(_UNSAID):
        return False
    return _same_value(one, first, other, second)


def _holds_others(element: Element) -> bool:
    """Whether what it holds follows as elements of its own."""
    is_item = element.tag == ITEM and element.vr != FRAGMENT
    return is_item or element.length == UNDEFINED or is_sequence(element.tag, element.vr)


def _same_value(one: _Encoded, first: Element, other: _Encoded, second: Element) -> bool:
    words = one.word(first), other.word(second)
    if not {first.vr, second.vr}.isdisjoint(TEXT_VRS) and max(first.length, second.length) <= _MAX_TEXT:
        return one.chunk(first, 0, None).rstrip(_PADDING) == other.chunk(second, 0, None).rstrip(_PADDING)
    if first.length != second.length or any(first.length % array(word).itemsize for word in words if word):
        return False
    return all(
        one.chunk(first, start, words[0]) == other.chunk(second, start, words[1])
        for start in range(0, first.length, _CHUNK)
    )
