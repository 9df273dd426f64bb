"""Dates and times moved by whole days (PS3.5 6.2: DA, DT); what is no date has no moved form."""

import re
from datetime import date, timedelta

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_LEGACY = re.compile(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})")
_TIME = r"(?:[0-9]{2}){0,3}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})?"
_DATE_TIME = re.compile(rf"([0-9]{{4}})(?:([0-9]{{2}})(?:([0-9]{{2}})({_TIME}))?)?([+-][0-9]{{4}})?")
_CLOCK = re.compile(r"[0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]{1,6})?)?)?")


def moved(text: str, vr: str, days: int) -> str | None:
    """The value `days` earlier, each of several and both ends of a range; None where one of them is no date.

    A time (TM) is moved by whole days and so stays; of an incomplete DT the middle of its year or month is moved.
    """
    move = {"DA": _date, "DT": _date_time, "TM": _time}[vr]
    values = []
    for value in text.split("\\"):
        ends = [value.strip(" \0")] if vr == "DT" else [end.strip(" \0") for end in value.split("-")]
        parts = [move(end, days) if end else "" for end in ends]
        if len(ends) > 2 or any(part is None for part in parts):
            return None
        values.append("-".join(part or "" for part in parts))
    return "\\".join(values)


def _date(text: str, days: int) -> str | None:
    for form, delimiter in ((_DATE, ""), (_LEGACY, ".")):
        found = form.fullmatch(text)
        if found is not None:
            earlier = _earlier(int(found[1]), int(found[2]), int(found[3]), days)
            return None if earlier is None else delimiter.join(earlier)
    return None


def _date_time(text: str, days: int) -> str | None:
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, time, zone = found.groups(default="")
    earlier = _earlier(int(year), int(month or 7), int(day or (15 if month else 1)), days)
    if earlier is None:
        return None
    return "".join(earlier[: 1 + bool(month) + bool(day)]) + time + zone


def _time(text: str, days: int) -> str | None:
    del days
    return text if _CLOCK.fullmatch(text) else None


def _earlier(year: int, month: int, day: int, days: int) -> tuple[str, str, str] | None:
    try:
        earlier = date(year, month, day) - timedelta(days)
    except (ValueError, OverflowError):
        return None
    return f"{earlier.year:04}", f"{earlier.month:02}", f"{earlier.day:02}"
