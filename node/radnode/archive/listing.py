"""Stored files, the newest first, a page at a time; what the REST API's list shows.

The order is by the second of arrival, latest first, then by path. A page begins behind a cursor, so objects that
arrive meanwhile neither repeat nor hide any.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from radnode.archive.condition import Condition
from radnode.archive.cursor import Cursor, decode_cursor
from radnode.archive.file_filter import FileFilter, restrictions
from radnode.archive.index import Index
from radnode.archive.plan import JOINS
from radnode.archive.schema import BY_PARENT, SECOND_OF_ARRIVAL, TABLES
from radnode.model.errors import InvalidQuery
from radnode.model.file_path import FilePath
from radnode.model.level import Level
from radnode.model.uid import UID

__all__ = ["FileFilter", "FilePage", "FileRow", "list_files"]

_PATH = "'studies/' || studies.StudyInstanceUID || '/' || series.SeriesInstanceUID || '/' || instances.name || '.dcm'"
_COLUMNS = (
    "studies.StudyInstanceUID, series.SeriesInstanceUID, instances.name, patients.PatientID, patients.PatientName, "
    "series.Modality, studies.StudyDate, studies.StudyDescription, instances.arrived"
)
_PAGE_LIMIT = 1000
_SEEN = 5000
"""So many files are looked at on the way from the newest, before all that match are looked through instead."""
_BEGIN_OF_TIME, _END_OF_TIME = -(2**62), 2**62


Filters = list[tuple[Level, Condition]]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One stored object; attributes it does not have are "". `arrived`: nanoseconds since the epoch (UTC)."""

    path: FilePath
    patient_id: str
    patient_name: str
    modality: str
    study_date: str
    study_description: str
    arrived: int


@dataclass(frozen=True, slots=True)
class FilePage:
    """Some of the files that match; `total` counts all that do, `next` is the cursor of the page behind this one."""

    files: tuple[FileRow, ...]
    total: int
    next: str | None


def list_files(index: Index, wanted: FileFilter, *, limit: int, cursor: str | None) -> FilePage:
    """At most `limit` (1 to 1000) files for which every filter holds, behind `cursor` or from the newest.

    Raises InvalidQuery for a cursor that is none, bad dates or a bad limit; OutOfResources.
    """
    if not 1 <= limit <= _PAGE_LIMIT:
        raise InvalidQuery(f"limit must be 1 to {_PAGE_LIMIT}")
    after = decode_cursor(cursor) if cursor else None
    filters = restrictions(wanted)
    with index.reading_one_state() as connection:
        total, everything = _count(connection, filters)
        rows = _page(connection, filters, after, limit + 1, total / (everything or 1))
    files = tuple(_file_row(row) for row in rows[:limit])
    end = Cursor(files[-1].arrived // 10**9, files[-1].path).encode() if len(rows) > limit else None
    return FilePage(files, total, end)


def _count(connection: sqlite3.Connection, filters: Filters) -> tuple[int, int]:
    """How many files match, and how many there are; filters are on parents, and parents count their files."""
    everything = int(connection.execute("SELECT value FROM counters WHERE name = 'files'").fetchone()[0])
    if not filters:
        return everything, everything
    deepest = max(level for level, _ in filters)
    selection = _selection(filters, _downwards(filters, deepest))
    sql = f"SELECT coalesce(sum({TABLES[deepest]}.instances), 0) {selection.sql}"
    return int(connection.execute(sql, selection.parameters).fetchone()[0]), everything


def _page(
    connection: sqlite3.Connection, filters: Filters, after: Cursor | None, limit: int, share: float
) -> list[sqlite3.Row]:
    """The page, by the way that is probably short: `share` of all files match, but perhaps none of the newest."""
    if not filters:
        return _newest(connection, filters, after, limit)
    if share * _SEEN >= limit:
        latest = f"SELECT {SECOND_OF_ARRIVAL} FROM instances WHERE {SECOND_OF_ARRIVAL} <= ?"  # noqa: S608
        order = f"ORDER BY {SECOND_OF_ARRIVAL} DESC LIMIT 1 OFFSET {_SEEN}"
        far = connection.execute(f"{latest} {order}", (after.second if after else _END_OF_TIME,)).fetchone()
        since = Condition(f"{SECOND_OF_ARRIVAL} > ?", (far[0] if far else _BEGIN_OF_TIME,))
        rows = _newest(connection, [*filters, (Level.IMAGE, since)], after, limit)
        if len(rows) == limit or far is None:
            return rows
    return _chosen(connection, filters, after, limit)


def _newest(connection: sqlite3.Connection, filters: Filters, after: Cursor | None, limit: int) -> list[sqlite3.Row]:
    """The page, met on the way from the newest file."""
    selection = _selection([*filters, *_behind(after)], list(reversed(Level)))
    sql = f"SELECT {_COLUMNS} {selection.sql} ORDER BY {SECOND_OF_ARRIVAL} DESC, {_PATH} LIMIT {limit}"
    return connection.execute(sql, selection.parameters).fetchall()


def _chosen(connection: sqlite3.Connection, filters: Filters, after: Cursor | None, limit: int) -> list[sqlite3.Row]:
    """The page, out of all the files that match: first the second in which it ends, then what arrived since."""
    tables = _downwards(filters, Level.IMAGE)
    earlier = [(Level.IMAGE, Condition(f"{SECOND_OF_ARRIVAL} < ?", (after.second,)))] if after else []
    selection = _selection([*filters, *earlier], tables)
    order = f"ORDER BY {SECOND_OF_ARRIVAL} DESC LIMIT 1 OFFSET {limit - 1}"
    last = connection.execute(f"SELECT {SECOND_OF_ARRIVAL} {selection.sql} {order}", selection.parameters).fetchone()
    since = (Level.IMAGE, Condition(f"{SECOND_OF_ARRIVAL} >= ?", (last[0] if last else _BEGIN_OF_TIME,)))
    selection = _selection([*filters, since, *_behind(after)], tables)
    order = f"ORDER BY {SECOND_OF_ARRIVAL} DESC, {_PATH} LIMIT {limit}"
    return connection.execute(f"SELECT {_COLUMNS} {selection.sql} {order}", selection.parameters).fetchall()


def _behind(after: Cursor | None) -> Filters:
    if after is None:
        return []
    behind = f"{SECOND_OF_ARRIVAL} <= ? AND ({SECOND_OF_ARRIVAL} < ? OR {_PATH} > ?)"
    return [(Level.IMAGE, Condition(behind, (after.second, after.second, str(after.path))))]


def _downwards(filters: Filters, deepest: Level) -> list[Level]:
    """The tables from the first filter's: up to its parents, then down to `deepest`."""
    first, highest = filters[0][0], Level.PATIENT if deepest is Level.IMAGE else min(level for level, _ in filters)
    parents = [level for level in reversed(Level) if highest <= level < first]
    return [first, *parents, *(level for level in Level if first < level <= deepest)]


def _selection(filters: Filters, tables: list[Level]) -> Condition:
    """FROM and WHERE, with their parameters; CROSS JOIN keeps the tables in this order."""
    joins = [sql for level, sql in JOINS.items() if level in tables and Level(level - 1) in tables]
    where = " AND ".join(f"({sql})" for sql in (*joins, *(one.sql for _, one in filters)))
    sql = (
        f"FROM {' CROSS JOIN '.join(_table(level, tables[:place]) for place, level in enumerate(tables))} WHERE {where}"
    )
    return Condition(sql, tuple(parameter for _, one in filters for parameter in one.parameters))


def _table(level: Level, before: Sequence[Level]) -> str:
    """How a table is visited after those; without these words SQLite may go through a modality for each study."""
    return f"{TABLES[level]} INDEXED BY {BY_PARENT[level]}" if level - 1 in before else TABLES[level]


def _file_row(row: sqlite3.Row) -> FileRow:
    study, series, name, *texts, arrived = row
    patient_id, patient_name, modality, date, description = (text or "" for text in texts)
    return FileRow(
        FilePath(UID(study), UID(series), name), patient_id, patient_name, modality, date, description, arrived
    )
