"""What the index keeps and could find out from its other columns: counted, listed and folded again."""

import sqlite3
from collections.abc import Iterator

from radnode.archive.findings import Finding, Kind
from radnode.archive.folding import FOLDED
from radnode.archive.parents import joined
from radnode.archive.schema import TABLES, folded_column
from radnode.model.attribute_table import AttributeTable
from radnode.model.level import Level

_TOTALS = {
    "files": "SELECT count(*) FROM instances",
    "bytes": "SELECT coalesce(sum(size), 0) FROM instances",
    "patients": "SELECT count(*) FROM patients",
    "studies": "SELECT count(*) FROM studies",
    "series": "SELECT count(*) FROM series",
}
_CHILDREN = (
    ("series", "instances", "SELECT count(*) FROM instances WHERE instances.series = series.id"),
    ("studies", "series", "SELECT count(*) FROM series WHERE series.study = studies.id"),
    ("studies", "instances", "SELECT coalesce(sum(series.instances), 0) FROM series WHERE series.study = studies.id"),
    ("patients", "studies", "SELECT count(*) FROM studies WHERE studies.patient = patients.id"),
    (
        "patients",
        "series",
        "SELECT coalesce(sum(studies.series), 0) FROM studies WHERE studies.patient = patients.id",
    ),
    (
        "patients",
        "instances",
        "SELECT coalesce(sum(studies.instances), 0) FROM studies WHERE studies.patient = patients.id",
    ),
)
"""Column by column, children before their parents, so that what is mended below counts above."""
_KINDS = {
    "ModalitiesInStudy": "SELECT Modality AS kind FROM series WHERE series.study = studies.id",
    "SOPClassesInStudy": "SELECT DISTINCT SOPClassUID AS kind FROM series JOIN instances"
    " ON instances.series = series.id WHERE series.study = studies.id",
}
"""Columns of studies that list what is below them."""
_KEEPING = (
    ("series", "SELECT 1 FROM instances WHERE instances.series = series.id"),
    ("studies", "SELECT 1 FROM series WHERE series.study = studies.id"),
    ("patients", "SELECT 1 FROM studies WHERE studies.patient = patients.id"),
)


def audit(connection: sqlite3.Connection, table: AttributeTable, *, repair: bool) -> list[Finding]:
    """What is wrong, and parents without children; with `repair` (in a transaction) it is mended.

    Columns of attributes are those of `table`.
    """
    findings: list[Finding] = []
    for name, child in _KEEPING:
        findings += _mended(connection, Kind.COUNTER, _childless(name, child), f"{name} (empty)", repair)
    for name, column, count in _CHILDREN:
        findings += _mended(
            connection, Kind.COUNTER, _differing(name, column, f"({count})"), f"{name}.{column}", repair
        )
    connection.create_function("kinds", 1, lambda text: joined(text, None))
    for name, column, derived in _derived(table):
        findings += _mended(connection, Kind.DERIVED, _differing(name, column, derived), f"{name}.{column}", repair)
    for name, count in _TOTALS.items():
        findings += _total(connection, name, count, repair=repair)
    return findings


def _derived(table: AttributeTable) -> Iterator[tuple[str, str, str]]:
    """Tables and columns that repeat what others say, and the expressions that say it."""
    for column, below in _KINDS.items():
        yield "studies", column, rf"kinds((SELECT group_concat(kind, '\') FROM ({below})))"  # noqa: S608 (our own)
    for level in Level:
        for attribute in table.stored(level):
            folded = folded_column(attribute)
            if folded is not None:
                yield TABLES[level], folded, FOLDED.format(attribute.keyword)


def _childless(table: str, child: str) -> tuple[str, str]:
    childless = f"FROM {table} WHERE NOT EXISTS ({child})"
    return f"SELECT count(*) {childless}", f"DELETE {childless}"


def _differing(table: str, column: str, expression: str) -> tuple[str, str]:
    wrong = f"WHERE {column} IS NOT {expression}"
    return f"SELECT count(*) FROM {table} {wrong}", f"UPDATE {table} SET {column} = {expression} {wrong}"  # noqa: S608


def _mended(connection: sqlite3.Connection, kind: Kind, sql: tuple[str, str], name: str, repair: bool) -> list[Finding]:
    wrong = int(connection.execute(sql[0]).fetchone()[0])
    if wrong and repair:
        connection.execute(sql[1])
    return [Finding(kind, name, f"{wrong} are wrong", repair)] if wrong else []


def _total(connection: sqlite3.Connection, name: str, count: str, *, repair: bool) -> list[Finding]:
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    kept, counted = row[0] if row else None, int(connection.execute(count).fetchone()[0])
    if kept == counted:
        return []
    if repair:
        connection.execute("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", (name, counted))
    return [Finding(Kind.COUNTER, name, f"it is {kept} instead of {counted}", repair)]
