"""Matching (PS3.4 C.2.2.2) in the plainest way: every entity is looked at with ordinary Python. The SQL must agree.

Written from the Standard and from decision 9, with nothing of the SQL side but the folding of names.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from radnode.archive.folding import fold
from radnode.model.attributes import Attribute
from radnode.model.query import (
    AllOf,
    DateTimeRange,
    Empty,
    Fuzzy,
    ListOfUID,
    MatchingKey,
    Query,
    Range,
    SequenceKey,
    SingleValue,
    Universal,
    Wildcard,
)

Entity = Mapping[str, Any]
"""An entity with its parents' attributes, by keyword; None or no key where it has none. Sequences are JSON."""
Moment = tuple[int, ...]


def slow_find(
    entities: Sequence[Entity], query: Query, branches: Sequence[Sequence[Entity]] = ()
) -> list[dict[str, str]]:
    """The answers of `query`, in no order; `entities` are those of its level, `branches` the instances below each."""
    own = [(attribute, key) for attribute, key in query.keys if attribute.level <= query.level]
    below = [(attribute, key) for attribute, key in query.keys if attribute.level > query.level and query.relational]
    return [
        {attribute.keyword: _shown(entity, attribute, query) for attribute in query.returns}
        for place, entity in enumerate(entities)
        if _meets(entity, own) and (not below or any(_meets(branch, below) for branch in branches[place]))
    ]


def _meets(entity: Entity, keys: Sequence[tuple[Attribute, MatchingKey]]) -> bool:
    return all(_matches(attribute, key, entity) for attribute, key in keys)


def _shown(entity: Entity, attribute: Attribute, query: Query) -> str:
    stored = entity.get(attribute.keyword) or "" if attribute.level <= query.level else ""
    for asked, key in query.keys:
        if asked == attribute and isinstance(key, SequenceKey) and not _is_universal(key) and stored:
            items = [item for item in json.loads(stored) if _meets(item, key.keys)]
            return json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    return stored


def _is_universal(key: MatchingKey) -> bool:
    if isinstance(key, SequenceKey):
        return all(_is_universal(inner) for _, inner in key.keys)
    if isinstance(key, Wildcard):
        return set(key.pattern) <= {"*"}
    return isinstance(key, Universal)


def _says_nothing(key: MatchingKey) -> bool:
    """Whether a name is asked for that has no part."""
    match key:
        case Wildcard(text):
            return all(re.fullmatch(r"\**|\*+(\^+\*+)+\^*", group) for group in re.split("[=\uff1d]", text))
        case Fuzzy(text):
            return not "".join(fold(word) for word in re.split(r"[\s^=,.*?-]", text))
        case _:
            return False


def _matches(attribute: Attribute, key: MatchingKey, entity: Entity) -> bool:
    stored = entity.get(attribute.keyword)
    if _is_universal(key) or (attribute.vr == "PN" and _says_nothing(key)):
        return True
    if stored is None or isinstance(key, Empty):
        return isinstance(key, Empty) and (not stored or stored == "[]")
    if isinstance(key, SequenceKey):
        items = json.loads(stored) if isinstance(stored, str) else stored
        return any(_meets(item, key.keys) for item in items or ())
    return _matches_values(attribute, key, stored, entity)


def _matches_values(attribute: Attribute, key: MatchingKey, stored: str, entity: Entity) -> bool:
    if isinstance(key, DateTimeRange):
        return _in_combined(key, stored, entity.get(key.time.keyword))
    if isinstance(key, SingleValue) and "\\" in key.value:  # undefined by the Standard: all of the values as they stand
        return fold(key.value) == fold(stored) if attribute.vr == "PN" else key.value == stored
    values = stored.split("\\") if attribute.multiple else [stored]
    if isinstance(key, AllOf):
        return all(any(_matches_value(attribute, SingleValue(one), value) for value in values) for one in key.values)
    return any(_matches_value(attribute, key, value) for value in values)


def _matches_value(attribute: Attribute, key: MatchingKey, stored: str) -> bool:
    if attribute.vr == "PN":
        return _matches_name(key, stored)
    if attribute.vr in {"DA", "TM", "DT"}:
        return _matches_moment(attribute.vr, key, stored)
    match key:
        case SingleValue(value):
            whole = re.compile(r"[+-]?[0-9]{1,12}")
            if attribute.vr == "IS" and whole.fullmatch(value) and whole.fullmatch(stored):
                return int(value) == int(stored)
            return value == stored
        case ListOfUID(wanted):
            return stored in wanted
        case Wildcard(pattern):
            return bool(_expression(pattern, False).fullmatch(stored))
        case _:
            raise AssertionError(key)


def _matches_name(key: MatchingKey, stored: str) -> bool:
    name = fold(stored).split("=")
    match key:
        case SingleValue(value):
            wanted = fold(value).split("=")
            if wanted == [""]:
                return name == [""]
            return _any_group(wanted, name, lambda one, group: one == group)
        case ListOfUID(values):
            return any(_matches_name(SingleValue(value), stored) for value in values)
        case Wildcard(pattern):
            groups = ["" if _says_nothing(Wildcard(group)) else group for group in re.split("[=\uff1d]", pattern)]
            while len(groups) > 1 and not groups[-1]:
                groups.pop()
            return _any_group(groups, name, _is_like)
        case Fuzzy(text):
            words = re.split(r"[ ^=,.-]", fold(stored))
            return all(
                any(word.startswith(fold(one)) for word in words) for one in re.split(r"[\s^=,.*?-]", text) if fold(one)
            )
        case _:
            raise AssertionError(key)


def _any_group(wanted: list[str], name: list[str], same: Any) -> bool:
    if len(wanted) > 3:
        return False
    if len(wanted) == 1:
        return any(same(wanted[0], group) for group in name[:2]) or (len(name) > 2 and same(wanted[0], name[2]))
    return all(not one or (place < len(name) and same(one, name[place])) for place, one in enumerate(wanted))


def _is_like(pattern: str, group: str) -> bool:
    """Whether a component group is like a pattern; components at its end that may be anything may be missing."""
    if _expression(pattern, True).fullmatch(group):
        return True
    shorter, caret, last = pattern.rpartition("^")
    return bool(caret) and not last.strip("*") and _is_like(shorter, group)


@cache
def _expression(pattern: str, folded: bool) -> re.Pattern[str]:
    # Literals are folded with a letter beside them, which keeps carets that are not at the end.
    parts = re.split(r"([*?])", pattern)
    last = len(parts) - 1
    text = ""
    for place, part in enumerate(parts):
        if part in {"*", "?"}:
            text += ".*" if part == "*" else "."
        elif folded:
            text += re.escape(fold("x" + part)[1:] if place == last else fold(f"x{part}x")[1:-1])
        else:
            text += re.escape(part)
    return re.compile(text, re.DOTALL)


def _matches_moment(vr: str, key: MatchingKey, stored: str) -> bool:
    match key:
        case SingleValue(value):
            return _between(vr, value, value, stored, is_one=True)
        case ListOfUID(values):
            return any(_between(vr, value, value, stored, is_one=True) for value in values)
        case Range(first, last):
            return _between(vr, first, last, stored)
        case _:
            raise AssertionError(key)


def _between(vr: str, first: str | None, last: str | None, stored: str, *, is_one: bool = False) -> bool:
    text, offset = _apart(vr, stored)
    found = _moments(vr, text)
    if found is None:
        return False
    (lower, lower_offset), (upper, upper_offset) = _apart(vr, first or ""), _apart(vr, last or "")
    from_, until = (_moments(vr, one) if one else None for one in (lower, upper))
    if is_one and from_ is None:
        return False
    begin = from_ and from_[0]
    end = begin if is_one else until and until[1]
    value = found[0]
    if offset and (lower_offset or upper_offset):
        value = _utc(value, offset)
        begin = begin and _utc(begin, lower_offset or upper_offset)
        end = end and _utc(end, upper_offset or lower_offset)
    return (begin is None or begin <= value) and (end is None or value <= end)


def _in_combined(key: DateTimeRange, date: str, time: str | None) -> bool:
    day, clock = _moments("DA", date), _moments("TM", time or "000000")
    if day is None or clock is None:
        return False
    moment = (*day[0], *clock[0])
    if key.dates.first is not None and key.times.first is not None:
        first, at = _moments("DA", key.dates.first), _moments("TM", key.times.first)
        if first is None or at is None or moment < (*first[0], *at[0]):
            return False
    if key.dates.last is not None and key.times.last is not None:
        last, at = _moments("DA", key.dates.last), _moments("TM", key.times.last)
        if last is None or at is None or moment > (*last[0], *at[1]):
            return False
    return True


def _apart(vr: str, text: str) -> tuple[str, str]:
    if vr == "DT" and (found := re.fullmatch(r"(.*)([+-][0-9]{4})", text)):
        return found[1], found[2]
    return text, ""


def _utc(moment: Moment, offset: str) -> Moment:
    year, month, day, hour, minute, second, fraction = moment
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:])) * (-1 if offset[0] == "-" else 1)
    found = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    return (found.year, found.month, found.day, found.hour, found.minute, found.second, fraction)


def _moments(vr: str, text: str) -> tuple[Moment, Moment] | None:
    """The first and the last moment that a date or time means, as numbers."""
    if vr == "DA":
        date = _date(text.replace(".", ""))
        return (date, date) if date else None
    if vr == "TM":
        return _clock(text.replace(":", ""))
    return _date_time(text.replace(":", ""))


def _date_time(text: str) -> tuple[Moment, Moment] | None:
    """A DT from its year on, to whatever precision."""
    if len(text) < 8:
        if not re.fullmatch(r"[0-9]{4}([0-9]{2})?", text):
            return None
        year, month = int(text[:4]), int(text[4:6] or 0)
        if month > 12 or (text[4:6] and not month):
            return None
        last = _days(year, month or 12)[-1]
        return (year, month or 1, 1, 0, 0, 0, 0), (year, month or 12, last, 23, 59, 59, 999_999)
    date, clock = _date(text[:8]), _clock(text[8:]) if text[8:] else ((0, 0, 0, 0), (23, 59, 59, 999_999))
    if date is None or clock is None:
        return None
    return (*date, *clock[0]), (*date, *clock[1])


def _days(year: int, month: int) -> range:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return range(1, (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1] + 1)


def _date(text: str) -> tuple[int, int, int] | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    return (year, month, day) if 1 <= month <= 12 and day in _days(year, month) else None


def _clock(text: str) -> tuple[Moment, Moment] | None:
    if not re.fullmatch(r"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?", text):
        return None
    given = [int(text[at : at + 2]) for at in range(0, min(len(text), 6), 2)]
    if given[0] > 23 or (len(given) > 1 and given[1] > 59) or (len(given) > 2 and given[2] > 60):
        return None
    first = [*given, *[0] * (3 - len(given))]
    last = [*given, *(59, 60)[len(given) - 1 :]] if len(given) < 3 else given
    fraction = text[7:]
    return (*first, int(fraction.ljust(6, "0") or 0)), (*last, int(fraction.ljust(6, "9") or 0))
