"""What a retrieval is about (PS3.4 C.4.2, C.4.3): its objects counted beforehand, then told in a stable order.

The order is that of a reader: by series, within a series by instance number. Between pages no transaction is held, and
of all objects only a page is, so a patient of a hundred thousand costs what one of ten does.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from radnode.archive.condition import Condition, all_of
from radnode.archive.holdings import Holding, holding_in
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.matching import condition
from radnode.archive.plan import JOINS
from radnode.archive.schema import TABLES
from radnode.model.level import Level
from radnode.model.query import Query
from radnode.model.uid import UID

PAGE = 500
"""Objects that are held at a time at most."""
_KINDS = """
SELECT series.id, studies.StudyInstanceUID AS study_uid, series.SeriesInstanceUID AS series_uid,
       ifnull(CAST(series.SeriesNumber AS INTEGER), 0) AS number, ifnull(series.Modality, '') AS modality,
       instances.SOPClassUID, instances.transfer_syntax, count(*) AS objects
"""
_IN_ORDER = """
GROUP BY series.id, instances.SOPClassUID, instances.transfer_syntax
ORDER BY studies.id, CAST(series.SeriesNumber AS INTEGER), series.SeriesInstanceUID
"""
_NUMBER = "ifnull(CAST(instances.InstanceNumber AS INTEGER), 0)"
_OBJECTS = f"""
SELECT instances.id, {_NUMBER} AS number, instances.SOPInstanceUID, instances.SOPClassUID, instances.transfer_syntax,
       instances.sha256, instances.size, instances.name
FROM instances
"""  # noqa: S608 - our own columns

Kind = tuple[str, str]
"""SOP class and transfer syntax, for which a presentation context is needed."""


@dataclass(frozen=True, slots=True)
class SeriesToRetrieve:
    """A series with objects to retrieve; `number` is its Series Number, or 0, `modality` as it is stored, or ""."""

    id: int
    study: UID
    uid: UID
    number: int
    modality: str

    def holding(self, row: sqlite3.Row) -> Holding:
        """An object of this series."""
        return holding_in(self.study, self.uid, row)


@dataclass(frozen=True, slots=True)
class Told:
    """An object to retrieve, its series, and its Instance Number, or 0."""

    series: SeriesToRetrieve
    number: int
    holding: Holding


class Retrieval:
    """The objects that a query of unique keys names: counted when it is made, told as they are when they are told.

    So one that comes or is replaced meanwhile, with another number or in another series, may be told or not.
    """

    def __init__(self, layout: Layout, index: Index, query: Query) -> None:
        """Count the objects. Raises InvalidQuery for keys that are none, OutOfResources when the index fails."""
        self._layout = layout
        self._index = index
        found = [(a.level, c) for a, key in query.keys if (c := condition(a, key)) is not None]
        self._of_instances = [one for level, one in found if level is Level.IMAGE]
        kinds: Counter[Kind] = Counter()
        series: dict[int, SeriesToRetrieve] = {}
        for row in index.rows(*_counting(query.level, [one for _, one in found])):
            series[row["id"]] = _series_of(row)
            kinds[row["SOPClassUID"], row["transfer_syntax"]] += row["objects"]
        self._series = tuple(series.values())
        self.kinds: Mapping[Kind, int] = kinds
        """How many objects there are of each kind."""

    @property
    def total(self) -> int:
        """How many objects there are."""
        return sum(self.kinds.values())

    def __iter__(self) -> Iterator[Holding]:
        """Each object; one that has gone meanwhile is left out. Raises OutOfResources when the index fails."""
        return (told.holding for told in self.told())

    def told(self) -> Iterator[Told]:
        """As iterating, each object with what a reader calls it by."""
        for series in self._series:
            page = self._page(series.id)
            while page:
                yield from (Told(series, row["number"], self._standing(series, row)) for row in page)
                after = Condition(f"({_NUMBER}, instances.id) > (?, ?)", (page[-1]["number"], page[-1]["id"]))
                page = self._page(series.id, after) if len(page) == PAGE else []

    def _standing(self, series: SeriesToRetrieve, row: sqlite3.Row) -> Holding:
        """The object of a row: receivers may be slow, and what was replaced since its page was read has moved away."""
        holding = series.holding(row)
        if self._layout.current(holding.path).exists():
            return holding
        now = self._page(series.id, Condition("instances.SOPInstanceUID = ?", (holding.sop_instance,)))
        return series.holding(now[0]) if now else holding

    def _page(self, series: int, *further: Condition) -> list[sqlite3.Row]:
        found = all_of(Condition("instances.series = ?", (series,)), *self._of_instances, *further)
        sql = f"{_OBJECTS} WHERE {found.sql} ORDER BY number, instances.id LIMIT {PAGE}"
        return list(self._index.rows(sql, found.parameters))


def _series_of(row: sqlite3.Row) -> SeriesToRetrieve:
    return SeriesToRetrieve(
        row["id"], UID(row["study_uid"]), UID(row["series_uid"]), row["number"], str(row["modality"])
    )


def _counting(level: Level, conditions: Sequence[Condition]) -> tuple[str, tuple[str | int, ...]]:
    """The SELECT that counts. Tables are visited from that of the keys on: first their parents, then their children."""
    above = [TABLES[other] for other in reversed(Level) if other < level]
    below = [TABLES[other] for other in Level if other > level]
    tables = " CROSS JOIN ".join([TABLES[level], *above, *below])
    found = all_of(*map(Condition, JOINS.values()), *conditions)
    return f"{_KINDS} FROM {tables} WHERE {found.sql} {_IN_ORDER}", found.parameters
