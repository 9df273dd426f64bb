"""Running jobs of one kind: a few at once, in threads of their own, taken up again after a restart."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from radnode.dimse.scu import Stopping
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.work.jobs import Counts, Job, Jobs, JobState
from radnode_http.errors import INTERNAL

GRACE = 5.0
"""Seconds that a job has to come to an end after it was asked to stop; for a peer after a C-CANCEL."""
NOTED_EVERY = 1.0
"""Seconds between two notes of how far a job is: each is a write that waits for the disk."""
_PARTING = 6.0
_RETRY = 2.0
_log = structlog.get_logger()


class Noting:
    """Keeps how far a job is, and passes it on now and then."""

    def __init__(self, note: Callable[[Counts], None]) -> None:
        self._note = note
        self._noted = time.monotonic()
        self.counts = Counts()

    def take(self, counts: Counts) -> None:
        """It is this far now."""
        self.counts = counts
        if time.monotonic() - self._noted >= NOTED_EVERY:
            self._noted = time.monotonic()
            with suppress(OutOfResources):  # it is told again, and in the end
                self._note(self.counts)


Act = Callable[[Job, Stopping, Noting], tuple[JobState, str]]
"""Does a job, until it is asked to stop; its end, and why it failed. A mistake in it fails the job alone."""


class JobRunner:
    """Runs what is queued from `start` until `close`; only one process may."""

    def __init__(self, jobs: Jobs, act: Act, at_once: int, *, when_ended: Callable[[str], None] | None = None) -> None:
        """`when_ended` is told the ID of each job whose end was noted."""
        self.jobs = jobs
        self._act = act
        self._at_once = at_once
        self._when_ended = when_ended
        self._waiting = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._live: dict[str, Stopping] = {}
        self._cancelled: set[str] = set()
        self._closing = threading.Event()
        self._resuming = threading.Lock()
        self._has_resumed = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up what an earlier process has left, and begin."""
        for number in range(self._at_once):
            name = f"{self.jobs.kind.value}-{number}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End: what is running waits for the next start."""
        self._closing.set()
        self._waiting.release(len(self._threads) or 1)
        with self._lock:
            for stopping in self._live.values():
                stopping.ask()
        deadline = time.monotonic() + _PARTING
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wake(self) -> None:
        """A job was queued."""
        self._waiting.release()

    def cancel(self, number: str) -> Job | None:
        """The job as it is now: one that waited is cancelled, one that is running soon will be. None: unknown."""
        self.jobs.cancel(number, time.time())
        with self._lock:
            self._cancelled.add(number)  # also where it was claimed just now, and is not live yet
            if number in self._live:
                self._live[number].ask()
        job = self.jobs.find(number)
        if job is None or job.state.is_end:
            with self._lock:
                self._cancelled.discard(number)
        return job

    def _resume(self) -> None:
        """Nothing is claimed before: what an earlier process was running would be taken for what this one runs."""
        with self._resuming:
            while not (self._has_resumed or self._closing.is_set()):
                try:
                    self._waiting.release(self.jobs.resume(time.time()) or 1)
                    self._has_resumed = True
                except RadnodeError as error:
                    _log.warning("jobs_stand_still", error=type(error).__name__)
                    self._closing.wait(_RETRY)

    def _serve(self) -> None:
        self._resume()
        while self._waiting.acquire() and not self._closing.is_set():
            try:
                job = self.jobs.claim(time.time())
                if job is not None:
                    self._run(job)
            except (RadnodeError, OSError) as error:
                _log.warning("jobs_stand_still", error=type(error).__name__)
                self._closing.wait(_RETRY)
                self._waiting.release()

    def _run(self, job: Job) -> None:
        try:
            stopping = Stopping(GRACE)
        except OSError:  # too many open files
            self.jobs.give_back(job.id)
            raise
        with self._lock:
            self._live[job.id] = stopping
            if job.id in self._cancelled or self._closing.is_set():
                stopping.ask()
        noting = Noting(lambda counts: self.jobs.count(job.id, counts))
        try:
            state, error = self._done(job, stopping, noting)
        finally:
            with self._lock:
                del self._live[job.id]
                stopping.close()
        with self._lock:
            was_cancelled = job.id in self._cancelled
            self._cancelled.discard(job.id)
        if was_cancelled and state is not JobState.DONE:
            state, error = JobState.CANCELLED, ""
        elif self._closing.is_set() and state is not JobState.DONE:
            self.jobs.give_back(job.id)
            return
        self._end(job.id, state, noting.counts, error)
        _log.info(
            "job",
            kind=job.kind.value,
            state=state.value,
            completed=noting.counts.completed,
            failed=noting.counts.failed,
        )

    def _done(self, job: Job, stopping: Stopping, noting: Noting) -> tuple[JobState, str]:
        try:
            return self._act(job, stopping, noting)
        except Exception:  # noqa: BLE001 - the outer edge of a thread: one job's fault must not end those after it
            _log.exception("job_failed")
            return JobState.FAILED, INTERNAL

    def _end(self, number: str, state: JobState, counts: Counts, error: str) -> None:
        """Until it is noted: a job that seems to run for ever could not even be cancelled."""
        now = time.time()
        while True:
            try:
                self.jobs.end(number, state, counts, error, now)
                break
            except RadnodeError as failure:
                _log.warning("jobs_stand_still", error=type(failure).__name__)
                if self._closing.wait(_RETRY):
                    return
        if self._when_ended is not None:
            self._when_ended(number)
