"""Describing rows anew that wait for it (`radnode.archive.fitting`), from objects' headers, beside a running node.

First every object's own row, then what series, studies and patients say. Each piece is a transaction that also notes
how far it has come, so what was interrupted goes on there.
"""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from radnode.archive import parents, rows
from radnode.archive.describing import describe, description_of
from radnode.archive.digest import map_dataset
from radnode.archive.findings import Progress
from radnode.archive.fitting import count_waiting, described_by
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.schema import REVISION, TABLES
from radnode.archive.workers import reading_files
from radnode.instance.header import read_header
from radnode.model.attribute_table import AttributeTable
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.uid import UID

STEP = "rows described anew"
_OBJECTS = 500  # in one piece: headers are read before the transaction begins
_PARENTS = 20  # in one piece: their headers are read within it
_WAITING = """
SELECT i.id, i.name, e.SeriesInstanceUID, t.StudyInstanceUID
FROM waiting w JOIN instances i ON i.id > w.after AND i.id <= w.until
JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
WHERE w.level = 3 ORDER BY i.id LIMIT ?
"""


def reindex(layout: Layout, index: Index) -> Iterator[Progress]:
    """Describe all rows that wait, telling how far it is. Raises OutOfResources."""
    with index.reading() as connection:
        total = count_waiting(connection)
    if not total:
        return
    yield Progress(STEP, 0, total)
    done = 0
    for level in (Level.IMAGE, Level.SERIES, Level.STUDY, Level.PATIENT):
        for count in _objects(layout, index, total) if level is Level.IMAGE else _parents(layout, index, level):
            done += count
            if count:
                yield Progress(STEP, done, max(done, total))


def read_again(file: Path, table: AttributeTable) -> Header | None:
    """The header of a stored file; None where it cannot be read, which is not found out here."""
    try:
        transfer_syntax, dataset = map_dataset(file)
        return read_header(dataset, transfer_syntax, table)
    except (RadnodeError, OSError):
        return None


def _objects(layout: Layout, index: Index, expected: int) -> Iterator[int]:
    """Objects' rows, piece by piece; how many there were in each."""
    with reading_files(expected) as read_all:
        while True:
            until = _until(index)
            piece = list(index.rows(_WAITING, (_OBJECTS,)))
            files = [layout.current(FilePath(UID(row[3]), UID(row[2]), row[1])) for row in piece]
            headers = list(read_all(partial(read_again, table=index.table), files))
            with index.writing() as connection:
                _check_table(connection, index)
                for row, header in zip(piece, headers, strict=True):
                    if header is not None:
                        _describe_object(connection, row, header)
                _note(connection, Level.IMAGE, piece[-1][0] if len(piece) == _OBJECTS else until)
            yield len(piece)
            if len(piece) < _OBJECTS:
                return


def _describe_object(connection: sqlite3.Connection, row: sqlite3.Row, header: Header) -> None:
    """Unless the row is another's by now: an id may be used again."""
    known = connection.execute("SELECT name FROM instances WHERE id = ?", (row["id"],)).fetchone()
    if known and known[0] == row["name"]:
        described = {"description": description_of(header), "described_by": described_by(header.table)}
        parents.update(connection, "instances", row["id"], {**parents.columns_of(Level.IMAGE, header), **described})


def _parents(layout: Layout, index: Index, level: Level) -> Iterator[int]:
    """Rows of `level`, piece by piece; how many there were in each."""
    sql = f"""
    SELECT p.id FROM waiting w JOIN {TABLES[level]} p ON p.id > w.after AND p.id <= w.until
    WHERE w.level = ? ORDER BY p.id LIMIT ?
    """  # noqa: S608 (our own tables)
    while True:
        with index.writing() as connection:
            _check_table(connection, index)
            piece = [row[0] for row in connection.execute(sql, (level.value, _PARENTS))]
            for row_id in piece:
                rows.renew_parent(connection, level, row_id, partial(describe, layout, index.table))
            rows.count(connection, {REVISION: 1})
            _note(connection, level, piece[-1] if len(piece) == _PARENTS else None)
        yield len(piece)
        if len(piece) < _PARENTS:
            return


def _until(index: Index) -> int:
    """Up to which id objects wait; those of others that come later may wait again."""
    return int(next(iter(list(index.rows("SELECT until FROM waiting WHERE level = 3"))))[0])


def _check_table(connection: sqlite3.Connection, index: Index) -> None:
    if connection.execute("SELECT number FROM fitted").fetchone()[0] != described_by(index.table):
        raise OutOfResources("Meanwhile the index was opened with other attributes: begin again")


def _note(connection: sqlite3.Connection, level: Level, after: int | None) -> None:
    """All rows up to `after` are described anew; None: all that waited."""
    connection.execute("UPDATE waiting SET after = coalesce(?, until) WHERE level = ?", (after, level.value))
