"""The send queue: which object still has to go to whom. Enqueued durably, claimed and settled by the courier alone.

States: waiting, sending (claimed; after a crash it waits again), done (remembered for a while, so that the same object
is not sent again), dead (given up; people decide). All times are seconds since the epoch.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from radnode.model.file_path import FilePath
from radnode.model.uid import UID
from radnode.work.queue_schema import DONE, OPEN
from radnode.work.work_file import WorkFile

_INSERT = """
INSERT INTO queue_items
    (destination, digest, study, series, sop_instance, rule, quiet, state, attempts, due, error, enqueued, changed)
VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, '', ?, ?)
ON CONFLICT (digest, destination) DO
"""
MOST_RENEWALS = 10
"""Times that rules send the same object to the same destination, each within SOON of the time before."""
SOON = 3600.0
CIRCLING = "it keeps coming back: do rules send it round in a circle?"
_RENEWS_SOON = f"excluded.rule <> '' AND excluded.enqueued - enqueued < {SOON}"
_CIRCLES = f"{_RENEWS_SOON} AND renewals >= {MOST_RENEWALS}"
_RENEW = f"""
UPDATE SET rule = excluded.rule, quiet = excluded.quiet, attempts = 0,
           state = CASE WHEN {_CIRCLES} THEN 'dead' ELSE 'waiting' END,
           error = CASE WHEN {_CIRCLES} THEN '{CIRCLING}' ELSE '' END,
           renewals = CASE WHEN {_RENEWS_SOON} THEN renewals + 1 ELSE 0 END,
           due = excluded.due, enqueued = excluded.enqueued, changed = excluded.changed
WHERE ? OR enqueued < ?
"""
_FIRST_DUE = f"""
SELECT * FROM queue_items
WHERE {OPEN} AND destination = :destination AND state = 'waiting' AND due <= :now ORDER BY due, id LIMIT :limit
"""  # noqa: S608 (our own constant)
_CLAIM = f"""
UPDATE queue_items SET state = 'sending', changed = :now WHERE id IN (SELECT id FROM ({_FIRST_DUE}))
RETURNING *
"""  # noqa: S608 (our own constant)
_LATEST = """
SELECT max(later.enqueued) FROM queue_items later
WHERE later.quiet > 0 AND later.destination = queue_items.destination AND later.study = queue_items.study
"""
_UNTRIED = f"quiet > 0 AND attempts = 0 AND ({_LATEST}) > :now - quiet"
_RESTLESS = f"SELECT DISTINCT study FROM ({_FIRST_DUE}) AS queue_items WHERE {_UNTRIED}"  # noqa: S608 (our own constants)
_WAIT_FOR_QUIET = f"""
UPDATE queue_items SET due = ({_LATEST}) + quiet
WHERE destination = :destination AND study = :study AND state = 'waiting' AND due <= :now AND {_UNTRIED}
"""  # noqa: S608 (our own constants)
_AHEAD = "enqueued > :soon OR state = 'waiting' AND due > :soon + max(:longest, quiet)"
_HOLDS_AHEAD = "due > :soon + :longest"
_TOLERANCE = 60.0  # seconds that a time may be ahead of now without anything being wrong
_AT_ONCE = 1000  # rows that are forgotten in one transaction


class State(Enum):
    """Where an item stands."""

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Order:
    """That an object shall go to a destination: by which rule ("" by hand), and how quiet its study must be (s)."""

    path: FilePath
    sop_instance: UID
    destination: str
    rule: str = ""
    quiet: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """An order in the queue. `error` is what came of the last try, in our own words; `due` when the next one is."""

    id: int
    destination: str
    path: FilePath
    sop_instance: UID
    rule: str
    state: State
    attempts: int
    due: float
    error: str
    enqueued: float
    changed: float


@dataclass(frozen=True, slots=True)
class Hold:
    """That a destination could not be called, so many times in a row, and until when it is left alone."""

    attempts: int
    due: float
    error: str


class Queue:
    """What is done with the queue; for several threads and processes, claiming for one."""

    def __init__(self, work: WorkFile) -> None:
        self._work = work

    def enqueue(self, orders: Iterable[Order], now: float, *, again: bool, arrived: float = 0) -> int:
        """Queue these, on the disk on return; how many that changed. Raises OutOfResources.

        What is in the queue already, or is remembered as sent, stays as it is, unless it is older than what came
        then (`arrived`): the queue could not be written at that time. `again`: it is to be sent once more in any case.
        Where rules do that again and again, it is dead: two versions of an object that chase each other through a
        ring of nodes would do so for ever.
        """
        renewed = (again, arrived if arrived <= now else 0)  # a clock that was ahead says nothing
        with self._work.writing() as connection:
            before = connection.total_changes
            connection.executemany(_INSERT + _RENEW, ((*_values(order, now), *renewed) for order in orders))
            return connection.total_changes - before

    def resume(self) -> None:
        """What a killed courier was sending waits again, and every destination is tried at once."""
        with self._work.writing() as connection:
            connection.execute(f"UPDATE queue_items SET state = 'waiting' WHERE {OPEN} AND state = 'sending'")  # noqa: S608
            connection.execute("UPDATE queue_destinations SET due = 0")

    def heed_clock(self, now: float, longest: float) -> bool:
        """Let nothing wait for longer than its own delay, or `longest` seconds; whether something did.

        That is so after a clock that was ahead was put right.
        """
        times = {"now": now, "soon": now + _TOLERANCE, "longest": longest}
        asked = f"SELECT EXISTS (SELECT 1 FROM queue_items WHERE {_AHEAD})"  # noqa: S608
        asked += f" OR EXISTS (SELECT 1 FROM queue_destinations WHERE {_HOLDS_AHEAD})"  # noqa: S608
        with self._work.reading() as connection:
            if not connection.execute(asked, times).fetchone()[0]:
                return False
        with self._work.writing() as connection:
            connection.execute(
                f"UPDATE queue_items SET enqueued = min(enqueued, :now), due = min(due, :now + quiet) WHERE {_AHEAD}",  # noqa: S608
                times,
            )
            connection.execute(f"UPDATE queue_destinations SET due = :now WHERE {_HOLDS_AHEAD}", times)  # noqa: S608
        return True

    def next_due(self, destination: str) -> float | None:
        """When something is to be sent there; None where nothing waits."""
        sql = f"SELECT min(due) FROM queue_items WHERE {OPEN} AND destination = ? AND state = 'waiting'"  # noqa: S608
        with self._work.reading() as connection:
            due: float | None = connection.execute(sql, (destination,)).fetchone()[0]
        return due

    def claim(self, destination: str, now: float, limit: int) -> list[Item]:
        """At most `limit` items that are due there, which are being sent from now on; studies not yet quiet wait on."""
        where = {"destination": destination, "now": now, "limit": limit}
        with self._work.writing_unflushed() as connection:
            while restless := connection.execute(_RESTLESS, where).fetchall():
                connection.executemany(_WAIT_FOR_QUIET, [{**where, "study": row["study"]} for row in restless])
            claimed = connection.execute(_CLAIM, where).fetchall()
        return sorted(map(item_of, claimed), key=lambda item: (item.due, item.id))

    def settle(self, item: Item, state: State, now: float, *, due: float = 0.0, error: str = "") -> None:
        """What came of a try: done, dead, or waiting until `due`.

        A power failure (not a crash) may forget it; then the object is sent once more.
        """
        with self._work.writing_unflushed() as connection:
            connection.execute(
                "UPDATE queue_items SET state = ?, attempts = attempts + 1, due = ?, error = ?, changed = ?"
                " WHERE id = ? AND state = 'sending'",
                (state.value, due, error, now, item.id),
            )

    def release(self, items: Sequence[Item]) -> None:
        """These were claimed and not tried: they wait as before."""
        with self._work.writing_unflushed() as connection:
            connection.executemany(
                "UPDATE queue_items SET state = 'waiting' WHERE id = ? AND state = 'sending'",
                [(item.id,) for item in items],
            )

    def held(self, destination: str) -> Hold | None:
        """Whether a destination is left alone for now."""
        with self._work.reading() as connection:
            row = connection.execute(
                "SELECT attempts, due, error FROM queue_destinations WHERE title = ?", (destination,)
            ).fetchone()
        return Hold(*row) if row else None

    def hold(self, destination: str, hold: Hold | None) -> None:
        """Leave a destination alone, or (None) no longer."""
        with self._work.writing_unflushed() as connection:
            connection.execute("DELETE FROM queue_destinations WHERE title = ?", (destination,))
            if hold:
                connection.execute(
                    "INSERT INTO queue_destinations VALUES (?, ?, ?, ?)",
                    (destination, hold.attempts, hold.due, hold.error),
                )

    def give_up(self, destination: str, before: float, error: str, now: float) -> int:
        """What has waited for a destination since `before` is dead; how many."""
        with self._work.writing() as connection:
            return connection.execute(
                f"UPDATE queue_items SET state = 'dead', error = ?, changed = ?"  # noqa: S608
                f" WHERE {OPEN} AND destination = ? AND state = 'waiting' AND enqueued < ?",
                (error, now, destination, before),
            ).rowcount

    def destinations(self) -> list[str]:
        """Whoever has something to get, or has something dead."""
        with self._work.reading() as connection:
            rows = connection.execute(f"SELECT DISTINCT destination FROM queue_items WHERE {OPEN}")  # noqa: S608
            return [row["destination"] for row in rows]

    def forget(self, before: float) -> bool:
        """Forget what was sent before that; whether there may be more of it."""
        chosen = f"SELECT id FROM queue_items WHERE {DONE} AND changed < ? LIMIT {_AT_ONCE}"  # noqa: S608
        with self._work.writing_unflushed() as connection:
            gone = connection.execute(f"DELETE FROM queue_items WHERE id IN ({chosen})", (before,)).rowcount  # noqa: S608
        return gone == _AT_ONCE


def item_of(row: sqlite3.Row) -> Item:
    """The item in a row of queue_items."""
    return Item(
        row["id"],
        row["destination"],
        FilePath(UID(row["study"]), UID(row["series"]), row["digest"]),
        UID(row["sop_instance"]),
        row["rule"],
        State(row["state"]),
        row["attempts"],
        row["due"],
        row["error"],
        row["enqueued"],
        row["changed"],
    )


def _values(order: Order, now: float) -> tuple[object, ...]:
    path = order.path
    named = (order.destination, path.name, path.study, path.series, order.sop_instance)
    return (*named, order.rule, order.quiet, now + order.quiet, now, now)
