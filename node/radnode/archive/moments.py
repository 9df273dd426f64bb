"""Conditions on dates and times (PS3.4 C.2.2.2.1.3 and C.2.2.2.5), over expressions of stored texts."""

from radnode.archive.condition import Condition, any_of
from radnode.archive.temporal import TEMPORAL, offset_of, to_utc, utc_sql
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.query import DateTimeRange, ListOfUID, Range, SingleValue

MomentKey = SingleValue | ListOfUID | Range
_HAS_OFFSET = "substr({column}, -5, 1) IN ('+', '-')"
_MIDNIGHT = TEMPORAL["TM"].missing


def moment_condition(attribute: Attribute, key: MomentKey, stored: str) -> Condition:
    """The condition on one DA, TM or DT; the first parameters are what its normal form is compared with."""
    match key:
        case SingleValue(value):
            first = TEMPORAL[attribute.vr].first(value)
            return _between(attribute, (first, first), offset_of(value), stored)
        case ListOfUID(values):
            return any_of(*(moment_condition(attribute, SingleValue(value), stored) for value in values))
        case Range(first, last):
            bounds = TEMPORAL[attribute.vr].bounds(attribute.keyword, first, last)
            offsets = (offset_of(first or ""), offset_of(last or ""))
            return _between(attribute, bounds, offsets[0] or offsets[1], stored, offsets[1] or offsets[0])


def combined_condition(attribute: Attribute, key: DateTimeRange, stored: str, time: str) -> Condition:
    """The condition on a date and the time that belongs to it, as if they were one DT (C.2.2.2.5.4).

    A range of days comes first, which an index answers. Raises InvalidQuery for no range.
    """
    dates = TEMPORAL["DA"].bounds(attribute.keyword, key.dates.first, key.dates.last)
    times = TEMPORAL["TM"].ends(key.time.keyword, key.times.first, key.times.last)
    lower, upper = dates[0] + times[0], dates[1] + times[1]
    if lower > upper:
        raise InvalidQuery(f"{attribute.keyword}: the range ends before it begins")
    date, clock = TEMPORAL["DA"].normal_sql(stored), TEMPORAL["TM"]
    known = f"CASE WHEN {clock.valid_sql(time)} THEN {clock.normal_sql(time)} END"
    moment = f"{date} || CASE WHEN coalesce({time}, '') = '' THEN '{_MIDNIGHT}' ELSE {known} END"
    return Condition(f"{date} BETWEEN ? AND ? AND {moment} BETWEEN ? AND ?", (*dates, lower, upper))


def _between(
    attribute: Attribute, bounds: tuple[str, str], offset: str, stored: str, last_offset: str = ""
) -> Condition:
    temporal = TEMPORAL[attribute.vr]
    normal = temporal.normal_sql(stored)
    is_one = bounds[0] == bounds[1]
    found = Condition(f"{normal} = ?", bounds[:1]) if is_one else Condition(f"{normal} BETWEEN ? AND ?", bounds)
    if attribute.vr == "DA":
        return found  # nothing else has that normal form
    if offset:
        utc = to_utc(bounds[0], offset), to_utc(bounds[1], last_offset or offset)
        has_offset = _HAS_OFFSET.format(column=stored)
        either = f"CASE WHEN {has_offset} THEN {utc_sql(stored)} BETWEEN ? AND ? ELSE {normal} BETWEEN ? AND ? END"
        found = Condition(either, (*utc, *bounds))
    # What is cut or filled up to the normal form can look like a time that it never was.
    return Condition(f"{found.sql} AND {temporal.valid_sql(stored)}", found.parameters)
