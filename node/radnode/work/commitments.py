"""Storage commitments (PS3.4 Annex J), which peers ask of us and which we ask of peers: tables and reading."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from radnode.model.commitment import Reference
from radnode.model.uid import UID

OPEN, REPORTED, ANSWERED, REFUSED, GIVEN_UP = "open", "reported", "answered", "refused", "given up"
"""Where a transaction stands: its result was reported to who asked, or came from whom we asked."""
KEPT = 30 * 86400.0
"""Seconds for which a transaction that has ended is remembered."""
_COLUMNS = "id, asked_by_us, uid, peer, since, state, due, attempts, ended, objects, failed, why"


def _tables(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE commitments (
            id INTEGER PRIMARY KEY, asked_by_us INTEGER NOT NULL, uid TEXT NOT NULL, peer TEXT NOT NULL,
            since REAL NOT NULL, state TEXT NOT NULL, due REAL, attempts INTEGER NOT NULL DEFAULT 0, ended REAL,
            objects INTEGER NOT NULL, failed INTEGER, why TEXT NOT NULL DEFAULT ''
        )
        """
    )
    db.execute("CREATE INDEX commitments_uid ON commitments (uid)")
    db.execute("CREATE INDEX commitments_due ON commitments (asked_by_us, due) WHERE due IS NOT NULL")
    db.execute("CREATE INDEX commitments_ended ON commitments (ended) WHERE ended IS NOT NULL")
    db.execute(
        """
        CREATE TABLE commitment_objects (
            commitment INTEGER NOT NULL REFERENCES commitments ON DELETE CASCADE, place INTEGER NOT NULL,
            sop_class TEXT NOT NULL, sop_instance TEXT NOT NULL, reason INTEGER,
            PRIMARY KEY (commitment, place)
        ) WITHOUT ROWID
        """
    )


def _asked_for(db: Database) -> None:
    """Which objects of the send queue their destination was asked for, by the time at which it had taken them."""
    db.execute("CREATE TABLE commitment_asked_for (item INTEGER PRIMARY KEY, changed REAL NOT NULL)")


STEPS = (_tables, _asked_for)
Failures = Mapping[Reference, int]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One commitment. Times are seconds since 1970; `due` is None once it has ended, `failed` until that is known."""

    id: int
    asked_by_us: bool
    uid: UID
    peer: str
    since: float
    state: str
    due: float | None
    attempts: int
    ended: float | None
    objects: int
    failed: int | None
    why: str


def new(peer: str, uid: UID, now: float, *, due_in: float, objects: int, asked_by_us: bool) -> Mapping[str, object]:
    """The row of a transaction that begins now."""
    row: dict[str, object] = {"asked_by_us": int(asked_by_us), "uid": uid, "peer": peer, "state": OPEN}
    return row | {"since": now, "due": now + due_in, "objects": objects}


def insert(
    connection: sqlite3.Connection, row: Mapping[str, object], objects: Iterable[tuple[Reference, int | None]]
) -> int:
    """A new transaction with its objects; its id."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    sql = f"INSERT INTO commitments ({names}) VALUES ({marks})"  # noqa: S608 - names from our own code
    cursor = connection.execute(sql, tuple(row.values()))
    identity = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO commitment_objects VALUES (?, ?, ?, ?, ?)",
        ((identity, place, *reference, reason) for place, (reference, reason) in enumerate(objects)),
    )
    return identity


def select(connection: sqlite3.Connection, where: str, *values: object) -> list[Transaction]:
    """The transactions of a condition."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM commitments WHERE {where}", values)  # noqa: S608 - as above
    return [Transaction(**{**row, "asked_by_us": bool(row["asked_by_us"])}) for row in map(dict, rows)]


def objects_of(connection: sqlite3.Connection, identity: int) -> Iterator[tuple[Reference, int | None]]:
    """The objects of a transaction that are still remembered, each with its reason, None where that is not known."""
    sql = "SELECT sop_class, sop_instance, reason FROM commitment_objects WHERE commitment = ? ORDER BY place"
    for row in connection.execute(sql, (identity,)):
        yield Reference(UID(row["sop_class"]), UID(row["sop_instance"])), row["reason"]


def set_reasons(connection: sqlite3.Connection, identity: int, reasons: Mapping[int, int]) -> None:
    """Keep what became of objects, by their place in the transaction."""
    connection.executemany(
        "UPDATE commitment_objects SET reason = ? WHERE commitment = ? AND place = ?",
        [(reason, identity, place) for place, reason in reasons.items()],
    )


def end(connection: sqlite3.Connection, identity: int, state: str, now: float, why: str = "") -> None:
    """Nothing is to be done about a transaction any more."""
    failed = "SELECT count(*) FROM commitment_objects WHERE commitment = ? AND reason > 0"
    connection.execute(
        f"UPDATE commitments SET state = ?, due = NULL, ended = ?, why = ?, failed = ({failed}) WHERE id = ?",  # noqa: S608
        (state, now, why, identity, identity),
    )


def forget_ended(connection: sqlite3.Connection, before: float) -> None:
    """Forget the transactions that ended before that time."""
    connection.execute("DELETE FROM commitments WHERE ended < ?", (before,))


def listed(connection: sqlite3.Connection, *, everything: bool) -> Iterator[tuple[Transaction, Failures]]:
    """Transactions, oldest first, each with its failed objects; unless `everything`, what is open or went wrong."""
    wanted = "1" if everything else f"state NOT IN ('{REPORTED}', '{ANSWERED}') OR failed > 0"
    for one in select(connection, f"{wanted} ORDER BY since, id"):
        yield one, {reference: reason for reference, reason in objects_of(connection, one.id) if reason}
