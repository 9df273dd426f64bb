"""What kind of matching the text of a key asks for, by its VR and the options in force (PS3.4 C.2.2.2)."""

from collections.abc import Sequence

from radnode.archive.matching import WILDCARD_VRS
from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.instance.values import PADDING
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.query import (
    AllOf,
    DateTimeRange,
    Empty,
    Fuzzy,
    ListOfUID,
    MatchingKey,
    Range,
    SingleValue,
    Universal,
    Wildcard,
)
from radnode.model.uid import InvalidUID, parse_uid

MULTIPLE_VRS = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
"""Where a key of several values is one of multiple value matching, if that is on (C.2.2.2.8)."""
MOST_VALUES = 100
"""Values of such a key: each is a condition of its own."""
_TEMPORAL = {"DA", "TM", "DT"}
_EMPTY = '""'


def matching_key(
    attribute: Attribute, text: str, options: QueryOptions = NO_OPTIONS, *, offset: str = ""
) -> MatchingKey:
    """What kind of matching a key asks for. InvalidQuery where it can be none.

    `offset` is the identifier's (0008,0201): how far from UTC a DT of it is that does not say so itself.
    """
    if not text.strip("*"):
        return Universal()
    if text == _EMPTY and options.empty_value:
        return Empty()
    if attribute.vr == "UI":
        return _uids(attribute, text)
    has_wildcard = "*" in text or "?" in text
    if attribute.vr in _TEMPORAL:
        if has_wildcard:
            raise InvalidQuery(f"{attribute.keyword} takes no wild cards")
        return _moment(attribute, text, offset if _looks_like_offset(offset) else "")
    if has_wildcard and attribute.vr in WILDCARD_VRS:
        return Wildcard(text)
    return _literal(attribute, text, options)


def combined(keys: Sequence[tuple[Attribute, MatchingKey]]) -> list[tuple[Attribute, MatchingKey]]:
    """The keys with each range of a date, and that of its time, made one: where both are open at the same end.

    Those are the pairs that C.2.2.2.5.4 is about; any other pair matches one by one.
    """
    found = {attribute.keyword: (attribute, key) for attribute, key in keys}
    for keyword, (date, dates) in list(found.items()):
        name = keyword.removesuffix("Date") + "Time"
        if date.vr != "DA" or not isinstance(dates, Range) or name not in found:
            continue
        time, times = found[name]
        if isinstance(times, Range) and time.level is date.level and _form(dates) == _form(times):
            found[keyword], found[name] = (date, DateTimeRange(time, dates, times)), (time, Universal())
    return list(found.values())


def _form(key: Range) -> tuple[bool, bool]:
    return key.first is None, key.last is None


def _literal(attribute: Attribute, text: str, options: QueryOptions) -> MatchingKey:
    if "\\" in text:
        if options.multiple_value and attribute.multiple and attribute.vr in MULTIPLE_VRS:
            return _all_of(attribute, text)
        if attribute.vr == "CS" and (values := _values(text)):
            return ListOfUID(values)
    if options.fuzzy and attribute.vr == "PN":
        return Fuzzy(text)
    return SingleValue(text)


def _all_of(attribute: Attribute, text: str) -> MatchingKey:
    values = _values(text)
    if len(values) > MOST_VALUES:
        raise InvalidQuery(f"{attribute.keyword}: a key has at most {MOST_VALUES} values that must all be there")
    return AllOf(values) if values else Universal()


def _values(text: str) -> tuple[str, ...]:
    """Each value once; none is what stands before, between or behind backslashes without need."""
    return tuple(dict.fromkeys(value for value in text.split("\\") if value))


def _uids(attribute: Attribute, text: str) -> MatchingKey:
    try:
        uids = tuple(parse_uid(one) for value in _values(text) if (one := value.strip(PADDING)))
    except InvalidUID:
        raise InvalidQuery(f"{attribute.keyword} is not a UID") from None
    if not uids:
        raise InvalidQuery(f"{attribute.keyword} has no UID between its backslashes")
    return SingleValue(uids[0]) if len(uids) == 1 else ListOfUID(uids)


def _moment(attribute: Attribute, text: str, offset: str) -> MatchingKey:
    """A date or time, or a range of them. In a DT a hyphen and four digits at the end can be the offset from UTC."""
    for position, character in enumerate(text):
        if character == "-" and not (attribute.vr == "DT" and _is_offset(text, position)):
            first, last = text[:position].strip(), text[position + 1 :].strip()
            if not first and not last:
                raise InvalidQuery(f"{attribute.keyword}: a range needs an end")
            return Range(_placed(attribute, first, offset) or None, _placed(attribute, last, offset) or None)
    return SingleValue(_placed(attribute, text, offset))


def _placed(attribute: Attribute, text: str, offset: str) -> str:
    """A DT that does not say how far from UTC it is says so now."""
    if not text or attribute.vr != "DT" or _looks_like_offset(text[-5:]):
        return text
    return text + offset


def _looks_like_offset(text: str) -> bool:
    return len(text) == 5 and text[0] in "+-" and text[1:].isascii() and text[1:].isdigit()


def _is_offset(text: str, position: int) -> bool:
    """Whether the hyphen begins an offset: 0000 to 1200 hours and minutes, then the end or the range's own hyphen."""
    digits, after = text[position + 1 : position + 5], text[position + 5 : position + 6]
    return position > 0 and len(digits) == 4 and digits.isdigit() and digits <= "1200" and after in ("", "-")
