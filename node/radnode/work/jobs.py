"""Jobs: what was asked for and takes its time: retrievals from peers, and uploads that are stored later.

One process runs them, others may look.

States: queued, running (after a crash queued again, so many times), done, failed, cancelled. All times are seconds
since the epoch. What has ended is remembered, but for the oldest.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from enum import Enum

from radnode.model.errors import OutOfResources
from radnode.work.work_file import WorkFile

MOST_QUEUED = 1000
"""Jobs that may wait at once."""
MOST_ATTEMPTS = 3
"""Times that a job is begun which the end of its process cut short."""
INTERRUPTED = "The node ended while this was running, again and again"


class JobKind(Enum):
    """What a job is about."""

    RETRIEVAL = "retrieval"
    UPLOAD = "upload"


class JobState(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Whether nothing more becomes of it."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be retrieved: a study, or a series or instance in it ("" where it is all of them)."""

    study: str
    series: str = ""
    sop_instance: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a job is, in objects or files."""

    remaining: int = 0
    completed: int = 0
    failed: int = 0
    warning: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `error` says in our own words why it failed or waits, or is empty; `started` is when it last began.

    A retrieval is from a `peer`, and `wanted`; an upload has `size` bytes on the disk while it has not ended.
    """

    id: str
    peer: str
    wanted: Wanted
    state: JobState
    attempts: int
    counts: Counts
    error: str
    created: float
    started: float | None
    ended: float | None
    kind: JobKind = JobKind.RETRIEVAL
    size: int = 0


class Jobs:
    """What is done with jobs; for several threads and processes, running for one. Everything raises OutOfResources.

    Jobs of any kind are found and listed; those of one `kind` are added, claimed and resumed.
    """

    kind = JobKind.RETRIEVAL
    most_attempts = MOST_ATTEMPTS

    def __init__(self, work: WorkFile, kept: int) -> None:
        """`kept` is how many are remembered that have ended."""
        self._work = work
        self._kept = kept

    def add(self, peer: str, wanted: Wanted, now: float) -> Job:
        """Queue a job, on the disk on return; OutOfResources where too many wait."""
        number = secrets.token_hex(16)
        with self._work.writing() as connection:
            self._make_room(connection, MOST_QUEUED)
            connection.execute(
                "INSERT INTO jobs (id, peer, study, series, sop_instance, state, created)"
                " VALUES (?, ?, ?, ?, ?, 'queued', ?)",
                (number, peer, wanted.study, wanted.series, wanted.sop_instance, now),
            )
        return Job(number, peer, wanted, JobState.QUEUED, 0, Counts(), "", now, None, None)

    def find(self, number: str) -> Job | None:
        """The job of that ID, if it is known."""
        with self._work.reading() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone()
        return None if row is None else _job(row)

    def latest(self, limit: int) -> list[Job]:
        """The newest jobs, the newest first."""
        with self._work.reading() as connection:
            rows = connection.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
        return [_job(row) for row in rows]

    def claim(self, now: float) -> Job | None:
        """The oldest job that waits, which is running from now on."""
        with self._work.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, started = ? WHERE number ="
                " (SELECT min(number) FROM jobs WHERE kind = ? AND state = 'queued') RETURNING *",
                (now, self.kind.value),
            ).fetchone()
        return None if row is None else _job(row)

    def count(self, number: str, counts: Counts) -> None:
        """Note how far a running job is."""
        self._change(number, JobState.RUNNING, counts=counts)

    def end(self, number: str, state: JobState, counts: Counts, error: str, now: float) -> None:
        """Note what became of a running job."""
        self._change(number, JobState.RUNNING, counts=counts, state=state.value, error=error, ended=now)

    def give_back(self, number: str) -> None:
        """A running job waits again, as if it had not been begun."""
        with self._work.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'queued', attempts = attempts - 1 WHERE id = ? AND state = 'running'",
                (number,),
            )

    def cancel(self, number: str, now: float) -> None:
        """A job that waits is cancelled; any other stays as it is."""
        self._change(number, JobState.QUEUED, state=JobState.CANCELLED.value, ended=now)

    def resume(self, now: float) -> int:
        """What a killed process was running waits again, unless that was once too often; how many wait."""
        with self._work.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'failed', error = ?, ended = ?"
                " WHERE kind = ? AND state = 'running' AND attempts >= ?",
                (INTERRUPTED, now, self.kind.value, self.most_attempts),
            )
            connection.execute(
                "UPDATE jobs SET state = 'queued' WHERE kind = ? AND state = 'running'", (self.kind.value,)
            )
            return self._waiting(connection)

    def _waiting(self, connection: sqlite3.Connection) -> int:
        sql = "SELECT count(*) FROM jobs WHERE kind = ? AND state = 'queued'"
        return int(connection.execute(sql, (self.kind.value,)).fetchone()[0])

    def _check_room(self, connection: sqlite3.Connection, most: int) -> None:
        waiting = self._waiting(connection)
        if waiting >= most:
            raise OutOfResources(f"There are {waiting} jobs waiting already")

    def _make_room(self, connection: sqlite3.Connection, most: int) -> None:
        """For one more: OutOfResources where `most` wait already; the oldest that have ended are forgotten."""
        self._check_room(connection, most)
        connection.execute(
            "DELETE FROM jobs WHERE kind = ? AND ended IS NOT NULL AND number NOT IN"
            " (SELECT number FROM jobs WHERE kind = ? AND ended IS NOT NULL ORDER BY number DESC LIMIT ?)",
            (self.kind.value, self.kind.value, self._kept),
        )

    def _change(self, number: str, before: JobState, *, counts: Counts | None = None, **values: str | float) -> None:
        if counts is not None:
            values |= {name: getattr(counts, name) for name in Counts.__slots__}
        changes = ", ".join(f"{name} = ?" for name in values)
        with self._work.writing() as connection:
            connection.execute(
                f"UPDATE jobs SET {changes} WHERE id = ? AND state = ?",  # noqa: S608 - our own column names
                (*values.values(), number, before.value),
            )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        peer=row["peer"],
        wanted=Wanted(row["study"], row["series"], row["sop_instance"]),
        state=JobState(row["state"]),
        attempts=row["attempts"],
        counts=Counts(row["remaining"], row["completed"], row["failed"], row["warning"]),
        error=row["error"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        kind=JobKind(row["kind"]),
        size=row["size"],
    )
