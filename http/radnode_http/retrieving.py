"""Running jobs: retrievals from peers, a few at once, in threads of their own, taken up again after a restart."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.callers import caller_for
from radnode.dimse.scu import CallFailed, Progress, Stopping, fetch
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.model.level import Level
from radnode.model.route import Door, Sender
from radnode.settings import Peer, Settings
from radnode.work.jobs import Counts, Job, Jobs, JobState, Wanted
from radnode.work.routed import RoutedArchive
from radnode.work.routing import Router
from radnode_http.errors import INTERNAL

GRACE = 5.0
"""Seconds that a peer has to come to an end after a C-CANCEL."""
NOTED_EVERY = 1.0
"""Seconds between two notes of how far a job is: each is a write that waits for the disk."""
_PARTING = 6.0
_RETRY = 2.0
_log = structlog.get_logger()


def keys_of(wanted: Wanted) -> tuple[Level, dict[str, str]]:
    """The level and the unique keys of what is wanted (PS3.4 C.4.3.1.3.1)."""
    keys = {
        "StudyInstanceUID": wanted.study,
        "SeriesInstanceUID": wanted.series,
        "SOPInstanceUID": wanted.sop_instance,
    }
    given = {keyword: value for keyword, value in keys.items() if value}
    return Level(len(given)), given


def outcome_of(last: Progress) -> tuple[JobState, str]:
    """What a retrieval has come to, and why it failed."""
    if last.status == 0xFE00:
        return JobState.CANCELLED, ""
    if last.failed:
        return JobState.FAILED, f"The peer answered {last.status:04X}: {last.failed} objects were not transferred"
    if last.status not in (0, 0xB000):
        return JobState.FAILED, f"The peer answered {last.status:04X}"
    if last.is_counted and not last.completed + last.warning:
        return JobState.FAILED, "The peer has nothing of that"
    return JobState.DONE, ""


class Retrieving:
    """Runs what is queued from `start` until `close`; only one process may."""

    def __init__(self, jobs: Jobs, archive: Archive, router: Router, settings: Settings) -> None:
        self.jobs = jobs
        self._archive = archive
        self._router = router
        self._settings = settings
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
        for number in range(self._settings.asking.jobs_at_once):
            thread = threading.Thread(target=self._serve, name=f"jobs-{number}", daemon=True)
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

    def add(self, peer: Peer, wanted: Wanted) -> Job:
        """Queue a retrieval. Raises OutOfResources."""
        job = self.jobs.add(peer.title, wanted, time.time())
        self._waiting.release()
        return job

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
            except RadnodeError as error:
                _log.warning("jobs_stand_still", error=type(error).__name__)
                self._closing.wait(_RETRY)
                self._waiting.release()

    def _run(self, job: Job) -> None:
        stopping = Stopping(GRACE)
        with self._lock:
            self._live[job.id] = stopping
            if job.id in self._cancelled or self._closing.is_set():
                stopping.ask()
        noting = _Noting(lambda counts: self.jobs.count(job.id, counts))
        try:
            state, error = self._retrieve(job, stopping, noting)
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
        _log.info("job", state=state.value, completed=noting.counts.completed, failed=noting.counts.failed)

    def _end(self, number: str, state: JobState, counts: Counts, error: str) -> None:
        """Until it is noted: a job that seems to run for ever could not even be cancelled."""
        now = time.time()
        while True:
            try:
                return self.jobs.end(number, state, counts, error, now)
            except RadnodeError as failure:
                _log.warning("jobs_stand_still", error=type(failure).__name__)
                if self._closing.wait(_RETRY):
                    return None

    def _retrieve(self, job: Job, stopping: Stopping, noting: "_Noting") -> tuple[JobState, str]:
        peer = next((peer for peer in self._settings.peers if peer.title == job.peer), None)
        if peer is None:
            return JobState.FAILED, f"{job.peer} is no peer any more"
        last = Progress(0, 0, 0, 0, 0)
        try:
            caller = caller_for(peer, self._settings, self._settings.asking.timeout, stopping)
            for last in fetch(peer, caller, *keys_of(job.wanted), self._place(peer)):
                noting.take(last)
        except CallFailed as error:
            return JobState.FAILED, error.words
        except Exception:  # noqa: BLE001 - the outer edge of a thread: one job's fault must not end those after it
            _log.exception("job_failed")
            return JobState.FAILED, INTERNAL
        return outcome_of(last)

    def _place(self, peer: Peer) -> RoutedArchive:
        """Where objects go that come by C-GET: those that come by C-MOVE use the node's own door."""
        sender = Sender(Door.CALLER, peer.title)
        return RoutedArchive(self._archive, self._router, sender, limit=self._settings.dicom.max_object_size)


class _Noting:
    """Keeps what the peer counted last, and passes it on now and then."""

    def __init__(self, note: Callable[[Counts], None]) -> None:
        self._note = note
        self._noted = time.monotonic()
        self.counts = Counts()

    def take(self, progress: Progress) -> None:
        self.counts = Counts(progress.remaining, progress.completed, progress.failed, progress.warning)
        if time.monotonic() - self._noted >= NOTED_EVERY:
            self._noted = time.monotonic()
            with suppress(OutOfResources):  # it is told again, and in the end
                self._note(self.counts)
