"""C-FIND identifiers: from an encoded data set to a Query, and to what its answers have to carry."""

from dataclasses import dataclass

from pydicom.datadict import dictionary_VR

from radnode.archive.matching import WILDCARD_VRS
from radnode.instance.charset import LONGEST, codecs_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED
from radnode.instance.values import text_of
from radnode.instance.walk import Element, walk
from radnode.model.attributes import ATTRIBUTES, BY_TAG, Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.level import Level, Root
from radnode.model.query import ListOfUID, MatchingKey, Query, Range, SingleValue, Universal, Wildcard
from radnode.model.uid import UID, InvalidUID, parse_uid

CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, AVAILABILITY = 0x00080005, 0x00080052, 0x00080054, 0x00080056
_NOT_KEYS = {CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, AVAILABILITY}
_TEMPORAL = {"DA", "TM", "DT"}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What was asked: the query, and how its answers are to be written.

    `requested` is every key that they must carry, with its VR and with what stands there where the index knows nothing:
    of a private creator its name, or the private keys would be nobody's (PS3.5 7.8.1), of any other nothing.
    """

    query: Query
    requested: tuple[tuple[int, str, bytes], ...]
    character_set: bytes
    asks_availability: bool

    @property
    def has_unsupported_keys(self) -> bool:
        """Whether some key is neither matched nor ever answered with a value, which FF01 tells (C.4.1.1.4)."""
        answered = {attribute.tag for attribute in self.query.returns}
        return any(tag not in answered for tag, _, _ in self.requested)


def parse_identifier(data: bytes, transfer_syntax: UID, root: Root) -> Identifier:
    """The identifier in an encoded data set; NotDicom, or InvalidQuery where it has no answer (C.4.1.3).

    Keys above the level that are missing are no error: without them the answers are of all parents.
    """
    elements = {element.tag: element for element in walk(data, transfer_syntax) if not element.depth}
    big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
    character_set = _raw(data, elements.get(CHARACTER_SET))[:LONGEST]
    codecs = codecs_of(character_set.strip(b"\0 "))
    level = _level(_raw(data, elements.get(LEVEL)), root)
    keys: list[tuple[Attribute, MatchingKey]] = []
    requested: list[tuple[int, str, bytes]] = []
    for tag, element in elements.items():
        if tag in _NOT_KEYS or tag & 0xFFFF == 0:
            continue
        requested.append((tag, _vr(element), _raw(data, element) if _is_private_creator(tag) else b""))
        attribute = BY_TAG.get(tag)
        if attribute is not None and not attribute.items and attribute.level <= level:
            text = text_of(_raw(data, element), attribute.vr, element.vr, codecs, big_endian=big_endian)
            keys.append((attribute, matching_key(attribute, text)))
    returns = [attribute for attribute, _ in keys]
    returns += [other for other in _unique_keys(root, level) if other not in returns]
    return Identifier(
        Query(level, tuple(keys), tuple(returns)), tuple(requested), character_set, AVAILABILITY in elements
    )


def matching_key(attribute: Attribute, text: str) -> MatchingKey:
    """What kind of matching a key asks for, by its VR and value (C.2.2.2). InvalidQuery where it can be none."""
    if not text.strip("*"):
        return Universal()
    if attribute.vr == "UI":
        return _uids(attribute, text)
    has_wildcard = "*" in text or "?" in text
    if attribute.vr in _TEMPORAL:
        if has_wildcard:
            raise InvalidQuery(f"{attribute.keyword} takes no wild cards")
        return _moment(attribute, text)
    if has_wildcard and attribute.vr in WILDCARD_VRS:
        return Wildcard(text)
    if attribute.vr == "CS" and "\\" in text:
        return ListOfUID(tuple(text.split("\\")))
    return SingleValue(text)


def _is_private_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _raw(data: bytes, element: Element | None) -> bytes:
    if element is None or element.length == UNDEFINED:
        return b""
    return data[element.offset : element.offset + element.length]


def _level(raw: bytes, root: Root) -> Level:
    name = raw.decode("ascii", "replace").strip("\0 ")
    if not name:
        raise InvalidQuery("QueryRetrieveLevel is missing")
    if name not in Level.__members__:
        raise InvalidQuery("QueryRetrieveLevel is unknown")
    level = Level[name]
    if not root.has(level):
        raise InvalidQuery(f"{name} level is not in this information model")
    return level


def _vr(element: Element) -> str:
    """The VR that the answer writes: the sender's where it wrote one, else the dictionary's, else UN."""
    attribute = BY_TAG.get(element.tag)
    if attribute is not None:
        return attribute.vr
    if element.vr:
        return element.vr
    try:
        return dictionary_VR(element.tag)[:2]
    except KeyError:
        return "UN"


def _unique_keys(root: Root, level: Level) -> list[Attribute]:
    return [attribute for attribute in ATTRIBUTES if attribute.unique and root.top <= attribute.level <= level]


def _uids(attribute: Attribute, text: str) -> MatchingKey:
    try:
        uids = tuple(parse_uid(one) for one in text.split("\\"))
    except InvalidUID:
        raise InvalidQuery(f"{attribute.keyword} is not a UID") from None
    return SingleValue(uids[0]) if len(uids) == 1 else ListOfUID(uids)


def _moment(attribute: Attribute, text: str) -> MatchingKey:
    """A date or time, or a range of them. In a DT a hyphen and four digits at the end can be the offset from UTC."""
    for position, character in enumerate(text):
        if character == "-" and not (attribute.vr == "DT" and _is_offset(text, position)):
            first, last = text[:position].strip(), text[position + 1 :].strip()
            if not first and not last:
                raise InvalidQuery(f"{attribute.keyword}: a range needs an end")
            return Range(first or None, last or None)
    return SingleValue(text)


def _is_offset(text: str, position: int) -> bool:
    """Whether the hyphen begins an offset: 0000 to 1200 hours and minutes, then the end or the range's own hyphen."""
    digits, after = text[position + 1 : position + 5], text[position + 5 : position + 6]
    return position > 0 and len(digits) == 4 and digits.isdigit() and digits <= "1200" and after in ("", "-")
