"""The rows above an instance: made for the first one that needs them, filled by later ones, gone after the last.

What they say is `radnode.archive.describing`'s; counters, ModalitiesInStudy and SOPClassesInStudy are kept with every
change, never counted again.
"""

import sqlite3
from collections.abc import Mapping
from functools import lru_cache

from radnode.archive.folding import fold
from radnode.archive.schema import TABLES, folded_column
from radnode.model.attribute_table import AttributeTable
from radnode.model.header import Header
from radnode.model.level import Level


def identity_of(header: Header) -> str:
    """What makes a patient: the trimmed PatientID, or without one the study, so that no two people share a row."""
    return header.patient_id.strip() or f"\x1f{header.study}"


def columns_of(level: Level, header: Header) -> dict[str, str | None]:
    """The columns of `level` that come from the object itself, folded ones too; None where it has no such attribute."""
    keywords, folded = _names(header.table, level)
    columns = dict(zip(keywords, map(header.values.get, keywords), strict=True))
    for keyword, column in folded:
        value = columns[keyword]
        columns[column] = value if value is None else fold(value)
    return columns


@lru_cache(maxsize=64)
def _names(table: AttributeTable, level: Level) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The keywords, and for those that have one their folded column."""
    stored = table.stored(level)
    folded = ((attribute.keyword, folded_column(attribute)) for attribute in stored)
    return tuple(attribute.keyword for attribute in stored), tuple((k, column) for k, column in folded if column)


def find_or_make(
    connection: sqlite3.Connection, level: Level, key: Mapping[str, object], columns: Mapping[str, object]
) -> tuple[sqlite3.Row, bool]:
    """The row of `level` with that unique key, and whether it is new: then it has these columns."""
    table = TABLES[level]
    where = " AND ".join(f"{name} = ?" for name in key)
    select = f"SELECT * FROM {table} WHERE {where}"  # noqa: S608 (names from our own tables)
    row = connection.execute(select, tuple(key.values())).fetchone()
    if row is not None:
        return row, False
    insert(connection, table, {**columns, **key})
    return connection.execute(select, tuple(key.values())).fetchone(), True


def update(connection: sqlite3.Connection, table: str, row_id: int, values: Mapping[str, object]) -> None:
    """Set these columns of one row."""
    if values:
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*values.values(), row_id))  # noqa: S608


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """Add one row. Most objects lack most attributes: what is None is not even handed over."""
    said = {name: value for name, value in values.items() if value is not None}
    connection.execute(_insertion(table, *said), tuple(said.values()))


@lru_cache(maxsize=256)
def _insertion(table: str, *columns: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


def joined(values: str | None, more: str | None) -> str | None:
    """A sorted backslash list with further values in it; None while there are none."""
    parts = {part for text in (values, more) if text for part in text.split("\\") if part}
    return "\\".join(sorted(parts)) or None
