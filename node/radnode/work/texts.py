"""Values as people write them, checked against their VR (PS3.5 6.2) before they go into data sets."""

import re
from collections.abc import Mapping
from datetime import date

from radnode.archive.temporal import TEMPORAL
from radnode.model.errors import InvalidEntry
from radnode.model.uid import InvalidUID, parse_uid

_LONGEST: Mapping[str, int] = {
    "AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "LT": 10240, "PN": 194, "SH": 16,
    "ST": 1024, "TM": 14, "UC": 10240, "UI": 64, "UR": 1024, "UT": 10240,
}  # fmt: skip
"""Characters of one value; of a PN its three groups and what parts them. UC, UR and UT have no limit of their own."""
_ONE_VALUE = frozenset({"LT", "ST", "UR", "UT"})
_MAX_VALUES = 64
_LINES = frozenset({"LT", "ST", "UT"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,11}", re.ASCII)
_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "AE": (re.compile(r"[ -\[\]-~]*", re.ASCII), "an AE title"),
    "AS": (re.compile(r"[0-9]{3}[DWMY]", re.ASCII), "an age such as 038Y"),
    "CS": (re.compile(r"[A-Z0-9_ ]*", re.ASCII), "capital letters, digits, spaces and underscores"),
    "DS": (re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII), "a number"),
    "IS": (_WHOLE, "a whole number"),
    "US": (re.compile(r"[0-9]{1,5}", re.ASCII), "a whole number from 0 on"),
    "UL": (re.compile(r"[0-9]{1,10}", re.ASCII), "a whole number from 0 on"),
    "SS": (_WHOLE, "a whole number"),
    "SL": (_WHOLE, "a whole number"),
}
_WORDS = {
    "DA": "a date, YYYYMMDD",
    "TM": "a time, HHMMSS",
    "DT": "a date and time, YYYYMMDDHHMMSS",
    "UI": "a UID",
}


def checked_text(keyword: str, vr: str, text: str, *, one: bool = False) -> str:
    """The text of an attribute of this VR, of `one` value at most, outer spaces trimmed. Raises InvalidEntry."""
    values = (text,) if vr in _ONE_VALUE else tuple(one.strip(" ") for one in text.split("\\"))
    if one and len(values) > 1:
        raise InvalidEntry(f"{keyword} must have one value")
    if len(values) > _MAX_VALUES:
        raise InvalidEntry(f"{keyword} must have at most {_MAX_VALUES} values")
    for value in values:
        if value:
            _check(keyword, vr, value)
    return "\\".join(values)


def _check(keyword: str, vr: str, value: str) -> None:
    if len(value) > _LONGEST.get(vr, 16):
        raise InvalidEntry(f"{keyword} must have at most {_LONGEST.get(vr, 16)} characters")
    if any(_is_control(character, vr) for character in value):
        raise InvalidEntry(f"{keyword} must not hold control characters")
    if vr not in _LONGEST and vr not in _SHAPES:
        raise InvalidEntry(f"{keyword} has a value that is no text")
    if not _has_shape(vr, value):
        raise InvalidEntry(f"{keyword} must be {_WORDS.get(vr) or _SHAPES[vr][1]}")


def _has_shape(vr: str, value: str) -> bool:
    if vr in _SHAPES:
        return _SHAPES[vr][0].fullmatch(value) is not None
    if vr in TEMPORAL:
        return _is_moment(vr, value)
    return vr != "UI" or _is_uid(value)


def _is_uid(value: str) -> bool:
    try:
        parse_uid(value)
    except InvalidUID:
        return False
    return True


def _is_moment(vr: str, value: str) -> bool:
    temporal = TEMPORAL[vr]
    if temporal.shape.fullmatch(temporal.bare(value)) is None:
        return False
    if vr != "TM":
        try:
            date.fromisoformat(temporal.first(value)[:8])
        except ValueError:
            return False
    return True


def _is_control(character: str, vr: str) -> bool:
    if character in "\r\n\t\f":
        return vr not in _LINES
    return character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"
