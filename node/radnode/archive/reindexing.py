"""Describing rows anew that wait for it (`radnode.archive.fitting`), from objects' headers, beside a running node.

First every object's own row, then patients with all that is between them and their objects, at last outdated objects
with their patients. Headers are read before a transaction begins, and each transaction also notes how far it has come,
so what was interrupted goes on there.
"""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from radnode.archive import parents, rows
from radnode.archive.describing import Describe, description_of, first_of_each, object_columns, read_again
from radnode.archive.findings import Progress
from radnode.archive.fitting import count_waiting, described_by, outdated
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.schema import REVISION
from radnode.archive.workers import ReadAll, reading_files
from radnode.model.errors import OutOfResources
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.uid import UID

STEP = "rows described anew"
_OBJECTS = 500  # in one transaction
_PATIENTS = 20
_WAITING_OBJECTS = """
SELECT i.id, i.name, e.SeriesInstanceUID, t.StudyInstanceUID
FROM waiting w JOIN instances i ON i.id > w.after AND i.id <= w.until
JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
WHERE w.level = 3 ORDER BY i.id LIMIT ?
"""
_WAITING_PATIENTS = """
SELECT p.id FROM waiting w JOIN patients p ON p.id > w.after AND p.id <= w.until
WHERE w.level = 0 ORDER BY p.id LIMIT ?
"""
_PARENTS = "JOIN series e ON e.id = instances.series JOIN studies t ON t.id = e.study"
_OUTDATED_PATIENTS = f"SELECT DISTINCT t.patient FROM instances {_PARENTS}"  # noqa: S608 (our own tables)
_OUTDATED_OBJECTS = f"""
SELECT instances.id, name, e.SeriesInstanceUID, t.StudyInstanceUID FROM instances {_PARENTS} WHERE t.patient = ?
"""  # noqa: S608 (our own tables)


def reindex(layout: Layout, index: Index) -> Iterator[Progress]:
    """Describe all rows that wait, telling how far it is. Raises OutOfResources."""
    with index.reading() as connection:
        total = count_waiting(connection)
    if not total:
        return
    yield Progress(STEP, 0, total)
    done = 0
    with reading_files(total) as read_all:
        for act in (_objects, _patients, _outdated):
            for count in act(layout, index, read_all):
                done += count
                yield Progress(STEP, done, max(done, total))


def _objects(layout: Layout, index: Index, read_all: ReadAll) -> Iterator[int]:
    """Objects' own rows; how many there were in each piece."""
    while True:
        until = _until(index, Level.IMAGE)
        piece = list(index.rows(_WAITING_OBJECTS, (_OBJECTS,)))
        headers = list(read_all(partial(read_again, table=index.table), _files(layout, piece)))
        is_last = len(piece) < _OBJECTS
        with index.writing() as connection:
            _check_table(connection, index)
            _describe_objects(connection, index, piece, headers)
            _note(connection, Level.IMAGE, until if is_last else piece[-1][0])
        if piece:
            yield len(piece)
        if is_last:
            return


def _describe_objects(
    connection: sqlite3.Connection, index: Index, piece: list[sqlite3.Row], headers: list[Header | None]
) -> None:
    """Unless the row is another's by now: an id may be used again. What cannot be read goes on as it is."""
    for row, header in zip(piece, headers, strict=True):
        known = connection.execute("SELECT name FROM instances WHERE id = ?", (row["id"],)).fetchone()
        if known and known[0] == row["name"]:
            as_it_is: dict[str, object] = {"described_by": described_by(index.table)}
            columns = object_columns(header, description_of(header)) if header else as_it_is
            parents.update(connection, "instances", row["id"], columns)


def _patients(layout: Layout, index: Index, read_all: ReadAll) -> Iterator[int]:
    """Patients with their studies and series; how many patients there were in each piece."""
    while True:
        until = _until(index, Level.PATIENT)
        piece = [row[0] for row in index.rows(_WAITING_PATIENTS, (_PATIENTS,))]
        describe_again = _read_ahead(layout, index, read_all, piece)
        is_last = len(piece) < _PATIENTS
        with index.writing() as connection:
            _check_table(connection, index)
            for patient in piece:
                rows.renew_patient(connection, patient, describe_again)
            rows.count(connection, {REVISION: 1})
            _note(connection, Level.PATIENT, until if is_last else piece[-1])
        if piece:
            yield len(piece)
        if is_last:
            return


def _read_ahead(layout: Layout, index: Index, read_all: ReadAll, patients: list[int]) -> Describe:
    """The headers that describe these patients, read now: not while others wait to write."""
    with index.reading() as connection:
        paths = [path for patient in patients for path, _ in first_of_each(connection, Level.PATIENT, patient)]
    files = [layout.current(path) for path in paths]
    headers = dict(zip(paths, read_all(partial(read_again, table=index.table), files), strict=True))

    def describe_again(path: FilePath) -> Header | None:
        return headers[path] if path in headers else read_again(layout.current(path), index.table)

    return describe_again


def _outdated(layout: Layout, index: Index, read_all: ReadAll) -> Iterator[int]:
    """Outdated objects, each with its patient in one transaction; those that come meanwhile wait for another time."""
    with index.reading() as connection:
        condition = outdated(connection)
    objects = f"{_OUTDATED_OBJECTS} AND {condition} LIMIT {_OBJECTS}"
    patients = list(index.rows(f"{_OUTDATED_PATIENTS} WHERE {condition}"))
    for (patient,) in patients:
        while piece := list(index.rows(objects, (patient,))):
            headers = list(read_all(partial(read_again, table=index.table), _files(layout, piece)))
            describe_again = _read_ahead(layout, index, read_all, [patient])
            with index.writing() as connection:
                _check_table(connection, index)
                _describe_objects(connection, index, piece, headers)
                rows.renew_patient(connection, patient, describe_again)
                rows.count(connection, {REVISION: 1})
            yield len(piece)


def _files(layout: Layout, piece: list[sqlite3.Row]) -> list[Path]:
    return [layout.current(FilePath(UID(row[3]), UID(row[2]), row[1])) for row in piece]


def _until(index: Index, level: Level) -> int:
    """Up to which id rows wait."""
    return int(next(iter(list(index.rows("SELECT until FROM waiting WHERE level = ?", (level.value,)))))[0])


def _check_table(connection: sqlite3.Connection, index: Index) -> None:
    if connection.execute("SELECT number FROM fitted").fetchone()[0] != described_by(index.table):
        raise OutOfResources("Meanwhile the index was opened with other attributes: begin again")


def _note(connection: sqlite3.Connection, level: Level, after: int) -> None:
    """All rows up to `after` are described anew."""
    connection.execute("UPDATE waiting SET after = ? WHERE level = ?", (after, level.value))
