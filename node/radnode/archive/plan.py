"""In which order the index answers a query: pure, from a query to the SQL of one page of answers.

Answers come in the order of an index, and a page begins where the last one ended (keyset paging): so the first answer
is as quick as the millionth, nothing is sorted, and no transaction outlives a page. The query's most selective key
that has an index leads; without one it is the topmost table that has a condition, in the order of its ids. From the
leading table parents are looked up by id, and children one after another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from radnode.archive.condition import Condition, all_of, none_of
from radnode.archive.matching import condition, matched_sql, returned
from radnode.archive.names import alternatives
from radnode.archive.schema import BY_PARENT, SECOND_OF_ARRIVAL, TABLES
from radnode.archive.temporal import TEMPORAL
from radnode.archive.wildcards import canonical, literal_prefix
from radnode.model.attributes import Attribute
from radnode.model.level import Level
from radnode.model.query import DateTimeRange, ListOfUID, MatchingKey, Query, Range, SequenceKey, SingleValue, Wildcard

Position = tuple[str | int, ...]
"""The keyset values of an answer."""
Restriction = tuple[Attribute, MatchingKey, Condition]

_LEADERS = (
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "AccessionNumber",
    "PatientID",
    "StudyID",
    "PatientName",
    "PatientBirthDate",
    "StudyDate",
    "Modality",
)
"""Attributes with an index, the most selective first."""
_FEW_DAYS = 14

JOINS = {
    Level.STUDY: "patients.id = studies.patient",
    Level.SERIES: "studies.id = series.study",
    Level.IMAGE: "series.id = instances.series",
}
"""How each level's table is joined to its parent's."""
_ORDER_AMONG_SIBLINGS: dict[Level, tuple[str, ...]] = {
    Level.PATIENT: (),
    Level.STUDY: ("studies.StudyInstanceUID",),
    Level.SERIES: ("series.SeriesInstanceUID",),
    Level.IMAGE: (SECOND_OF_ARRIVAL, "instances.id"),
}
"""As the indexes that lead from a parent to its children have them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT: `answer` columns first, then the values of the keyset."""

    sql: str
    parameters: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one query (or the part of it for one value of a list) is answered."""

    level: Level
    start: Level
    returns: tuple[Condition, ...]
    """The expressions of what is answered, with their parameters."""
    conditions: tuple[Condition, ...]
    keyset: tuple[str, ...]
    ranged: bool
    """The first condition is a range of the first keyset value, and its first parameter the lower end."""

    def page(self, after: Position | None, limit: int) -> Statement:
        """The SELECT for the first `limit` answers after a position."""
        tables = [TABLES[self.start]]
        tables += [TABLES[level] for level in reversed(Level) if level < self.start]
        # Without these words SQLite may go through all series of a modality for each study.
        tables += [
            f"{TABLES[level]} INDEXED BY {BY_PARENT[level]}" for level in Level if self.start < level <= self.level
        ]
        joins = [Condition(JOINS[level], ()) for level in JOINS if level <= self.level]
        where = [*joins, *self.conditions]
        if after is not None:
            where = [*joins, *self._continued(after), *_after(self.keyset, after)]
        # CROSS JOIN keeps this order of tables, which is the order of the keyset.
        parts = [
            f"SELECT {', '.join((*(part.sql for part in self.returns), *self.keyset))}",
            f"FROM {' CROSS JOIN '.join(tables)}",
            f"WHERE {' AND '.join(f'({part.sql})' for part in where)}" if where else "",
            f"ORDER BY {', '.join(self.keyset)} LIMIT {limit}",
        ]
        return Statement(" ".join(parts), tuple(value for part in (*self.returns, *where) for value in part.parameters))

    def _continued(self, after: Position) -> Sequence[Condition]:
        """The conditions; a range that leads begins where the last page ended, or the index is read from its start."""
        if not self.ranged:
            return self.conditions
        leading = self.conditions[0]
        return [Condition(leading.sql, (str(after[0]), *leading.parameters[1:])), *self.conditions[1:]]


def plans(query: Query) -> Iterator[Plan]:
    """The plans whose answers, one after another, are the query's; more than one where a list of values leads.

    Keys and return attributes of a level below the query's have no part in it. Raises InvalidQuery, at once.
    """
    restrictions = [
        (attribute, key, found)
        for attribute, key in query.keys
        if attribute.level <= query.level and (found := condition(attribute, key)) is not None
    ]
    ranked = [(rank, restriction) for restriction in restrictions if (rank := _rank(*restriction[:2])) is not None]
    leader = min(ranked, key=lambda pair: pair[0])[1] if ranked else None
    others = [_without_index(restriction[2]) for restriction in restrictions if restriction is not leader]
    if query.relational:
        others += _below(query)
    if leader is None:
        start = min((attribute.level for attribute, _, _ in restrictions), default=query.level)
        return iter((_plan(query, start, (), others),))
    return _led_by(query, leader, others)


def _without_index(found: Condition) -> Condition:
    """The condition in words for which SQLite uses no index: that of another key may have far more."""
    # Twice NOT; behind a plus sign SQLite would look at all parts of the condition, also once it cannot hold any more.
    return Condition(f"NOT NOT ({found.sql})", found.parameters)


def _below(query: Query) -> Iterator[Condition]:
    """The condition that one branch below an entity matches the keys there, if there are any."""
    keys = [(attribute, key) for attribute, key in query.keys if attribute.level > query.level]
    found = [one for attribute, key in keys if (one := condition(attribute, key)) is not None]
    if not found:
        return
    lowest = max(attribute.level for attribute, _ in keys)
    first, *rest = [level for level in Level if query.level < level <= lowest]
    parts = all_of(*(Condition(JOINS[level]) for level in rest), *found)
    own, parent = JOINS[first].split(" = ")
    if any((rank := _rank(attribute, key)) is not None and rank[0] <= 2 for attribute, key in keys):
        # An index has the few that match: the search begins there.
        tables = ", ".join(TABLES[level] for level in (first, *rest))
        yield Condition(f"{own} IN (SELECT {parent} FROM {tables} WHERE {parts.sql})", parts.parameters)  # noqa: S608
    else:
        # Without these words SQLite may go through all series of a modality for each study.
        tables = " CROSS JOIN ".join(f"{TABLES[level]} INDEXED BY {BY_PARENT[level]}" for level in (first, *rest))
        yield Condition(f"EXISTS (SELECT 1 FROM {tables} WHERE {JOINS[first]} AND {parts.sql})", parts.parameters)  # noqa: S608


def _led_by(query: Query, leader: Restriction, others: Sequence[Condition]) -> Iterator[Plan]:
    for part, ordered in _leads(*leader):
        yield _plan(query, leader[0].level, (ordered,) if ordered else (), [part, *others])


def _leads(attribute: Attribute, key: MatchingKey, found: Condition) -> Iterator[tuple[Condition, str | None]]:
    """The parts of a condition, none of which has entities of another; with the order in which an index has them."""
    match key:
        case ListOfUID(values):
            # Two spellings of one date are one condition, and no entity may come twice.
            parts = dict.fromkeys(condition(attribute, SingleValue(value)) for value in values)
            yield from ((part, None) for part in parts if part is not None)
        case SingleValue() | Wildcard() if attribute.vr == "PN":
            earlier: list[Condition] = []
            for name in alternatives(matched_sql(attribute), key):
                yield (all_of(name.condition, none_of(*earlier)) if earlier else name.condition), name.ordered
                earlier.append(name.condition)
        case SingleValue():
            yield found, None
        case Range() if attribute.vr == "DA" and _days(key) == 1:  # is that of a single value
            yield found, None
        case _:
            yield found, matched_sql(attribute)


def _plan(query: Query, start: Level, ordered: tuple[str, ...], conditions: Sequence[Condition]) -> Plan:
    below = [column for level in Level if start < level <= query.level for column in _ORDER_AMONG_SIBLINGS[level]]
    sequences = {attribute.tag: key for attribute, key in query.keys if isinstance(key, SequenceKey)}
    returns = tuple(
        returned(a, sequences.get(a.tag)) if a.level <= query.level else Condition("NULL") for a in query.returns
    )
    keyset = (*ordered, f"{TABLES[start]}.id", *below)
    return Plan(query.level, start, returns, tuple(conditions), keyset, ranged=bool(ordered))


def _rank(attribute: Attribute, key: MatchingKey) -> tuple[int, int] | None:
    """The lower, the fewer matches are likely; None for a key that no index can lead."""
    if attribute.keyword not in _LEADERS or (attribute.vr == "PN" and not _is_led_name(attribute, key)):
        return None
    place = _LEADERS.index(attribute.keyword)
    match key:
        case SingleValue() | ListOfUID() if attribute.keyword == "Modality":
            kind = 4
        case SingleValue() | Range() | DateTimeRange() if attribute.vr == "DA":
            # Some days have fewer than there are names that begin with some letter.
            kind = 2 if _days(key) <= (_FEW_DAYS if attribute.keyword == "StudyDate" else 1) else 3
        case SingleValue():
            kind = 0
        case ListOfUID():
            kind = 1
        case Wildcard(pattern) if prefix := literal_prefix(canonical(pattern)):
            kind, place = 3, place - len(_LEADERS) * len(prefix)
        case Wildcard() if attribute.vr == "PN":
            kind = 3
        case _:
            return None
    return kind, place


def _days(key: SingleValue | Range | DateTimeRange) -> float:
    """How many days there are at most from the first to the last one asked for."""
    if isinstance(key, SingleValue):
        return 1
    dates = key.dates if isinstance(key, DateTimeRange) else key
    if dates.first is None or dates.last is None:
        return inf
    ends = TEMPORAL["DA"].bounds("", dates.first, dates.last)
    first, last = (int(end[:4]) * 372 + int(end[4:6]) * 31 + int(end[6:]) for end in ends)
    return 1 + last - first


def _is_led_name(attribute: Attribute, key: MatchingKey) -> bool:
    """Whether an index has the order of every part of a name's condition."""
    if not isinstance(key, SingleValue | Wildcard):
        return False
    return all(name.ordered for name in alternatives(matched_sql(attribute), key))


def _after(keyset: tuple[str, ...], position: Position) -> Iterator[Condition]:
    """Row value comparison taken apart, so that each table's part is checked before its children are visited."""
    last = len(keyset) - 1
    for depth, column in enumerate(keyset):
        beyond = [f"{keyset[i]} > ?" for i in range(depth)]
        here = f"{column} {'>' if depth == last else '>='} ?"
        yield Condition(" OR ".join([*beyond, here]), tuple(position[: depth + 1]))
