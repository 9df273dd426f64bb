"""Matching (PS3.4 C.2.2.2) in the plainest way: every entity is looked at with ordinary Python. The SQL must agree."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from radnode.archive.folding import fold
from radnode.model.attributes import Attribute
from radnode.model.level import Level
from radnode.model.query import ListOfUID, MatchingKey, Query, Range, SingleValue, Universal, Wildcard

Entity = Mapping[str, str | None]
"""An entity with its parents' attributes, by keyword; None or no key where it has none."""


def slow_find(entities: Sequence[Entity], query: Query) -> list[dict[str, str]]:
    """The answers of `query`, in no order; `entities` are those of its level."""
    keys = [(attribute, key) for attribute, key in query.keys if attribute.level <= query.level]
    return [
        {attribute.keyword: _shown(entity, attribute, query.level) for attribute in query.returns}
        for entity in entities
        if all(_matches(attribute, key, entity.get(attribute.keyword)) for attribute, key in keys)
    ]


def _shown(entity: Entity, attribute: Attribute, level: Level) -> str:
    return entity.get(attribute.keyword) or "" if attribute.level <= level else ""


def _matches(attribute: Attribute, key: MatchingKey, stored: str | None) -> bool:
    if isinstance(key, Universal) or (isinstance(key, Wildcard) and not key.pattern.strip("*")):
        return True
    if stored is None:
        return False
    values = stored.split("\\") if attribute.multiple else [stored]
    return any(_matches_value(attribute, key, value) for value in values)


def _matches_value(attribute: Attribute, key: MatchingKey, stored: str) -> bool:
    match key:
        case SingleValue(value):
            return _same(attribute, value, stored)
        case ListOfUID(wanted):
            return any(_same(attribute, value, stored) for value in wanted)
        case Wildcard(pattern):
            folded = attribute.vr == "PN"
            return bool(_expression(pattern, folded).fullmatch(fold(stored) if folded else stored))
        case Range(first, last):
            moment = _moments(attribute.vr, stored)
            lower = None if first is None else _moments(attribute.vr, first)
            upper = None if last is None else _moments(attribute.vr, last)
            return (
                moment is not None
                and (lower is None or lower[0] <= moment[0])
                and (upper is None or moment[0] <= upper[1])
            )
        case _:
            return True


def _same(attribute: Attribute, wanted: str, stored: str) -> bool:
    if attribute.vr == "PN":
        return fold(wanted) == fold(stored)
    if attribute.vr in {"DA", "TM", "DT"}:
        one, other = _moments(attribute.vr, wanted), _moments(attribute.vr, stored)
        return one is not None and other is not None and one[0] == other[0]
    return wanted == stored


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


def _moments(vr: str, text: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The first and the last moment that a date or time means, as numbers."""
    if vr == "DA":
        date = _date(text.replace(".", ""))
        return (date, date) if date else None
    if vr == "TM":
        return _clock(text.replace(":", ""))
    raise AssertionError(vr)


def _date(text: str) -> tuple[int, int, int] | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return (year, month, day) if 1 <= month <= 12 and 1 <= day <= days[month - 1] else None


def _clock(text: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    if not re.fullmatch(r"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?", text):
        return None
    given = [int(text[at : at + 2]) for at in range(0, min(len(text), 6), 2)]
    if given[0] > 23 or (len(given) > 1 and given[1] > 59) or (len(given) > 2 and given[2] > 60):
        return None
    first = [*given, *[0] * (3 - len(given))]
    last = [*given, *(59, 60)[len(given) - 1 :]] if len(given) < 3 else given
    fraction = text[7:]
    return (*first, int(fraction.ljust(6, "0") or 0)), (*last, int(fraction.ljust(6, "9") or 0))
