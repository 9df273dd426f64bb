"""In which order the index answers a query: pure, from a query to the SQL of one page of answers.

Answers come in the order of an index, and a page begins where the last one ended (keyset paging): so the first answer
is as quick as the millionth, nothing is sorted, and no transaction outlives a page. The query's most selective key
that has an index leads; without one it is the topmost table that has a condition, in the order of its ids. From the
leading table parents are looked up by id, and children one after another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from radnode.archive.matching import Condition, condition, matched_sql, prefix_of, stored_sql
from radnode.archive.schema import SECOND_OF_ARRIVAL, TABLES
from radnode.model.attributes import Attribute
from radnode.model.level import Level
from radnode.model.query import ListOfUID, MatchingKey, Query, Range, SingleValue

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
    "StudyDate",
    "Modality",
)
"""Attributes with an index, the most selective first."""

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
    returns: tuple[str, ...]
    conditions: tuple[Condition, ...]
    keyset: tuple[str, ...]
    ranged: bool
    """The first condition is a range of the first keyset value, and its first parameter the lower end."""

    def page(self, after: Position | None, limit: int) -> Statement:
        """The SELECT for the first `limit` answers after a position."""
        tables = [TABLES[self.start]]
        tables += [TABLES[level] for level in reversed(Level) if level < self.start]
        tables += [TABLES[level] for level in Level if self.start < level <= self.level]
        joins = [Condition(JOINS[level], ()) for level in JOINS if level <= self.level]
        where = [*joins, *self.conditions]
        if after is not None:
            where = [*joins, *self._continued(after), *_after(self.keyset, after)]
        # CROSS JOIN keeps this order of tables, which is the order of the keyset.
        parts = [
            f"SELECT {', '.join((*self.returns, *self.keyset))}",
            f"FROM {' CROSS JOIN '.join(tables)}",
            f"WHERE {' AND '.join(f'({part.sql})' for part in where)}" if where else "",
            f"ORDER BY {', '.join(self.keyset)} LIMIT {limit}",
        ]
        return Statement(" ".join(parts), tuple(value for part in where for value in part.parameters))

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
    if not ranked:
        start = min((attribute.level for attribute, _, _ in restrictions), default=query.level)
        return iter((_plan(query, start, (), [found for _, _, found in restrictions]),))
    leader = min(ranked, key=lambda pair: pair[0])[1]
    return _led_by(query, leader, [restriction[2] for restriction in restrictions if restriction is not leader])


def _led_by(query: Query, leader: Restriction, others: Sequence[Condition]) -> Iterator[Plan]:
    attribute, key, found = leader
    if isinstance(key, ListOfUID):
        done: set[Condition] = set()
        for value in key.values:
            part = condition(attribute, SingleValue(value))
            # Two spellings of one name or date are one condition, and no entity may come twice.
            if part is not None and part not in done:
                done.add(part)
                yield _plan(query, attribute.level, (), [part, *others])
    else:
        ordered = () if isinstance(key, SingleValue) else (matched_sql(attribute),)
        yield _plan(query, attribute.level, ordered, [found, *others])


def _plan(query: Query, start: Level, ordered: tuple[str, ...], conditions: Sequence[Condition]) -> Plan:
    below = [column for level in Level if start < level <= query.level for column in _ORDER_AMONG_SIBLINGS[level]]
    returns = tuple(stored_sql(a) if a.level <= query.level else "NULL" for a in query.returns)
    keyset = (*ordered, f"{TABLES[start]}.id", *below)
    return Plan(query.level, start, returns, tuple(conditions), keyset, ranged=bool(ordered))


def _rank(attribute: Attribute, key: MatchingKey) -> tuple[int, int] | None:
    """The lower, the fewer matches are likely; None for a key that no index can lead."""
    if attribute.keyword not in _LEADERS:
        return None
    place = _LEADERS.index(attribute.keyword)
    match key:
        case SingleValue():
            return (3 if attribute.keyword == "Modality" else 0), place
        case ListOfUID():
            return (4 if attribute.keyword == "Modality" else 1), place
        case Range():
            return 2, place
        case _:
            return (2, place) if prefix_of(attribute, key) else None


def _after(keyset: tuple[str, ...], position: Position) -> Iterator[Condition]:
    """Row value comparison taken apart, so that each table's part is checked before its children are visited."""
    last = len(keyset) - 1
    for depth, column in enumerate(keyset):
        beyond = [f"{keyset[i]} > ?" for i in range(depth)]
        here = f"{column} {'>' if depth == last else '>='} ?"
        yield Condition(" OR ".join([*beyond, here]), tuple(position[: depth + 1]))
