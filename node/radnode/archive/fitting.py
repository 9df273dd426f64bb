"""Fitting an index to a table of attributes: columns for all of them, and a note of the rows that have yet to be read.

How rows are described (which attributes, and how their texts are made and folded) has a number. Where an index was
filled under another number its rows wait: they say what they said, NULL for what is new, until
`radnode.archive.reindexing` has read their objects' headers again. Nothing but the schema is written here, so that an
index of a million rows opens at once.

Whoever opened the index before that (another version of radnode, perhaps) goes on in the old way: objects that come
through them are outdated, and found by an index of their own.
"""

import json
import sqlite3
from functools import lru_cache
from hashlib import blake2b

from sqlite_utils import Database

from radnode.archive import folding, schema
from radnode.model.attribute_table import AttributeTable, table_of
from radnode.model.attributes import Attribute
from radnode.model.level import Level

VERSION = 1
"""How the texts of rows are made from objects; raise it when that changes, and all rows wait to be made again."""
_WAIT = """
UPDATE waiting SET after = 0, until = coalesce(
    CASE level WHEN 3 THEN (SELECT max(id) FROM instances) ELSE (SELECT max(id) FROM patients) END, 0
)
"""
_COUNTERS = {Level.PATIENT: "patients", Level.IMAGE: "files"}


@lru_cache(maxsize=16)
def described_by(table: AttributeTable) -> int:
    """The number of this way to describe rows; it stands in each row that is described so."""
    said = [(a.keyword, a.tag, a.vr, a.level.value, [(i.keyword, i.tag) for i in a.items]) for a in table.attributes]
    whole = json.dumps([VERSION, folding.VERSION, sorted(said)])
    return int.from_bytes(blake2b(whole.encode(), digest_size=4).digest(), "big")


def fitted_table(connection: sqlite3.Connection, further: tuple[Attribute, ...] = ()) -> AttributeTable:
    """The table that the index is to fit: its own attributes, those it was given before, and `further` ones."""
    row = connection.execute("SELECT further FROM fitted").fetchone()
    before = [
        Attribute(keyword, tag, vr, Level(level), multiple=multiple)
        for keyword, tag, vr, level, multiple in json.loads(row[0])
    ]
    known = {attribute.tag: attribute for attribute in (*further, *before)}
    standard = table_of().by_tag
    return table_of(tuple(known[tag] for tag in sorted(known) if tag not in standard))


def fits(connection: sqlite3.Connection, further: tuple[Attribute, ...]) -> bool:
    """Whether new rows are described as the index's were."""
    number = connection.execute("SELECT number FROM fitted").fetchone()[0]
    return bool(number == described_by(fitted_table(connection, further)))


def fit(connection: sqlite3.Connection, further: tuple[Attribute, ...]) -> None:
    """Let the index have these attributes too; call it inside BEGIN IMMEDIATE."""
    if fits(connection, further):
        return
    table = fitted_table(connection, further)
    number, db = described_by(table), Database(connection)
    for level in Level:
        schema.add_columns(db, level, table.stored(level))
    listed = [(a.keyword, a.tag, a.vr, a.level.value, a.multiple) for a in table.further]
    connection.execute("UPDATE fitted SET number = ?, further = ?", (number, json.dumps(listed)))
    connection.execute(_WAIT)
    # No trigger notes them: it would make SQLite keep a journal of every insertion for itself.
    connection.execute("DROP INDEX IF EXISTS instances_outdated")
    condition = outdated(connection).replace("instances.", "")
    connection.execute(f"CREATE INDEX instances_outdated ON instances (series) WHERE {condition}")


def outdated(connection: sqlite3.Connection) -> str:
    """The condition on outdated objects, word by word that of their index; the plus is for SQLite to choose that."""
    (number,) = connection.execute("SELECT number FROM fitted").fetchone()
    (until,) = connection.execute("SELECT until FROM waiting WHERE level = ?", (Level.IMAGE.value,)).fetchone()
    return f"described_by IS NOT {number} AND +instances.id > {until}"


def count_waiting(connection: sqlite3.Connection) -> int:
    """How many objects and patients wait to be described anew: not counted, but told from ids, and at most as many.

    With outdated objects, which are counted.
    """
    counters = dict(connection.execute("SELECT name, value FROM counters").fetchall())
    waiting = connection.execute("SELECT level, until - after FROM waiting WHERE until > after").fetchall()
    ranges: int = sum(min(ids, counters[_COUNTERS[Level(level)]]) for level, ids in waiting)
    sql = f"SELECT count(*) FROM instances WHERE {outdated(connection)}"  # noqa: S608 (two numbers)
    return ranges + int(connection.execute(sql).fetchone()[0])
