"""The numbers that the index keeps, counted again."""

import sqlite3

from radnode.archive.findings import Finding, Kind

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
_KEEPING = (
    ("series", "SELECT 1 FROM instances WHERE instances.series = series.id"),
    ("studies", "SELECT 1 FROM series WHERE series.study = studies.id"),
    ("patients", "SELECT 1 FROM studies WHERE studies.patient = patients.id"),
)


def audit(connection: sqlite3.Connection, *, repair: bool) -> list[Finding]:
    """The numbers that are wrong, and parents without children; with `repair` (in a transaction) they are mended."""
    findings: list[Finding] = []
    for table, child in _KEEPING:
        childless = f"FROM {table} WHERE NOT EXISTS ({child})"
        findings += _mended(
            connection, (f"SELECT count(*) {childless}", f"DELETE {childless}"), f"{table} (empty)", repair
        )
    for table, column, count in _CHILDREN:
        wrong = f"WHERE {column} IS NOT ({count})"
        sql = f"SELECT count(*) FROM {table} {wrong}", f"UPDATE {table} SET {column} = ({count}) {wrong}"  # noqa: S608
        findings += _mended(connection, sql, f"{table}.{column}", repair)
    for name, count in _TOTALS.items():
        findings += _total(connection, name, count, repair=repair)
    return findings


def _mended(connection: sqlite3.Connection, sql: tuple[str, str], name: str, repair: bool) -> list[Finding]:
    wrong = int(connection.execute(sql[0]).fetchone()[0])
    if wrong and repair:
        connection.execute(sql[1])
    return [Finding(Kind.COUNTER, name, f"{wrong} are wrong", repair)] if wrong else []


def _total(connection: sqlite3.Connection, name: str, count: str, *, repair: bool) -> list[Finding]:
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    kept, counted = row[0] if row else None, int(connection.execute(count).fetchone()[0])
    if kept == counted:
        return []
    if repair:
        connection.execute("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", (name, counted))
    return [Finding(Kind.COUNTER, name, f"it is {kept} instead of {counted}", repair)]
