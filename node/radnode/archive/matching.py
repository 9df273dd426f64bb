"""Matching keys as SQL conditions (PS3.4 C.2.2.2): pure, one condition for each key.

Columns hold the stored text: NULL, where an attribute is absent, meets no condition, so only universal keys let such
entities pass. Values reach SQL as parameters alone. A key matches an attribute of several values if it matches one.
"""

import json
from dataclasses import dataclass

from radnode.archive.folding import fold
from radnode.archive.schema import TABLES, folded_column
from radnode.archive.temporal import TEMPORAL
from radnode.archive.wildcards import after_prefix, canonical, folded_glob, glob, literal_prefix
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.query import ListOfUID, MatchingKey, Range, SingleValue, Universal, Wildcard

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
class Condition:
    """SQL that is true for a match, with its parameters in order."""

    sql: str
    parameters: tuple[str | int, ...]


def stored_sql(attribute: Attribute) -> str:
    """The attribute's text as answers carry it, as an expression."""
    counter = _COUNTERS.get(attribute.keyword)
    return f"CAST({counter} AS TEXT)" if counter else f"{TABLES[attribute.level]}.{attribute.keyword}"


def matched_sql(attribute: Attribute) -> str:
    """What matching of the attribute looks at, as an expression: indexes are on these."""
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
        case _:
            return False


def condition(attribute: Attribute, key: MatchingKey) -> Condition | None:
    """The condition that `key` puts on `attribute`; None for a universal key.

    Raises InvalidQuery for a range of something other than dates and times, a range whose ends are none, wild cards
    where the VR has none, and text that no value can hold.
    """
    if is_universal(key):
        return None
    match key:
        case SingleValue(value):
            return _single(attribute, _known(attribute, value))
        case ListOfUID(values):
            return _any_of(attribute, tuple(_known(attribute, value) for value in values))
        case Wildcard(pattern):
            return _wildcard(attribute, checked_text(pattern))
        case Range(first, last):
            return _range(attribute, first, last)
        case _:
            return None


def prefix_of(attribute: Attribute, key: MatchingKey) -> str | None:
    """What the matched column of every match begins with, where the key says so."""
    if not isinstance(key, Wildcard) or attribute.multiple:
        return None
    return _prefix_and_glob(attribute, canonical(key.pattern))[0] or None


def _known(attribute: Attribute, value: str) -> str:
    if attribute.vr in TEMPORAL:
        return TEMPORAL[attribute.vr].first(checked_text(value))
    return fold(checked_text(value)) if attribute.vr == "PN" else checked_text(value)


def checked_text(value: str) -> str:
    """`value`, or InvalidQuery where it holds what neither text nor SQL can."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidQuery("A key holds a character that no text has")
    return value


def _single(attribute: Attribute, value: str) -> Condition:
    column = matched_sql(attribute)
    if not attribute.multiple or "\\" in value:
        return Condition(f"{column} = ?{_guard(attribute)}", (value,))
    return Condition(rf"instr('\' || {column} || '\', ?) > 0", (f"\\{value}\\",))


def _any_of(attribute: Attribute, values: tuple[str, ...]) -> Condition:
    column, wanted = matched_sql(attribute), json.dumps(values)
    if not attribute.multiple:
        any_value = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - names of columns alone
        return Condition(any_value + _guard(attribute), (wanted,))
    one_of_them = rf"instr('\' || {column} || '\', '\' || wanted.value || '\') > 0"
    exists = f"EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE {one_of_them})"  # noqa: S608 - names of columns alone
    return Condition(exists, (wanted,))


def _guard(attribute: Attribute) -> str:
    # What is cut or filled up to the normal form can look like a time that it never was.
    if attribute.vr not in {"TM", "DT"}:
        return ""
    return f" AND {TEMPORAL[attribute.vr].valid_sql(stored_sql(attribute))}"


def _range(attribute: Attribute, first: str | None, last: str | None) -> Condition:
    if attribute.vr not in TEMPORAL:
        raise InvalidQuery(f"{attribute.keyword}: only dates and times have ranges")
    bounds = TEMPORAL[attribute.vr].bounds(attribute.keyword, first, last)
    return Condition(f"{matched_sql(attribute)} BETWEEN ? AND ?{_guard(attribute)}", bounds)


def _wildcard(attribute: Attribute, pattern: str) -> Condition:
    if attribute.vr not in WILDCARD_VRS:
        raise InvalidQuery(f"{attribute.keyword} takes no wild cards")
    short = canonical(pattern)
    prefix, sql_pattern = _prefix_and_glob(attribute, short)
    column = matched_sql(attribute)
    if attribute.multiple:
        exists = f"EXISTS (SELECT 1 FROM {_values_sql(column)} WHERE value GLOB ?)"  # noqa: S608 - names of columns alone
        return Condition(exists, (sql_pattern,))
    bounds = _beginning(column, prefix)
    if short == literal_prefix(short) + "*":
        return bounds
    return Condition(f"{bounds.sql} AND {column} GLOB ?", (*bounds.parameters, sql_pattern))


def _prefix_and_glob(attribute: Attribute, pattern: str) -> tuple[str, str]:
    return folded_glob(pattern) if attribute.vr == "PN" else (literal_prefix(pattern), glob(pattern))


def _beginning(column: str, prefix: str) -> Condition:
    end = after_prefix(prefix)
    if end is None:
        return Condition(f"{column} >= ?", (prefix,))
    return Condition(f"{column} >= ? AND {column} < ?", (prefix, end))


def _values_sql(column: str) -> str:
    # As a JSON string the separating backslashes are double, and nothing else in it can look like them.
    return rf"""json_each('[' || replace(json_quote({column}), '\\', '","') || ']')"""
