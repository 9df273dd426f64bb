"""Matching keys as SQL conditions (PS3.4 C.2.2.2): pure, one condition for each key.

Columns hold the stored text: NULL, where an attribute is absent, meets no condition, so only universal keys (and those
for what is empty) let such entities pass. Values reach SQL as parameters alone. A key matches an attribute of several
values if it matches one.
"""

import json
from dataclasses import dataclass

from radnode.archive.condition import Condition, all_of, any_of
from radnode.archive.folding import FOLDED, fold
from radnode.archive.moments import combined_condition, moment_condition
from radnode.archive.names import NameKey, name_condition
from radnode.archive.numbers import number_condition
from radnode.archive.schema import TABLES, folded_column
from radnode.archive.sequences import has_item, matching_items, value_in
from radnode.archive.temporal import TEMPORAL
from radnode.archive.wildcards import pattern_condition
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
    SequenceKey,
    SingleValue,
    Universal,
    Wildcard,
)

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Where `*` and `?` are wild cards at all (C.2.2.2.4)."""

_COUNTERS = {
    "NumberOfPatientRelatedStudies": "patients.studies",
    "NumberOfPatientRelatedSeries": "patients.series",
    "NumberOfPatientRelatedInstances": "patients.instances",
    "NumberOfStudyRelatedSeries": "studies.series",
    "NumberOfStudyRelatedInstances": "studies.instances",
    "NumberOfSeriesRelatedInstances": "series.instances",
}


@dataclass(frozen=True, slots=True)
class Column:
    """Where SQL finds an attribute: the expression of its stored text, and of what matching looks at."""

    attribute: Attribute
    stored: str
    matched: str


def stored_sql(attribute: Attribute) -> str:
    """The attribute's text as answers carry it, as an expression over the index's tables."""
    counter = _COUNTERS.get(attribute.keyword)
    return f"CAST({counter} AS TEXT)" if counter else f"{TABLES[attribute.level]}.{attribute.keyword}"


def matched_sql(attribute: Attribute) -> str:
    """What matching of the attribute looks at, as an expression over the index's tables: indexes are on these."""
    if attribute.vr in TEMPORAL:
        return TEMPORAL[attribute.vr].normal_sql(stored_sql(attribute))
    folded = folded_column(attribute)
    return f"{TABLES[attribute.level]}.{folded}" if folded else stored_sql(attribute)


def is_universal(key: MatchingKey) -> bool:
    """Whether every entity matches, also one without a value (C.2.2.2.3)."""
    match key:
        case Universal() | Wildcard(""):
            return True
        case Wildcard(pattern):
            return not pattern.strip("*")
        case SequenceKey(keys):
            return all(is_universal(inner) for _, inner in keys)
        case _:
            return False


def condition(attribute: Attribute, key: MatchingKey) -> Condition | None:
    """The condition that `key` puts on `attribute` in the index's tables; errors as condition_on."""
    time = stored_sql(key.time) if isinstance(key, DateTimeRange) else None
    folded = matched_sql(attribute) if attribute.vr == "PN" else None
    return condition_on(attribute, key, stored=stored_sql(attribute), folded=folded, time=time)


def condition_on(
    attribute: Attribute, key: MatchingKey, *, stored: str, folded: str | None = None, time: str | None = None
) -> Condition | None:
    """The condition that `key` puts on an attribute whose text is the SQL expression `stored`; None for all to match.

    `folded` is the expression of a PN's folded form (without it each text is folded when it is looked at, see
    `folding.teach`), `time` that of the TM which belongs to a DA, for a DateTimeRange. A sequence is a JSON array of
    objects, keyword -> text. Raises InvalidQuery for a range of something other than dates and times, a range whose
    ends are none, wild cards where the VR has none, and text that no value can hold.
    """
    if is_universal(key):
        return None
    column = Column(attribute, stored, folded or (FOLDED.format(stored) if attribute.vr == "PN" else stored))
    match key:
        case Empty():
            return Condition(f"coalesce({stored}, '') IN ('', '[]')")
        case SequenceKey(keys):
            return has_item(attribute, stored, _within(attribute, keys))
        case DateTimeRange() if time is not None:
            return combined_condition(attribute, key, stored, time)
        case _:
            return _value_condition(column, key)


def returned(attribute: Attribute, key: SequenceKey | None) -> Condition:
    """What an answer carries of the attribute, as an expression with its parameters: of a sequence what matches."""
    stored = stored_sql(attribute)
    if key is None or is_universal(key):
        return Condition(stored)
    return matching_items(attribute, stored, _within(attribute, key.keys))


def checked_text(value: str) -> str:
    """`value`, or InvalidQuery where it holds what neither text nor SQL can."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidQuery("A key holds a character that no text has")
    return value


def _within(sequence: Attribute, keys: tuple[tuple[Attribute, MatchingKey], ...]) -> list[Condition]:
    found = []
    for attribute, key in keys:
        time = value_in(sequence, key.time) if isinstance(key, DateTimeRange) else None
        one = condition_on(attribute, key, stored=value_in(sequence, attribute), time=time)
        if one is not None:
            found.append(one)
    return found


def _value_condition(column: Column, key: MatchingKey) -> Condition | None:
    attribute = column.attribute
    _check(attribute, key)
    if isinstance(key, AllOf):
        found = [one for value in key.values if (one := _value_condition(column, SingleValue(value)))]
        return all_of(*found) if found else None
    if attribute.vr == "PN":
        return _name_condition(column, key)
    if attribute.vr in TEMPORAL and isinstance(key, SingleValue | ListOfUID | Range):
        return moment_condition(attribute, key, column.stored)
    if attribute.vr == "IS" and isinstance(key, SingleValue):
        return _number_condition(column, key.value) or _text_condition(column, key)
    return _text_condition(column, key)


def _check(attribute: Attribute, key: MatchingKey) -> None:
    match key:
        case SingleValue(value) | Fuzzy(value):
            checked_text(value)
        case ListOfUID(values):
            list(map(checked_text, values))
        case Wildcard(pattern):
            if attribute.vr not in WILDCARD_VRS:
                raise InvalidQuery(f"{attribute.keyword} takes no wild cards")
            checked_text(pattern)
        case Range() if attribute.vr not in TEMPORAL:
            raise InvalidQuery(f"{attribute.keyword}: only dates and times have ranges")


def _name_condition(column: Column, key: MatchingKey) -> Condition | None:
    match key:
        case ListOfUID(values):
            found = [one for value in values if (one := _name_condition(column, SingleValue(value)))]
            return any_of(*found) if found else None
        case SingleValue(value) if column.attribute.multiple and "\\" in value:
            return Condition(f"{column.matched} = ?", (fold(value),))
        case SingleValue() | Wildcard() | Fuzzy():
            return _one_name(column, key)
        case _:
            return None


def _one_name(column: Column, key: NameKey) -> Condition | None:
    if not column.attribute.multiple:
        return name_condition(column.matched, key)
    found = name_condition("value", key)
    return found and _has_value(column, found)


def _number_condition(column: Column, value: str) -> Condition | None:
    if not column.attribute.multiple:
        return number_condition(column.matched, value)
    found = number_condition("value", value)
    return found and _has_value(column, found)


def _text_condition(column: Column, key: MatchingKey) -> Condition | None:
    matched, multiple = column.matched, column.attribute.multiple
    match key:
        case SingleValue(value) if multiple and "\\" not in value:
            return Condition(rf"instr('\' || {matched} || '\', ?) > 0", (f"\\{value}\\",))
        case SingleValue(value):
            return Condition(f"{matched} = ?", (value,))
        case ListOfUID(values):
            return _any_value(column, values)
        case Wildcard(pattern) if multiple:
            return _has_value(column, pattern_condition("value", pattern, folded=False))
        case Wildcard(pattern):
            return pattern_condition(matched, pattern, folded=False)
        case _:
            return None


def _any_value(column: Column, values: tuple[str, ...]) -> Condition:
    wanted, among = json.dumps(values), "IN (SELECT value FROM json_each(?))"
    if not column.attribute.multiple:
        return Condition(f"{column.matched} {among}", (wanted,))
    return _has_value(column, Condition(f"value {among}", (wanted,)))


def _has_value(column: Column, found: Condition) -> Condition:
    """The condition that one of an attribute's values, each called `value`, meets another condition."""
    # As a JSON string the separating backslashes are double, and nothing else in it can look like them.
    values = rf"""json_each('[' || replace(json_quote({column.matched}), '\\', '","') || ']')"""
    return Condition(f"EXISTS (SELECT 1 FROM {values} WHERE {found.sql})", found.parameters)  # noqa: S608 (no values)
