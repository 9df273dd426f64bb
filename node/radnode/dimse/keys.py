"""Keys of an identifier: from its elements to what each of them asks for (PS3.4 C.2.2.2), sequences too."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from pydicom.datadict import dictionary_VR

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.matching_keys import combined, matching_key
from radnode.instance.charset import LONGEST, codecs_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED
from radnode.instance.values import text_of
from radnode.instance.walk import Element, walk, walk_items
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.query import MatchingKey, SequenceKey, Universal
from radnode.model.uid import UID

CHARACTER_SET, TIMEZONE = 0x00080005, 0x00080201
MOST_ELEMENTS = 10_000
"""Elements of an identifier, those of its sequences and items counted: more than the dictionary has."""
_SEQUENCE_VRS = {"SQ", "UN", ""}  # as written: the attribute is known to be one
Key = tuple[Attribute, MatchingKey]


@dataclass(frozen=True, slots=True)
class Requested:
    """A key that answers must carry, and what stands there where nothing is known.

    That is of a private creator its name, or the private keys would be nobody's (PS3.5 7.8.1), of any other nothing.
    `items` are the keys in each item of a sequence.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: "tuple[Requested, ...]" = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the keys of an identifier say: what has to match, and what answers carry."""

    keys: tuple[Key, ...]
    requested: tuple[Requested, ...]


class IdentifierReader:
    """One encoded identifier: its elements, and keys for the attributes that are known."""

    def __init__(self, data: bytes, transfer_syntax: UID, options: QueryOptions = NO_OPTIONS) -> None:
        """Raises NotDicom, or InvalidQuery for more elements than any query has."""
        elements = list(islice(walk(data, transfer_syntax), MOST_ELEMENTS + 1))
        if len(elements) > MOST_ELEMENTS:
            raise InvalidQuery(f"An identifier has at most {MOST_ELEMENTS} elements")
        self._data, self._transfer_syntax, self._options = data, transfer_syntax, options
        self._elements = {element.tag: element for element in elements if not element.depth}
        self._big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
        self.character_set = self.raw(CHARACTER_SET)[:LONGEST]
        """The raw value of (0008,0005)."""
        self._codecs = codecs_of(self.character_set.strip(b"\0 "))
        self._offset = self.raw(TIMEZONE).decode("ascii", "replace").strip("\0 ")

    def __contains__(self, tag: int) -> bool:
        """Whether the identifier has this element."""
        return tag in self._elements

    def raw(self, tag: int) -> bytes:
        """The encoded value of an element; nothing where it is missing, or a sequence of undefined length."""
        return self._value(self._elements[tag]) if tag in self._elements else b""

    def asked(self, known: Mapping[int, Attribute], matched: Collection[int], *, aside: Collection[int]) -> Asked:
        """Its keys. `known` attributes are answered as what they are, those in `matched` have to match.

        Elements in `aside` are no keys. Raises InvalidQuery for what can be no key, NotDicom for broken sequences.
        """
        elements = [(element, self._inside(element, known.get(element.tag))) for element in self._elements.values()]
        elements = [(element, inside) for element, inside in elements if element.tag not in aside]
        return self._asked(elements, known, matched)

    def _asked(
        self,
        elements: Sequence[tuple[Element, Sequence[Element]]],
        known: Mapping[int, Attribute],
        matched: Collection[int],
    ) -> Asked:
        keys: list[Key] = []
        requested: list[Requested] = []
        for element, inside in elements:
            if element.tag & 0xFFFF == 0:
                continue
            attribute = known.get(element.tag)
            key, items = self._key(element, attribute, inside, is_matched=element.tag in matched)
            value = self._value(element) if _is_private_creator(element.tag) else b""
            requested.append(Requested(element.tag, _vr(element, attribute), value, items))
            if attribute is not None and element.tag in matched:
                keys.append((attribute, key))
        return Asked(tuple(combined(keys) if self._options.date_time else keys), tuple(requested))

    def _key(
        self, element: Element, attribute: Attribute | None, inside: Sequence[Element], *, is_matched: bool
    ) -> tuple[MatchingKey, tuple[Requested, ...]]:
        if attribute is not None and attribute.vr == "SQ":
            return self._sequence_key(element, attribute, inside)
        if attribute is None or not is_matched or element.tag == TIMEZONE:
            return Universal(), ()
        value = self._value(element)
        text = text_of(value, attribute.vr, element.vr, self._codecs, big_endian=self._big_endian)
        return matching_key(attribute, text, self._options, offset=self._offset), ()

    def _sequence_key(
        self, element: Element, attribute: Attribute, inside: Sequence[Element]
    ) -> tuple[MatchingKey, tuple[Requested, ...]]:
        items = list(_grouped(inside, element.depth + 1))
        if len(items) > 1:
            raise InvalidQuery(f"{attribute.keyword}: a sequence key has one item")
        known = {inner.tag: inner for inner in attribute.items}
        inside = items[0][1] if items else ()
        inner = {one.tag: (one, within) for one, within in _grouped(inside, element.depth + 2)}
        asked = self._asked(list(inner.values()), known, known)
        if not asked.requested:  # the entire sequence is asked for (C.2.2.2.6)
            return Universal(), everything_in(attribute)
        return SequenceKey(asked.keys), asked.requested

    def _inside(self, element: Element, attribute: Attribute | None) -> Sequence[Element]:
        """The items of a known sequence with all that is in them."""
        if attribute is None or attribute.vr != "SQ" or element.vr not in _SEQUENCE_VRS:
            return ()
        found = list(islice(walk_items(self._data, self._transfer_syntax, element), MOST_ELEMENTS + 1))
        if len(found) > MOST_ELEMENTS:
            raise InvalidQuery(f"{attribute.keyword} has more than {MOST_ELEMENTS} elements")
        return found

    def _value(self, element: Element) -> bytes:
        if element.length == UNDEFINED:
            return b""
        return self._data[element.offset : element.offset + element.length]


def everything_in(sequence: Attribute) -> tuple[Requested, ...]:
    """All that is known of a sequence's items, as an answer has it that was asked for the whole sequence."""
    return tuple(Requested(one.tag, one.vr, b"", everything_in(one)) for one in sequence.items)


def _grouped(elements: Sequence[Element], depth: int) -> Iterator[tuple[Element, Sequence[Element]]]:
    """The elements of that depth, each with those inside it."""
    places = [place for place, element in enumerate(elements) if element.depth == depth]
    for place, following in pairwise([*places, len(elements)]):
        yield elements[place], elements[place + 1 : following]


def _is_private_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _vr(element: Element, attribute: Attribute | None) -> str:
    """The VR that the answer writes: what is known here, else the sender's, if it wrote one, else the dictionary's."""
    if attribute is not None:
        return attribute.vr
    if element.vr:
        return element.vr
    try:
        return dictionary_VR(element.tag)[:2]
    except KeyError:
        return "UN"
