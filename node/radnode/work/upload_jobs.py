"""Uploads that are stored later: what they are made of, and what has become of each of their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radnode.work.jobs import Counts, Job, JobKind, Jobs, JobState, Wanted
from radnode.work.work_file import WorkFile


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it was sent (a zip archive, too), and where it lies; `error` says why it was not kept, or is empty."""

    name: str
    path: Path
    error: str = ""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What has become of one file: its path in the archive, or why it has none."""

    name: str
    file_path: str | None
    error: str | None


class UploadJobs(Jobs):
    """Jobs that store uploads."""

    kind = JobKind.UPLOAD
    most_attempts = 10
    """More than of a retrieval, which can be asked for again; those in which something was noted do not count."""

    def __init__(self, work: WorkFile, kept: int, most: int) -> None:
        """`kept` as for all jobs; at `most` so many may wait."""
        super().__init__(work, kept)
        self._most = most

    def check_room(self) -> None:
        """OutOfResources where as many wait as may."""
        with self._work.reading() as connection:
            self._check_room(connection, self._most)

    def add_upload(
        self, number: str, files: Sequence[UploadedFile], size: int, now: float, *, by_right: bool = False
    ) -> Job:
        """Queue the job of that ID, on the disk on return; its files have the names of their places.

        OutOfResources where too many wait, unless it does so `by_right`.
        """
        counts = Counts(remaining=len(files))
        with self._work.writing() as connection:
            if not by_right:
                self._make_room(connection, self._most)
            connection.execute(
                "INSERT INTO jobs (id, kind, peer, study, series, sop_instance, state, created, remaining, size)"
                " VALUES (?, ?, '', '', '', '', 'queued', ?, ?, ?)",
                (number, self.kind.value, now, counts.remaining, size),
            )
            connection.executemany(
                "INSERT INTO job_uploads (job, place, file_name, error) VALUES (?, ?, ?, ?)",
                [(number, place, file.name, file.error) for place, file in enumerate(files)],
            )
        return Job(number, "", Wanted(""), JobState.QUEUED, 0, counts, "", now, None, None, self.kind, size)

    def files(self, number: str, folder: Path) -> list[UploadedFile]:
        """What a job is to store; its files lie in `folder`."""
        sql = "SELECT place, file_name, error FROM job_uploads WHERE job = ? ORDER BY place"
        with self._work.reading() as connection:
            rows = connection.execute(sql, (number,)).fetchall()
        return [UploadedFile(row["file_name"], folder / str(row["place"]), row["error"]) for row in rows]

    def results(self, number: str) -> list[FileResult]:
        """What has become of a job's files so far, in their order."""
        sql = "SELECT file_name, file_path, error FROM job_results WHERE job = ? ORDER BY place"
        with self._work.reading() as connection:
            return [FileResult(*row) for row in connection.execute(sql, (number,))]

    def note(self, number: str, begin: int, results: Sequence[FileResult], counts: Counts) -> None:
        """Note what has become of the files from the place `begin` on, and how far the job is."""
        with self._work.writing_unflushed() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO job_results (job, place, file_name, file_path, error) VALUES (?, ?, ?, ?, ?)",
                [(number, place, one.name, one.file_path, one.error) for place, one in enumerate(results, begin)],
            )
            connection.execute(
                "UPDATE jobs SET remaining = ?, completed = ?, failed = ?, error = ''"
                " WHERE id = ? AND state = 'running'",
                (counts.remaining, counts.completed, counts.failed, number),
            )
            if results:
                connection.execute("UPDATE jobs SET attempts = 1 WHERE id = ? AND state = 'running'", (number,))

    def explain(self, number: str, why: str) -> None:
        """Note what a running job waits for."""
        self._change(number, JobState.RUNNING, error=why)

    def start_over(self, number: str) -> None:
        """Forget what has become of a job's files."""
        with self._work.writing_unflushed() as connection:
            connection.execute("DELETE FROM job_results WHERE job = ?", (number,))

    def unfinished(self) -> dict[str, int]:
        """The jobs that have not ended, and the bytes that lie on the disk for each."""
        sql = "SELECT id, size FROM jobs WHERE kind = ? AND ended IS NULL"
        with self._work.reading() as connection:
            return {row["id"]: row["size"] for row in connection.execute(sql, (self.kind.value,))}
