"""What kind of matching the text of a key asks for (PS3.4 C.2.2.2), once more and in the plainest way."""

import re

from radnode.dimse.extended import QueryOptions
from radnode.model.attributes import Attribute
from radnode.model.query import (
    AllOf,
    DateTimeRange,
    Empty,
    Fuzzy,
    ListOfUID,
    MatchingKey,
    Range,
    SequenceKey,
    SingleValue,
    Universal,
    Wildcard,
)

Asked = str | dict[str, str]
"""The text of a key, or of a sequence key those of its item by keyword."""
_OFFSET = r"[+-][0-9]{4}"
_DATE_TIME_RANGE = re.compile(rf"(?P<first>[0-9.]*({_OFFSET}(?=-|$))?)-(?P<last>[0-9.]*({_OFFSET})?)")


def slow_keys(asked: dict[Attribute, Asked], options: QueryOptions) -> tuple[tuple[Attribute, MatchingKey], ...]:
    """The keys of an identifier."""
    found = {attribute: slow_key(attribute, text, options) for attribute, text in asked.items()}
    for date, dates in found.items():
        for time, times in found.items():
            belongs = date.keyword.endswith("Date") and time.keyword == date.keyword[:-4] + "Time"
            if options.date_time and belongs and isinstance(dates, Range) and isinstance(times, Range):
                both_begin = (dates.first is None) == (times.first is None)
                if both_begin and (dates.last is None) == (times.last is None):
                    found = found | {date: DateTimeRange(time, dates, times), time: Universal()}
    return tuple(found.items())


def slow_key(attribute: Attribute, asked: Asked, options: QueryOptions) -> MatchingKey:
    """One key."""
    if isinstance(asked, dict):
        inner: dict[Attribute, Asked] = {one: asked[one.keyword] for one in attribute.items if one.keyword in asked}
        return SequenceKey(slow_keys(inner, options))
    if set(asked) <= {"*"}:
        return Universal()
    if asked == '""' and options.empty_value:
        return Empty()
    return (
        _slow_moment(attribute.vr, asked)
        if attribute.vr in {"DA", "TM", "DT"}
        else _slow_text(attribute, asked, options)
    )


def _slow_text(attribute: Attribute, asked: str, options: QueryOptions) -> MatchingKey:
    values = tuple(asked.split("\\"))
    if attribute.vr == "UI" or (len(values) > 1 and attribute.vr == "CS"):
        found: MatchingKey = ListOfUID(values)
    else:
        found = Fuzzy(asked) if options.fuzzy and attribute.vr == "PN" else SingleValue(asked)
    if attribute.vr not in {"AS", "DS", "IS", "UI", "US"} and re.search(r"[*?]", asked):
        found = Wildcard(asked)
    elif len(values) > 1 and options.multiple_value and attribute.multiple and attribute.vr != "UI":
        found = AllOf(values)
    return found


def _slow_moment(vr: str, asked: str) -> MatchingKey:
    if vr == "DT":
        found = _DATE_TIME_RANGE.fullmatch(asked)
        return Range(found["first"] or None, found["last"] or None) if found else SingleValue(asked)
    first, hyphen, last = asked.partition("-")
    return Range(first or None, last or None) if hyphen else SingleValue(asked)
