"""A small data set with all that is in its sequences, as text: identifiers, worklist entries, procedure steps.

What is large or binary (pixel data, OB, UN...) is left out by its value, not by its place. Limits come before memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword

from radnode.instance.charset import codecs_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.values import MAX_VALUE, NUMBER_VRS, SPECIFIC_CHARACTER_SET, TEXT_VRS, text_of
from radnode.instance.walk import ITEM, Element, is_sequence, walk, walk_items
from radnode.model.document import Document
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

MAX_ELEMENTS = 200_000
"""Elements and items: a procedure step that names 60,000 images."""
MAX_NESTING = 16
"""Sequences in sequences."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: elements and items, sequences in sequences, bytes of a text and of binary numbers.

    More elements or sequences are refused, longer values are cut.
    """

    elements: int = MAX_ELEMENTS
    nesting: int = MAX_NESTING
    text: int = MAX_VALUE
    numbers: int = MAX_VALUE


_MESSAGES = Limits()


class Value(NamedTuple):
    """What stands under a tag: text, several values joined by backslashes, or items."""

    vr: str
    text: str = ""
    items: "Sequence[DataSet]" = ()


DataSet = Mapping[int, Value]
"""By tag; group lengths are not in it."""


class _Open(NamedTuple):
    """An item, or the whole, that is being read."""

    values: dict[int, Value]
    codecs: tuple[str, ...]


def read_nested(data: Buffer, transfer_syntax: UID, limits: Limits = _MESSAGES) -> DataSet:
    """The data set in `data`, which is inflated already. Raises NotDicom, Truncated."""
    return _Reader(data, transfer_syntax, limits).read(_elements(data, transfer_syntax, limits.elements))


def read_selected(data: Buffer, transfer_syntax: UID, wanted: Iterable[int], limits: Limits = _MESSAGES) -> DataSet:
    """The same of the wanted attributes of the data set alone, with all that is in them. Raises NotDicom, Truncated."""
    tags = frozenset({*wanted, SPECIFIC_CHARACTER_SET})
    return _Reader(data, transfer_syntax, limits).read(_selected(data, transfer_syntax, tags))


def _elements(data: Buffer, transfer_syntax: UID, most: int) -> Iterable[Element]:
    """All elements, those in sequences too; a flat walk is far quicker, and enough where there are none."""
    flat = []
    for element in islice(walk(data, transfer_syntax), most + 1):
        if is_sequence(element.tag, element.vr) or element.length == UNDEFINED:
            return walk(data, transfer_syntax, deep=True)
        flat.append(element)
    return flat


def _selected(data: Buffer, transfer_syntax: UID, wanted: frozenset[int]) -> Iterator[Element]:
    for element in walk(data, transfer_syntax):
        if element.depth or element.tag not in wanted:
            continue
        yield element
        if is_sequence(element.tag, element.vr) or element.length == UNDEFINED:
            yield from walk_items(data, transfer_syntax, element)


class _Reader:
    """The state of reading: the data set and the items around what is read, outermost first."""

    def __init__(self, data: Buffer, transfer_syntax: UID, limits: Limits) -> None:
        self._data = data
        self._big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
        self._limits = limits
        self._path: list[_Open] = [_Open({}, codecs_of(b""))]
        self._sequences: list[list[DataSet]] = []

    def read(self, elements: Iterable[Element]) -> DataSet:
        most = self._limits
        for count, element in enumerate(elements):
            if count >= most.elements:
                raise NotDicom(f"the data set has more than {most.elements} elements")
            level = element.depth // 2
            if level > most.nesting:
                raise NotDicom(f"sequences are nested deeper than {most.nesting}")
            if element.tag == ITEM:
                self._begin_item(level)
            else:
                self._take(element, level)
        return self._path[0].values

    def _begin_item(self, level: int) -> None:
        values: dict[int, Value] = {}
        self._sequences[level].append(values)
        self._path[level + 1 :] = [_Open(values, self._path[level].codecs)]

    def _take(self, element: Element, level: int) -> None:
        tag, inside = element.tag, self._path[level]
        if is_sequence(tag, element.vr) or element.length == UNDEFINED:
            items: list[DataSet] = []
            self._sequences[level:] = [items]
            inside.values[tag] = Value("SQ", "", items)
        elif tag & 0xFFFF:  # group lengths tell nothing
            inside.values[tag] = self._value(element, inside, level)

    def _value(self, element: Element, inside: _Open, level: int) -> Value:
        tag = element.tag
        vr = vr_of(tag) or element.vr or "UN"
        if vr not in TEXT_VRS and vr not in NUMBER_VRS:
            return Value(vr)
        longest = self._limits.text if vr in TEXT_VRS else self._limits.numbers
        raw = bytes(self._data[element.offset : element.offset + min(element.length, longest)])
        if tag == SPECIFIC_CHARACTER_SET:
            self._path[level] = inside._replace(codecs=codecs_of(raw.strip(b"\0 ")))
        return Value(vr, text_of(raw, vr, element.vr, inside.codecs, big_endian=self._big_endian))


def document_of(data_set: DataSet) -> Document:
    """The attributes by keyword; private and unknown ones, and what is no text, are left out."""
    document: dict[str, str | list[Document]] = {}
    for tag, value in data_set.items():
        keyword = keyword_of(tag)
        if not keyword or tag == SPECIFIC_CHARACTER_SET:
            continue
        if value.vr == "SQ":
            document[keyword] = [document_of(item) for item in value.items]
        elif value.vr in TEXT_VRS or value.vr in NUMBER_VRS:
            document[keyword] = value.text
    return document


def data_set_of(document: Document) -> DataSet:
    """The data set that a document says; keywords that PS3.6 does not know are left out."""
    values: dict[int, Value] = {}
    for keyword, value in document.items():
        tag = tag_of(keyword)
        if tag is None:
            continue
        if isinstance(value, str):
            values[tag] = Value(vr_of(tag), value)
        else:
            values[tag] = Value("SQ", "", [data_set_of(item) for item in value])
    return values


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """The VR of a tag (PS3.6), the first one where there are several; "" where it is not known."""
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return ""


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str:
    """The keyword of a tag (PS3.6); "" where it is not known."""
    return keyword_for_tag(tag)


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> int | None:
    """The tag of a keyword (PS3.6); None where it is not known."""
    return tag_for_keyword(keyword) if keyword else None


@lru_cache(maxsize=4096)
def has_one_value(tag: int) -> bool:
    """Whether an attribute has one value at most (PS3.6)."""
    try:
        return dictionary_VM(tag) == "1"
    except KeyError:
        return False
