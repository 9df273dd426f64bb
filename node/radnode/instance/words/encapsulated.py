"""Documents that are encapsulated in an object as they are (PS3.3 A.45, C.24.2), and what kind of document there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from radnode.instance.content import opened, value_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.values import PADDING, text_of
from radnode.instance.walk import Element, walk
from radnode.model.errors import CannotPresent, NoDocument, NotDicom
from radnode.model.uid import UID

_VALUE_TYPE, _CONTENT_SEQUENCE = 0x0040A040, 0x0040A730
_DOCUMENT, _MIME_TYPE, _LENGTH = 0x00420011, 0x00420012, 0x00420015
_PIECE = 1 << 16


class Kind(Enum):
    """The two kinds of documents."""

    REPORT = "structured report"
    ENCAPSULATED = "encapsulated document"


@dataclass(frozen=True, slots=True)
class Encapsulated:
    """A document in a mapped file: its bytes without padding, and the MIME type that the object claims for it."""

    data: Buffer
    mime_type: str


@contextmanager
def encapsulated(path: Path) -> Iterator[Encapsulated]:
    """The encapsulated document of a Part 10 file, mapped and not read. Raises as `kind_of`, and OSError."""
    with opened(path) as (dataset, encoding):
        found = _elements(dataset, encoding)
        if _DOCUMENT not in found:
            raise NoDocument
        element, length = found[_DOCUMENT], found.get(_LENGTH)
        size = _size(element, dataset, length, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN)
        mime_type = found.get(_MIME_TYPE)
        text = "" if mime_type is None else text_of(value_of(dataset, mime_type), "LO", mime_type.vr, ("latin_1",))
        with memoryview(dataset)[element.offset : element.offset + size] as data:
            yield Encapsulated(data, text.strip(PADDING).lower())


def kind_of(path: Path) -> Kind:
    """Which kind of document a Part 10 file holds. Raises NoDocument, CannotPresent for a broken one, NotDicom."""
    with opened(path) as (dataset, encoding):
        found = _elements(dataset, encoding)
        if _DOCUMENT in found:
            return Kind.ENCAPSULATED
        value_type = found.get(_VALUE_TYPE)
        is_report = value_type is not None and value_of(dataset, value_type).strip(b"\0 ") == b"CONTAINER"
        if is_report or _CONTENT_SEQUENCE in found:
            return Kind.REPORT
        raise NoDocument


def _elements(dataset: Buffer, encoding: UID) -> dict[int, Element]:
    """The elements of the data set itself that tell of documents."""
    wanted = (_VALUE_TYPE, _CONTENT_SEQUENCE, _DOCUMENT, _MIME_TYPE, _LENGTH)
    try:
        return {one.tag: one for one in walk(dataset, encoding) if not one.depth and one.tag in wanted}
    except NotDicom as why:
        raise CannotPresent(str(why)) from None


def _size(document: Element, dataset: Buffer, length: Element | None, *, big_endian: bool) -> int:
    """The bytes of the document: what Encapsulated Document Length says; else a zero byte at its end is padding.

    Where more than zeros would be cut off the length is wrong, and nothing is: half a document is none.
    """
    if document.length in (0, UNDEFINED):
        raise NoDocument if not document.length else CannotPresent("the encapsulated document has no length")
    said = "" if length is None else text_of(value_of(dataset, length), "UL", length.vr, (), big_endian=big_endian)
    size = int(said) if said.isascii() and said.isdigit() else 0
    if size > document.length:
        raise CannotPresent("the encapsulated document is shorter than Encapsulated Document Length says")
    last = document.offset + document.length
    if size and _is_padding(dataset, document.offset + size, last):
        return size
    return document.length - (bytes(dataset[last - 1 : last]) == b"\0")


def _is_padding(dataset: Buffer, start: int, end: int) -> bool:
    pieces = (dataset[at : min(at + _PIECE, end)] for at in range(start, end, _PIECE))
    return not any(bytes(piece).strip(b"\0") for piece in pieces)
