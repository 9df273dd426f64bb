"""Uploads as jobs: what was acknowledged lies on the disk until it is stored, or its error is known.

A job's files lie in `.radnode/uploads/<job>/`, each by the number of its place. They are there, flushed, before the job
is, and go after its end was noted. The folder has another name until it is whole: so the next process can tell what was
never acknowledged, and goes, from what has lost its job with the work file, and gets a new one.
"""

import re
import secrets
import select
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import structlog

from radnode.archive.archive import Archive
from radnode.archive.layout import disk_errors, make_folder, sync
from radnode.archive.spooling import Spool, SpoolRoom
from radnode.dimse.scu import Stopping
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.work.jobs import Counts, Job, JobState
from radnode.work.upload_jobs import FileResult, UploadedFile, UploadJobs
from radnode_http.job_running import NOTED_EVERY, JobRunner, Noting
from radnode_http.storing import Storing

PATIENCE = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between the tries to store a file while the disk is full; the last ones go on until it is not."""
LESS = "There is less of it on the disk than there was"
_UNFINISHED = ".new"
_FLUSHES = 16
_NUMBER = re.compile("[0-9a-f]{32}")
_log = structlog.get_logger()


class Uploading(JobRunner):
    """Keeps uploads for later, and stores them; only one process may."""

    jobs: UploadJobs

    def __init__(self, jobs: UploadJobs, archive: Archive, storing: Storing, room: SpoolRoom, at_once: int) -> None:
        super().__init__(jobs, self._store, at_once, when_ended=self._clear)
        self.jobs = jobs
        self._archive = archive
        self._storing = storing
        self._room = room
        self._sizes: dict[str, int] = {}  # of all that lies in folders of jobs
        self._found: frozenset[str] = frozenset()
        self._sweeping = threading.Lock()
        self._is_swept = False

    def start(self) -> None:
        """Count what lies on the disk, and begin."""
        try:
            self._sizes = self.jobs.unfinished()
        except RadnodeError as error:
            _log.warning("jobs_stand_still", error=type(error).__name__)
        self._room.take(sum(self._sizes.values()), by_right=True)
        self._found = frozenset(self._sizes)
        super().start()

    def accept(self, files: Sequence[tuple[Spool, str, str]]) -> Job:
        """Keep finished spools, each with a name and what is wrong with it; all is on the disk on return.

        Raises OutOfResources; nothing is kept then.
        """
        number, size = secrets.token_hex(16), sum(spool.size for spool, _, _ in files)
        self._sizes[number] = 0
        try:
            kept = self._move(number, files)
            job = self.jobs.add_upload(number, kept, size, time.time())
        except BaseException:
            self._clear(number)
            raise
        self.wake()
        return job

    def cancel(self, number: str) -> Job | None:
        """As JobRunner.cancel; what a job that waited had on the disk has gone."""
        job = super().cancel(number)
        if job is not None and job.state.is_end:
            self._clear(number)
        return job

    def _folder(self, number: str) -> Path:
        return self._archive.layout.uploads / number

    def _move(self, number: str, files: Sequence[tuple[Spool, str, str]]) -> list[UploadedFile]:
        folder = self._folder(number)
        begun = folder.with_suffix(_UNFINISHED)
        with disk_errors():
            if make_folder(folder.parent):
                sync(folder.parent.parent)
            make_folder(begun)
        # At once, because so many flushes share the journal's.
        with ThreadPoolExecutor(_FLUSHES) as pool:
            list(pool.map(lambda file: file[0].flush(), files))
        kept = []
        for place, (spool, name, error) in enumerate(files):
            spool.move(begun / str(place))
            self._sizes[number] += spool.size
            kept.append(UploadedFile(name, folder / str(place), error))
        with disk_errors():
            sync(begun)
            begun.rename(folder)
            sync(folder.parent)
        return kept

    def _resume(self) -> None:
        super()._resume()
        with self._sweeping:
            if self._is_swept:
                return
            self._is_swept = True
            try:
                self._sweep(self.jobs.unfinished())
            except RadnodeError as error:
                _log.warning("uploads_not_swept", error=type(error).__name__)

    def _sweep(self, unfinished: Mapping[str, int]) -> None:
        """Remove what no job needs any more: it has ended without a word, or never began."""
        for number in self._found - set(unfinished):
            self._clear(number)
        try:
            folders = list(self._archive.layout.uploads.iterdir())
        except FileNotFoundError:
            return
        for folder in folders:
            if folder.stem in unfinished or folder.stem in self._sizes:
                continue
            if _NUMBER.fullmatch(folder.name) and self.jobs.find(folder.name) is None:
                self._take_up(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def _take_up(self, folder: Path) -> None:
        """A new job for an upload that is whole, and that the work file knows nothing of. Raises OutOfResources."""
        with disk_errors():
            sizes = [path.stat().st_size for path in folder.iterdir()]
        files = [UploadedFile("", folder / str(place)) for place in range(len(sizes))]
        self._sizes[folder.name] = sum(sizes)
        self._room.take(sum(sizes), by_right=True)
        self.jobs.add_upload(folder.name, files, sum(sizes), time.time(), by_right=True)
        _log.warning("upload_found_without_job", files=len(files))
        self.wake()

    def _clear(self, number: str) -> None:
        """Remove what lies on the disk for a job that has ended."""
        folder = self._folder(number)
        for either in (folder, folder.with_suffix(_UNFINISHED)):
            shutil.rmtree(either, ignore_errors=True)
        self._room.give_back(self._sizes.pop(number, 0))

    def _store(self, job: Job, stopping: Stopping, noting: Noting) -> tuple[JobState, str]:
        """Store what an earlier process has not; the results come in the same order again.

        What lacks is waited for as long as it takes: nobody else has what was acknowledged.
        """
        progress, tries, begin = None, 0, 0
        while stopping.deadline is None:
            try:
                files = self.jobs.files(job.id, self._folder(job.id))
                progress = progress or self._begin(job, files)
                begin = progress.done
                noting.counts = progress.counts
                self._go_on(job, files, progress, stopping, noting)
                if progress.is_over:
                    return JobState.DONE, ""
                if stopping.deadline is None:
                    progress = None
                    raise OutOfResources(LESS)
            except OutOfResources as error:
                tries = 1 if progress and progress.done > begin else tries + 1
                self._wait(job, str(error), stopping, tries)
        return JobState.CANCELLED, ""

    def _begin(self, job: Job, files: Sequence[UploadedFile]) -> "_Progress":
        """How far an earlier process came; nowhere, where what lies on the disk is not what it saw there."""
        done, total, counts = self.jobs.results(job.id), self._storing.count(files), job.counts
        if done and total != counts.remaining + counts.completed + counts.failed:
            _log.warning("upload_has_changed")
            self.jobs.start_over(job.id)
            done = []
        return _Progress(total, done)

    def _wait(self, job: Job, why: str, stopping: Stopping, tries: int) -> None:
        _log.warning("upload_waits", why=why)
        with suppress(OutOfResources):  # the disk that is full is its own, too
            self.jobs.explain(job.id, why)
        poll = select.poll()
        poll.register(stopping, select.POLLIN)
        poll.poll(1000 * PATIENCE[min(tries, len(PATIENCE)) - 1])

    def _go_on(
        self, job: Job, files: list[UploadedFile], progress: "_Progress", stopping: Stopping, noting: Noting
    ) -> None:
        """Store and note one after another, until the end or until stopping is asked."""
        with closing(
            self._storing.results(files, begin=progress.done, is_wanted=lambda: stopping.deadline is None)
        ) as results:
            is_more, seconds = True, 0.0
            while is_more:
                try:
                    is_more = _gather(results, progress, seconds)
                finally:
                    noting.counts = progress.counts
                    self.jobs.note(job.id, progress.noted, progress.unnoted, progress.counts)
                    progress.all_noted()
                seconds = NOTED_EVERY  # the first is noted at once: a job that gets on is not given up


def _gather(results: Iterator[FileResult], progress: "_Progress", seconds: float) -> bool:
    """Take in what comes in so many seconds, and one at least; whether there may be more."""
    deadline = time.monotonic() + seconds
    for result in results:
        progress.add([result])
        if time.monotonic() >= deadline:
            return True
    return False


class _Progress:
    """How many of so many files are done, and how; what is not noted yet is kept until it is."""

    def __init__(self, total: int, noted: Sequence[FileResult]) -> None:
        self._total = total
        self._stored = 0
        self.noted = 0
        self.unnoted: list[FileResult] = []
        self.add(noted)
        self.all_noted()

    def add(self, results: Sequence[FileResult]) -> None:
        """These are done too."""
        self._stored += sum(result.error is None for result in results)
        self.unnoted += results

    def all_noted(self) -> None:
        """What is done was noted."""
        self.noted = self.done
        self.unnoted = []

    @property
    def is_over(self) -> bool:
        """Whether all is done and noted."""
        return self.noted >= self._total

    @property
    def done(self) -> int:
        return self.noted + len(self.unnoted)

    @property
    def counts(self) -> Counts:
        return Counts(max(self._total - self.done, 0), self._stored, self.done - self._stored)
