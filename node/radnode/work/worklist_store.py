"""Rows of the worklist, within transactions that others begin: an entry, and one row for each of its steps."""

import json
import secrets
import time
from sqlite3 import Connection, Row

from radnode.archive.folding import fold
from radnode.model.document import Document, items_in, text_in
from radnode.model.errors import NotFound
from radnode.work.evidence import evident_status
from radnode.work.worklist_entry import SEQUENCE, STATUS, Entry, moment

ENTRY = "SELECT id, source, created, changed FROM worklist_entries"
_INSERT_STEP = "INSERT INTO worklist_steps (entry, place, document, folded_name) VALUES (?, ?, ?, ?)"


def insert(connection: Connection, document: Document, source: str = "") -> str:
    """Keep a new entry, within a transaction; its id."""
    name, now = secrets.token_hex(8), time.time_ns()
    connection.execute("INSERT INTO worklist_entries VALUES (?, ?, ?, ?)", (name, source, now, now))
    _insert_steps(connection, name, document)
    return name


def rewrite(connection: Connection, name: str, document: Document) -> None:
    """Let an entry say this from now on, within a transaction."""
    connection.execute("UPDATE worklist_entries SET changed = ? WHERE id = ?", (time.time_ns(), name))
    connection.execute("DELETE FROM worklist_steps WHERE entry = ?", (name,))
    _insert_steps(connection, name, document)


def delete(connection: Connection, name: str) -> bool:
    """Forget an entry, within a transaction; whether it was there."""
    return connection.execute("DELETE FROM worklist_entries WHERE id = ?", (name,)).rowcount > 0


def _insert_steps(connection: Connection, name: str, document: Document) -> None:
    folded = fold(text_in(document, "PatientName")) or None
    for place, step in enumerate(items_in(document, SEQUENCE) or ({},)):
        status = evident_status(connection, document, step)
        told = {**step, STATUS: status} if status else step
        text = json.dumps({**document, SEQUENCE: [told]}, ensure_ascii=False)
        connection.execute(_INSERT_STEP, (name, place, text, folded))


def entry_of(connection: Connection, name: str) -> Entry:
    """The entry with that id. Raises NotFound."""
    row = connection.execute(f"{ENTRY} WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"There is no worklist entry {name[:64]}")
    return with_steps(connection, row)


def with_steps(connection: Connection, row: Row) -> Entry:
    """The entry of a row, with its steps."""
    sql = "SELECT document FROM worklist_steps WHERE entry = ? ORDER BY place"
    documents = [json.loads(step["document"]) for step in connection.execute(sql, (row["id"],))]
    whole = {**documents[0], SEQUENCE: [item for one in documents for item in one[SEQUENCE]]}
    return Entry(row["id"], whole, row["source"], moment(row["created"]), moment(row["changed"]))
