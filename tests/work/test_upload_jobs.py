"""Jobs that store uploads, beside those that retrieve, in files new and old."""

from pathlib import Path

import pytest

from radnode.work import jobs_schema, schema
from radnode.work.jobs import INTERRUPTED, Counts, JobKind, Jobs, JobState, Wanted
from radnode.work.upload_jobs import FileResult, UploadedFile, UploadJobs
from radnode.work.work_file import WorkFile


def test_jobs_of_an_older_file_are_retrievals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "work.sqlite"
    with monkeypatch.context() as older:
        older.setattr(schema, "PARTS", {**schema.PARTS, "jobs": jobs_schema.STEPS[:1]})
        with WorkFile.open(path) as work, work.writing() as connection:
            connection.execute(
                "INSERT INTO jobs (id, peer, study, series, sop_instance, state, created)"
                " VALUES ('a', 'PACS', '1.2', '', '', 'running', 1)"
            )
    with WorkFile.open(path) as work:
        jobs = Jobs(work, kept=10)
        assert UploadJobs(work, kept=10, most=10).resume(2.0) == 0
        assert jobs.resume(2.0) == 1
        job = jobs.claim(3.0)
        assert job is not None
        assert (job.kind, job.peer, job.wanted, job.size) == (JobKind.RETRIEVAL, "PACS", Wanted("1.2"), 0)


def test_each_kind_is_claimed_for_itself_and_forgotten_with_its_results(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        retrievals, uploads = Jobs(work, kept=10), UploadJobs(work, kept=1, most=10)
        retrievals.add("PACS", Wanted("1.2"), 1.0)
        file = UploadedFile("a.dcm", tmp_path / "0")
        for number in ("b", "c", "d"):
            assert uploads.add_upload(number, [file], 7, 2.0).kind is JobKind.UPLOAD
            claimed = uploads.claim(3.0)
            assert claimed is not None
            assert (claimed.id, claimed.size, claimed.counts) == (number, 7, Counts(remaining=1))
            assert uploads.files(number, tmp_path) == [file]
            assert uploads.unfinished() == {number: 7}
            uploads.note(number, 0, [FileResult("a.dcm", None, "bad")], Counts(failed=1))
            uploads.end(number, JobState.DONE, Counts(failed=1), "", 4.0)
        assert uploads.claim(5.0) is None
        # What ended is forgotten when the next is added.
        assert [uploads.results(number) for number in ("b", "c")] == [[], [FileResult("a.dcm", None, "bad")]]
        assert uploads.files("b", tmp_path) == []
        assert [job.id for job in retrievals.latest(9)[:2]] == ["d", "c"]
        assert retrievals.latest(9)[-1].state is JobState.QUEUED


def test_a_job_that_gets_on_is_never_given_up_however_often_its_process_ends(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        jobs = UploadJobs(work, kept=10, most=10)
        jobs.add_upload("a", [UploadedFile("a.dcm", tmp_path / "0")], 7, 1.0)
        for place in range(3 * jobs.most_attempts):
            assert jobs.resume(2.0) == 1
            assert jobs.claim(3.0) is not None
            jobs.note("a", place, [FileResult("a.dcm", None, "bad")], Counts(failed=place))
        for _ in range(jobs.most_attempts):
            assert (jobs.resume(4.0), jobs.claim(5.0) is None) in ((1, False), (0, True))
        job = jobs.find("a")
        assert job is not None
        assert (job.state, job.error) == (JobState.FAILED, INTERRUPTED)
