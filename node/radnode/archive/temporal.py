"""Dates and times as SQL compares them: by their meaning, not as text (PS3.4 C.2.2.2.1 and C.2.2.2.5).

Values are stored as they came, so both sides are brought to one normal form of fixed width: a DA without the full
stops of ACR-NEMA 2.0, a TM as HHMMSS.FFFFFF without colons, a DT as YYYYMMDDHHMMSS.FFFFFF. A DT counts in UTC where
both sides say how far they are from it, otherwise as it is written. Whatever is no date or time matches no such key.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from radnode.model.errors import InvalidQuery

_OFFSET = re.compile(r"[+-]\d{4}$")
_CLOCK_GLOB = "[0-2][0-9][0-5][0-9][0-6][0-9]." + "[0-9]" * 6


@dataclass(frozen=True, slots=True)
class Temporal:
    """How values of one VR (DA, TM or DT) are written and compared."""

    shape: re.Pattern[str]
    separator: str
    """What older spellings have between the parts."""
    missing: str
    """A whole value; its end is what the missing end of a shorter one means."""
    bare_sql: str
    lengths: tuple[int, ...]

    def normal_sql(self, column: str) -> str:
        """The normal form of a column's value, as an expression."""
        bare = self.bare_sql.format(column=column)
        if len(self.missing) == 8:  # checked here, so that the index has the outcome
            return f"CASE WHEN {_calendar_sql(bare)} THEN {bare} END"
        return f"substr({bare} || substr('{self.missing}', length({bare}) + 1), 1, {len(self.missing)})"

    def valid_sql(self, column: str) -> str:
        """Whether a column's value, TM or DT, is a date or time at all; the normal form of any other DA is NULL."""
        normal, bare = self.normal_sql(column), self.bare_sql.format(column=column)
        checks = [f"length({bare}) IN ({', '.join(map(str, self.lengths))})"]
        clock = normal
        if not self.missing.startswith("0000"):
            checks.append(_calendar_sql(f"substr({normal}, 1, 8)"))
            clock = f"substr({normal}, 9)"
        checks.append(f"{clock} GLOB '{_CLOCK_GLOB}' AND {clock} < '24' AND substr({clock}, 5, 2) <= '60'")
        return " AND ".join(checks)

    def bare(self, text: str) -> str:
        """A key's value in today's spelling, with the precision that it had."""
        return _OFFSET.sub("", text).replace(self.separator, "")

    def first(self, text: str) -> str:
        """The first moment that a key's value means, in the normal form; other text as it is."""
        bare = self.bare(text)
        return bare + self.missing[len(bare) :] if self.shape.fullmatch(bare) else text

    def bounds(self, keyword: str, first: str | None, last: str | None) -> tuple[str, str]:
        """The ends of a range in the normal form, `last` up to the end of its precision; InvalidQuery for no range."""
        lower, upper = self.ends(keyword, first, last)
        if lower > upper:
            raise InvalidQuery(f"{keyword}: the range ends before it begins")
        return lower, upper

    def ends(self, keyword: str, first: str | None, last: str | None) -> tuple[str, str]:
        """As `bounds`, in whatever order."""
        for end in (first, last):
            if end is not None and not self.shape.fullmatch(self.bare(end)):
                raise InvalidQuery(f"{keyword}: an end of the range is none")
        nines = re.sub(r"\d", "9", self.missing)
        lower = self.first(first) if first is not None else re.sub(r"\d", "0", self.missing)
        upper = self.bare(last) + nines[len(self.bare(last)) :] if last is not None else nines
        return lower, upper


def offset_of(text: str) -> str:
    """How far a DT says it is from UTC, as +HHMM; "" where it does not say."""
    found = _OFFSET.search(text)
    return found[0] if found else ""


def to_utc(normal: str, offset: str) -> str:
    """The normal form of a DT that is so far from UTC, in UTC; what is no moment of the calendar as it is."""
    try:
        # Beyond the end of a month or a minute stands what a shorter value means up to: the moment before the next one.
        year, month = int(normal[:4]), min(int(normal[4:6]), 12)
        day = min(int(normal[6:8]), monthrange(year, month)[1])
        hour, minute, second = (min(int(normal[at : at + 2]), most) for at, most in ((8, 23), (10, 59), (12, 59)))
        ahead = timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:]))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, OverflowError):
        return normal
    return f"{moment.year:04d}{moment:%m%d%H%M%S}{normal[14:]}"


def utc_sql(column: str) -> str:
    """The normal form of a DT column's value in UTC, as an expression, where it says how far it is from it."""
    normal = TEMPORAL["DT"].normal_sql(column)
    date = "|| '-' ||".join(f"substr({normal}, {at}, {size})" for at, size in ((1, 4), (5, 2), (7, 2)))
    clock = "|| ':' ||".join(f"substr({normal}, {at}, 2)" for at in (9, 11, 13))
    offset = f"substr({column}, -5, 3) || ':' || substr({column}, -2)"
    return f"strftime('%Y%m%d%H%M%S', {date} || ' ' || {clock} || {offset}) || substr({normal}, 15)"


def _calendar_sql(date: str) -> str:
    # Nonsense comes back as NULL, a day that the month does not have as another one (once days are added).
    parts = f"substr({date}, 1, 4) || '-' || substr({date}, 5, 2) || '-' || substr({date}, 7)"
    return f"strftime('%Y%m%d', {parts}, '+0 days') = {date}"


_DATE = r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?"

TEMPORAL: dict[str, Temporal] = {
    "DA": Temporal(re.compile(_DATE, re.ASCII), ".", "00010101", "replace({column}, '.', '')", (8,)),
    "TM": Temporal(
        re.compile(_CLOCK, re.ASCII), ":", "000000.000000", "replace({column}, ':', '')", (2, 4, 6, *range(8, 14))
    ),
    "DT": Temporal(
        re.compile(rf"\d{{4}}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])({_CLOCK})?)?)?", re.ASCII),
        ":",
        "00010101000000.000000",
        "CASE WHEN substr({column}, -5, 1) IN ('+', '-') THEN substr({column}, 1, length({column}) - 5)"
        " ELSE {column} END",
        (4, 6, 8, 10, 12, 14, *range(16, 22)),
    ),
}
"""By VR. The index on StudyDate is on the expression `normal_sql` of DA."""
