"""What patients, studies and series say, as their objects say it in the order of their arrival.

The first object that has a value for an attribute gives it. That is a function of the files alone, so a rebuild gives
the same rows, whatever was stored at once, deleted or superseded before. `described_until` of a parent is the arrival
of the last object that gave it anything: what arrives later can only fill in, what goes that arrived later had given
nothing. Everything else is found out anew, from one file for each distinct description.
"""

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from radnode.archive.digest import map_dataset
from radnode.archive.fitting import described_by
from radnode.archive.layout import Layout
from radnode.archive.parents import columns_of, update
from radnode.archive.schema import TABLES
from radnode.instance.header import read_header
from radnode.instance.sequences import EMPTY
from radnode.model.attribute_table import AttributeTable
from radnode.model.attributes import UNIQUE_KEY
from radnode.model.errors import RadnodeError
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.uid import UID

Describe = Callable[[FilePath], Header | None]
"""Reads the header of a current object again; None where that cannot be done."""
_SHORT = 4096
"""Characters that an object says of its parents, at most, whose digest is remembered."""
PARENTS = (Level.PATIENT, Level.STUDY, Level.SERIES)
_COLUMNS = {Level.PATIENT: "t.patient", Level.STUDY: "t.id", Level.SERIES: "e.id"}
# Where one min() is asked for, SQLite takes the other columns from the row that has it.
_FIRST_OF_EACH = """
SELECT i.id, i.name, e.SeriesInstanceUID AS series_uid, t.StudyInstanceUID AS study_uid, min(i.arrived) AS arrived
FROM studies t JOIN series e ON e.study = t.id JOIN instances i ON i.series = e.id
"""


def description_of(header: Header) -> int:
    """A digest of all that an object says of its parents; equal for objects that say the same."""
    said = tuple(map(header.values.get, _keywords(header.table)))
    is_short = sum(map(len, filter(None, said))) <= _SHORT
    return _remembered(said) if is_short else _digest(said)


@lru_cache(maxsize=16)
def _keywords(table: AttributeTable) -> tuple[str, ...]:
    return tuple(attribute.keyword for level in PARENTS for attribute in table.stored(level))


def _digest(said: tuple[str | None, ...]) -> int:
    encoded = repr([*said]).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big", signed=True)


_remembered = lru_cache(maxsize=256)(_digest)  # the objects of a series come one after the other


def object_columns(header: Header, description: int) -> dict[str, object]:
    """What an object says in its own row, with the digest of what it says of its parents, and how both were made."""
    return {
        **columns_of(Level.IMAGE, header),
        "SOPInstanceUID": header.sop_instance,
        "SOPClassUID": header.sop_class,
        "description": description,
        "described_by": described_by(header.table),
    }


def describe_anew(connection: sqlite3.Connection, level: Level, row_id: int, describe: Describe) -> None:
    """Find out what this parent says, from the current objects below it. Nothing changes where none can be read."""
    found: dict[str, str | None] = {}
    until = 0
    for path, arrived in first_of_each(connection, level, row_id):
        header = describe(path)
        if header is None:
            continue
        columns = _said(level, header)
        more = _missing(found, columns) if found else columns
        if more:
            found.update(more)
            until = arrived
        if all(map(_says_something, found.values())):
            break
    if found:
        update(connection, TABLES[level], row_id, {**found, "described_until": until})


def first_of_each(connection: sqlite3.Connection, level: Level, row_id: int) -> list[tuple[FilePath, int]]:
    """The objects whose words count for this parent, and their arrivals: in each series the first that says them."""
    sql = f"{_FIRST_OF_EACH} WHERE {_COLUMNS[level]} = ? GROUP BY e.id, i.description ORDER BY arrived, i.id"
    found = connection.execute(sql, (row_id,)).fetchall()
    return [
        (FilePath(UID(row["study_uid"]), UID(row["series_uid"]), row["name"]), int(row["arrived"])) for row in found
    ]


def describe_further(
    connection: sqlite3.Connection, level: Level, row: sqlite3.Row, columns: Mapping[str, str | None], arrived: int
) -> sqlite3.Row:
    """Fill in what `row` does not say yet, from the columns of an object that arrived after all that described it."""
    missing = _missing(row, columns)
    if not missing:
        return row
    update(connection, TABLES[level], row["id"], {**missing, "described_until": arrived})
    sql = f"SELECT * FROM {TABLES[level]} WHERE id = ?"  # noqa: S608 (our own tables)
    again: sqlite3.Row = connection.execute(sql, (row["id"],)).fetchone()
    return again


def describe(layout: Layout, table: AttributeTable, path: FilePath) -> Header | None:
    """The header of a current object, read from its file again; None where that cannot be done."""
    return read_again(layout.current(path), table)


def read_again(file: Path, table: AttributeTable) -> Header | None:
    """The header in a stored file; None where that cannot be read, which is not found out here."""
    try:
        transfer_syntax, dataset = map_dataset(file)
        return read_header(dataset, transfer_syntax, table)
    except (RadnodeError, OSError):
        return None


def _said(level: Level, header: Header) -> dict[str, str | None]:
    """What an object says of its parent; the UID that makes the parent what it is is not said anew."""
    columns = columns_of(level, header)
    if level is not Level.PATIENT:
        del columns[UNIQUE_KEY[level].keyword]
    return columns


def _missing(known: Mapping[str, object] | sqlite3.Row, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values in `columns` for what `known` has none of yet."""
    return {n: value for n, value in columns.items() if _says_something(value) and not _says_something(known[n])}


def _says_something(value: object) -> bool:
    return bool(value) and value != EMPTY
