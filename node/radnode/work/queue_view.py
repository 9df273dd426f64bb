"""Looking at the send queue, and deciding over what is in it: for people, beside the courier that empties it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from radnode.work.queue import Item, State, item_of
from radnode.work.queue_schema import OPEN
from radnode.work.work_file import WorkFile

_COUNTS = f"""
SELECT destination, state, count(*) AS items, min(enqueued) AS oldest
FROM queue_items WHERE {OPEN} GROUP BY destination, state
"""  # noqa: S608 (our own constant)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items: all for which everything holds that is given; `after` is an item's id, those behind it."""

    ids: tuple[int, ...] = ()
    destination: str = ""
    states: tuple[State, ...] = ()
    study: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one destination; `oldest` is when its oldest item that still waits was queued."""

    destination: str
    waiting: int
    sending: int
    dead: int
    oldest: float | None
    tries: int
    next_try: float | None
    error: str


def standings(work: WorkFile) -> list[Standing]:
    """Each destination that has something waiting or dead, or is left alone. Raises OutOfResources."""
    with _one_state(work) as connection:
        rows = connection.execute(_COUNTS).fetchall()
        held = {row["title"]: row for row in connection.execute("SELECT * FROM queue_destinations")}
    counts: dict[str, dict[str, sqlite3.Row]] = {title: {} for title in held}
    for row in rows:
        counts.setdefault(row["destination"], {})[row["state"]] = row
    return [_standing(title, counts[title], held.get(title)) for title in sorted(counts)]


def _standing(title: str, states: dict[str, sqlite3.Row], hold: sqlite3.Row | None) -> Standing:
    def count(state: State) -> int:
        return int(states[state.value]["items"]) if state.value in states else 0

    ages = [states[state.value]["oldest"] for state in (State.WAITING, State.SENDING) if state.value in states]
    tries, next_try, error = (hold["attempts"], hold["due"], hold["error"]) if hold else (0, None, "")
    numbers = count(State.WAITING), count(State.SENDING), count(State.DEAD)
    return Standing(title, *numbers, min(ages, default=None), tries, next_try, error)


def items(work: WorkFile, wanted: Selection, limit: int) -> list[Item]:
    """The first `limit` of these, in the order in which they were queued. Raises OutOfResources."""
    where, values = _where(wanted)
    with work.reading() as connection:
        rows = connection.execute(f"SELECT * FROM queue_items WHERE {where} ORDER BY id LIMIT ?", (*values, limit))  # noqa: S608
        return [item_of(row) for row in rows]


def replay(work: WorkFile, wanted: Selection, now: float) -> int:
    """Send these as if they had just been queued, and at once, whether their study is quiet or not; how many.

    Those being sent are left to it.
    """
    where, values = _where(wanted)
    with work.writing() as connection:
        renewed = connection.execute(
            "UPDATE queue_items SET state = 'waiting', attempts = 0, quiet = 0, renewals = 0, due = ?, error = '',"  # noqa: S608
            f" enqueued = ?, changed = ? WHERE state <> 'sending' AND {where} RETURNING destination",
            (now, now, now, *values),
        ).fetchall()
        connection.executemany(
            "DELETE FROM queue_destinations WHERE title = ?", {(row["destination"],) for row in renewed}
        )
    return len(renewed)


def drop(work: WorkFile, wanted: Selection) -> int:
    """Take these out of the queue, so that nobody sends them; how many. Those being sent are left to it."""
    where, values = _where(wanted)
    with work.writing() as connection:
        return connection.execute(f"DELETE FROM queue_items WHERE state <> 'sending' AND {where}", values).rowcount  # noqa: S608


def _where(wanted: Selection) -> tuple[str, tuple[object, ...]]:
    parts: list[tuple[str, tuple[object, ...]]] = [("id > ?", (wanted.after,))]
    if wanted.ids:
        parts.append((f"id IN ({', '.join('?' * len(wanted.ids))})", wanted.ids))
    if wanted.destination:
        parts.append(("destination = ?", (wanted.destination,)))
    if wanted.states:
        marks = ", ".join("?" * len(wanted.states))
        parts.append((f"state IN ({marks})", tuple(state.value for state in wanted.states)))
        if State.DONE not in wanted.states:
            parts.append((OPEN, ()))
    if wanted.study:
        parts.append(("study = ?", (wanted.study,)))
    return " AND ".join(sql for sql, _ in parts), tuple(value for _, values in parts for value in values)


@contextmanager
def _one_state(work: WorkFile) -> Iterator[sqlite3.Connection]:
    with work.reading() as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
