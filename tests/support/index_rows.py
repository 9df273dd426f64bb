"""Rows put straight into an index, for tests of what is asked of it: any text, without files behind it."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from radnode.archive.fitting import described_by
from radnode.archive.folding import fold
from radnode.archive.index import Index
from radnode.archive.schema import TABLES, folded_column
from radnode.model.attribute_table import STANDARD_TABLE
from radnode.model.level import Level

_NUMBERS = count(1)
_PARENT = {Level.STUDY: "patient", Level.SERIES: "study", Level.IMAGE: "series"}


@contextmanager
def new_index(folder: Path) -> Iterator[Index]:
    """An empty index in `folder`, closed at the end."""
    with closing(Index(folder / "index.sqlite")) as index:
        index.migrate()
        yield index


def insert_entity(
    connection: sqlite3.Connection,
    level: Level,
    parent: int | None,
    values: Mapping[str, str | None],
    **columns: object,
) -> int:
    """One row of `level` below `parent`: attributes by keyword and other columns as they are; returns its id."""
    number = next(_NUMBERS)
    row: dict[str, object] = {**_defaults(level, number), **values, **columns}
    if parent is not None:
        row[_PARENT[level]] = parent
    for attribute in STANDARD_TABLE.stored(level):
        text, column = values.get(attribute.keyword), folded_column(attribute)
        if column is not None and text is not None:
            row[column] = fold(text)
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    cursor = connection.execute(f"INSERT INTO {TABLES[level]} ({names}) VALUES ({marks})", tuple(row.values()))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def insert_branch(index: Index, *levels: Mapping[str, str | None]) -> list[int]:
    """One patient, then one study, series and instance below it as far as `levels` go; the ids."""
    ids: list[int] = []
    with index.writing() as connection:
        for level, values in zip(Level, levels, strict=False):
            ids.append(insert_entity(connection, level, ids[-1] if ids else None, values))
    return ids


def _defaults(level: Level, number: int) -> dict[str, object]:
    match level:
        case Level.PATIENT:
            return {"identity": f"P{number}", "studies": 1, "series": 1, "instances": 1}
        case Level.STUDY:
            return {"StudyInstanceUID": f"1.2.{number}", "series": 1, "instances": 1}
        case Level.SERIES:
            return {"SeriesInstanceUID": f"1.3.{number}", "instances": 1}
        case Level.IMAGE:
            sha256 = hashlib.sha256(str(number).encode()).hexdigest()
            stored = {"name": sha256[:32], "sha256": sha256, "size": 1000, "transfer_syntax": "1.2.840.10008.1.2.1"}
            stored_now = {"arrived": number * 10**9, "described_by": described_by(STANDARD_TABLE)}
            return {"SOPInstanceUID": f"1.4.{number}", **stored_now, **stored}
