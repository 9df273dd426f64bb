"""Identifiers of a user's queries: written from names and text, read as names and text; sequences nest in both."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from radnode.dimse.answer_charset import UNICODE_TERM, encoder_for
from radnode.dimse.encoding import CHARSET_VRS, element_form, encode_elements, encode_value
from radnode.dimse.scu.keys import Keys, name_of, tree_of, vr_of
from radnode.dimse.scu.values import CallFailed, InvalidKey, Match, Nested
from radnode.instance.charset import codecs_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, UNDEFINED
from radnode.instance.values import text_of
from radnode.instance.walk import ITEM, Element, walk
from radnode.model.errors import NotDicom
from radnode.model.level import Level
from radnode.model.uid import UID

_CHARACTER_SET, _LEVEL = 0x00080005, 0x00080052
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "FL", "FD"})


def encode_identifier(
    level: Level | None, keys: Mapping[str, str], transfer_syntax: UID, *, charset: str = ""
) -> bytes:
    """The identifier of a query; InvalidKey for a key that cannot be asked for, and text that `charset` cannot hold.

    Without a `charset`, text that is not ASCII goes as ISO_IR 192.
    """
    tree = tree_of(keys)
    if level is not None:
        tree.setdefault(_LEVEL, level.name)
    term = charset or tree.get(_CHARACTER_SET) or ""
    assert isinstance(term, str)
    if term or not all(text.isascii() for text in _texts(tree)):
        term = term or UNICODE_TERM.decode()
        tree[_CHARACTER_SET] = term
    return _encoded(tree, transfer_syntax, encoder_for(term.encode("ascii", "replace")))


def check(level: Level | None, keys: Mapping[str, str], *, charset: str = "") -> None:
    """InvalidKey where these keys cannot be asked for."""
    encode_identifier(level, keys, EXPLICIT_VR_LITTLE_ENDIAN, charset=charset)


def _texts(tree: Keys) -> Iterator[str]:
    for tag, value in tree.items():
        if not isinstance(value, str):
            yield from _texts(value)
        elif vr_of(tag) in CHARSET_VRS:
            yield value


def _encoded(tree: Keys, transfer_syntax: UID, encode: Callable[[str], bytes]) -> bytes:
    elements = {}
    for tag, value in tree.items():
        if isinstance(value, str):
            elements[tag] = vr_of(tag), _value(tag, value, transfer_syntax, encode)
        else:
            elements[tag] = "SQ", _item(_encoded(value, transfer_syntax, encode), transfer_syntax) if value else b""
    return encode_elements(elements, transfer_syntax)


def _item(content: bytes, transfer_syntax: UID) -> bytes:
    order = ">" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "<"
    return struct.pack(f"{order}HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _value(tag: int, text: str, transfer_syntax: UID, encode: Callable[[str], bytes]) -> bytes:
    vr = vr_of(tag)
    try:
        value = encode_value(vr, text, encode, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    except UnicodeError:
        raise InvalidKey(f"the value of {name_of(tag)} cannot be written in the character set of the query") from None
    if vr in _NUMBERS and text and not value:
        raise InvalidKey(f"the value of {name_of(tag)} must be a number")
    if len(value) > element_form(tag, vr, transfer_syntax).limit:
        raise InvalidKey(f"the value of {name_of(tag)} is too long")
    return value


def decode_identifier(data: bytes, transfer_syntax: UID) -> Match:
    """The elements of an answer; CallFailed where it is no data set."""
    reading = _Reading(data, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    try:
        elements = list(walk(data, transfer_syntax))  # far quicker than a deep walk, and enough for most answers
        if any(one.vr == "SQ" or one.length == UNDEFINED or vr_of(one.tag) == "SQ" for one in elements):
            elements = list(walk(data, transfer_syntax, deep=True))
        for element in elements:
            reading.take(element)
    except NotDicom as error:
        raise CallFailed(f"the peer answered with what is no data set: {error}") from error
    return Match(reading.outermost)


@dataclass(slots=True)
class _Place:
    """A data set that is being read, be it an item, with the character set in force there."""

    values: dict[str, Nested]
    codecs: tuple[str, ...]
    items: list[Mapping[str, Nested]] | None = None
    """Of the sequence in it that was met last; None while there is none."""


class _Reading:
    """Puts elements, as they are walked over, where they belong."""

    def __init__(self, data: bytes, *, big_endian: bool) -> None:
        self._data = data
        self._big_endian = big_endian
        self.outermost: dict[str, Nested] = {}
        self._places = [_Place(self.outermost, codecs_of(b""))]

    def take(self, element: Element) -> None:
        """The next element, or the beginning of an item."""
        if len(self._places) > 1:
            del self._places[element.depth // 2 + 1 :]  # a sequence and its item are two deep
        place = self._places[-1]
        vr = vr_of(element.tag) or element.vr
        if element.tag == ITEM:
            self._begin(place)
        elif vr == "SQ" or element.length == UNDEFINED:
            place.items = []
            place.values[name_of(element.tag)] = place.items
        else:
            self._read(element, vr, place)

    def _begin(self, place: _Place) -> None:
        if place.items is not None:
            item: dict[str, Nested] = {}
            place.items.append(item)
            self._places.append(_Place(item, place.codecs))

    def _read(self, element: Element, vr: str, place: _Place) -> None:
        raw = self._data[element.offset : element.offset + element.length]
        if element.tag == _CHARACTER_SET:
            place.codecs = codecs_of(raw.strip(b"\0 "))
        text = text_of(raw, vr, element.vr, place.codecs, big_endian=self._big_endian)
        place.values[name_of(element.tag)] = text
