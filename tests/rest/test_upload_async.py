"""Uploads as jobs: acknowledged at once, stored later, over restarts and kills."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import FormData
from support.archives import assert_sound
from support.instances import encode_part10, make_instance
from support.killing import kill_everything, listed
from support.node import Node, wait_for
from support.rest import Rest, as_bearer, detail_of, make_token, open_archive, rest_settings, serving, until
from support.zips import ZIP_STORED, zipped

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout
from radnode.archive.receiving import Receiving
from radnode.archive.stored import Stored
from radnode.model.errors import OutOfResources
from radnode.sections.bulk import BulkSettings
from radnode.work.upload_jobs import UploadJobs
from radnode.work.work_file import WorkFile
from radnode_http import storing, uploading
from radnode_http.answers.peers import AcceptedAnswer, JobAnswer, JobsAnswer
from radnode_http.storing import AT_ONCE

URL = "/api/dicom/upload-async"


def file(number: int = 1, **more: Any) -> bytes:
    return encode_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}", **more))


@asynccontextmanager
async def working(root: Path, **bulk: int) -> AsyncIterator[Rest]:
    """A server that can run jobs."""
    async with open_archive(root) as archive:
        work = await asyncio.to_thread(WorkFile.open, Layout(root).work)
        settings = rest_settings(root, bulk=BulkSettings(**{"jobs_at_once": 1, **bulk}))
        async with serving(archive, settings, work=work) as rest:
            yield rest
        await asyncio.to_thread(work.close)


def form_of(*files: tuple[str, bytes]) -> FormData:
    form = FormData(default_to_multipart=True)
    for name, content in files:
        form.add_field("file", BytesIO(content), filename=name)
    return form


async def accepted(rest: Rest, *files: tuple[str, bytes]) -> AcceptedAnswer:
    """A job that was just made."""
    async with rest.session.post(URL, data=form_of(*files)) as answer:
        assert answer.status == 202, await answer.text()
        job = AcceptedAnswer.model_validate_json(await answer.text())
        assert answer.headers["Location"] == f"/api/dicom/jobs/{job.job_id}"
    return job


async def looked_at(rest: Rest, job: str) -> JobAnswer:
    async with rest.session.get(f"/api/dicom/jobs/{job}") as answer:
        return JobAnswer.model_validate_json(await answer.text())


async def ended(rest: Rest, job: AcceptedAnswer) -> JobAnswer:
    """The job once it is at its end."""
    async with asyncio.timeout(20):
        while (found := await looked_at(rest, job.job_id)).ended_at is None:  # noqa: ASYNC110 - another thread's
            await asyncio.sleep(0.01)
    return found


def waiting_on_disk(root: Path) -> list[Path]:
    return [path for path in (root / ".radnode" / "uploads").rglob("*") if path.is_file()]


async def test_an_upload_is_acknowledged_and_then_stored(tmp_path: Path) -> None:
    async with working(tmp_path) as rest:
        job = await accepted(rest, ("1.dcm", file(1)), ("CD.zip", zipped({"a": file(2), "b": b"x"})))
        assert (job.status, job.kind, job.remaining, job.peer, job.study_uid) == ("processing", "upload", 2, None, None)
        done = await ended(rest, job)
        assert (done.state, done.completed, done.failed, done.remaining, done.error) == ("done", 2, 1, 0, None)
        assert done.results is not None
        assert [(one.file_name, one.success) for one in done.results] == [("1.dcm", True), ("a", True), ("b", False)]
        async with rest.session.get(f"/api/dicom/metadata/{done.results[1].file_path}") as answer:
            assert answer.status == 200
        async with rest.session.get("/api/dicom/jobs") as answer:
            assert [one.job_id for one in JobsAnswer.model_validate_json(await answer.text()).jobs] == [job.job_id]
        await until(lambda: not waiting_on_disk(tmp_path))
        assert await rest.refused("DELETE", f"/api/dicom/jobs/{job.job_id}", 409) == "The job has ended already"
        assert await rest.refused("POST", URL, 400, data=b"") == "No file uploaded"


class Gate:
    """Holds every file before it is stored, until it is opened; told of each that comes."""

    def __init__(self) -> None:
        self.come = 0
        self.open = threading.Event()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    found, commit = Gate(), Receiving.commit

    def held(receiving: Receiving) -> Stored:
        found.come += 1
        found.open.wait(10)
        return commit(receiving)

    monkeypatch.setattr(Receiving, "commit", held)
    yield found
    found.open.set()


async def test_few_may_wait_and_each_can_be_cancelled(tmp_path: Path, gate: Gate) -> None:
    async with working(tmp_path, max_queued=1) as rest:
        first = await accepted(rest, *(("1", file(number)) for number in range(AT_ONCE + 2)))
        await until(lambda: gate.come == AT_ONCE)
        second = await accepted(rest, ("3", file(3)))
        async with rest.session.post(URL, data=form_of(("4", file(4)))) as answer:
            assert (answer.status, await detail_of(answer)) == (507, "There are 1 jobs waiting already")
        for job, state in ((second, "cancelled"), (first, "running")):
            async with rest.session.delete(f"/api/dicom/jobs/{job.job_id}") as answer:
                assert answer.status == 202
                assert JobAnswer.model_validate_json(await answer.text()).state == state
        gate.open.set()
        done = await ended(rest, first)
        assert (done.state, done.completed, done.remaining) == ("cancelled", AT_ONCE, 0)
        assert done.results is not None
        assert len(done.results) == AT_ONCE
        assert (await looked_at(rest, second.job_id)).results == ()
        await until(lambda: not waiting_on_disk(tmp_path))
        assert (await ended(rest, await accepted(rest, ("5", file(5))))).completed == 1


async def test_what_waits_when_the_node_stops_is_stored_after_its_next_start(tmp_path: Path, gate: Gate) -> None:
    async with working(tmp_path) as rest:
        first = await accepted(rest, *(("1", file(number)) for number in range(AT_ONCE + 2)))
        second = await accepted(rest, ("3", file(9)))
        await until(lambda: gate.come)
        threading.Timer(0.2, gate.open.set).start()
    lost = tmp_path / ".radnode" / "uploads" / f"{'0' * 32}.new"
    lost.mkdir()  # as where the node was killed before all was there
    (lost / "0").write_bytes(b"x")
    async with working(tmp_path) as rest:
        assert [(await ended(rest, job)).completed for job in (first, second)] == [AT_ONCE + 2, 1]
        await until(lambda: not waiting_on_disk(tmp_path))
        assert not lost.exists()


async def test_a_disk_that_is_full_is_waited_for_as_long_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "PATIENCE", (0.01,))
    real, is_full = Archive.receive_file, threading.Event()
    is_full.set()

    def full(archive: Archive, **options: Any) -> Receiving:
        if is_full.is_set() and options["file_name"] != "1":
            raise OutOfResources("Cannot store: No space left on device")
        return real(archive, **options)

    monkeypatch.setattr(Archive, "receive_file", full)
    async with working(tmp_path) as rest:
        job = await accepted(rest, ("1", file(1)), ("2", file(2)))
        async with asyncio.timeout(20):
            while not (found := await looked_at(rest, job.job_id)).error:  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.01)
        assert (found.state, found.completed, found.error) == ("running", 1, "Cannot store: No space left on device")
        is_full.clear()
        done = await ended(rest, job)
        assert (done.state, done.completed, done.error) == ("done", 2, None)
        await until(lambda: not waiting_on_disk(tmp_path))


async def test_what_lacks_while_a_job_is_begun_is_waited_for_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "PATIENCE", (0.01,))
    troubles: list[Exception] = [
        OutOfResources("The work file is busy"),
        OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
        MemoryError(),
        RuntimeError("can't start new thread"),
    ]

    class Pool(ThreadPoolExecutor):
        """Another class than that which the server itself uses."""

    def troubled(real: Callable[..., Any], trouble: Exception) -> Callable[..., Any]:
        def act(*args: Any, **options: Any) -> Any:
            if trouble in troubles:
                troubles.remove(trouble)
                raise trouble
            return real(*args, **options)

        return act

    monkeypatch.setattr(storing, "ThreadPoolExecutor", Pool)
    places = ((UploadJobs, "files"), (storing, "_is_zip"), (Receiving, "commit"), (Pool, "submit"))
    for (owner, name), trouble in zip(places, tuple(troubles), strict=True):
        monkeypatch.setattr(owner, name, troubled(getattr(owner, name), trouble))
    async with working(tmp_path) as rest:
        done = await ended(rest, await accepted(rest, ("1", file(1)), ("2", file(2))))
        assert (done.state, done.completed, done.failed, troubles) == ("done", 2, 0, [])


async def test_a_mistake_of_ours_over_one_file_does_not_take_the_others_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Archive.receive_file

    def mistaken(archive: Archive, **options: Any) -> Receiving:
        if options["file_name"] == "2":
            raise IndexError("DOE^JOHN")
        return real(archive, **options)

    monkeypatch.setattr(Archive, "receive_file", mistaken)
    async with working(tmp_path) as rest:
        done = await ended(rest, await accepted(rest, *((str(number), file(number)) for number in (1, 2, 3))))
        assert (done.state, done.completed) == ("done", 2)
        assert [one.error for one in done.results or ()] == [None, "Internal server error", None]


async def test_what_lost_its_job_with_the_work_file_is_stored_all_the_same(tmp_path: Path, gate: Gate) -> None:
    async with working(tmp_path) as rest:
        await accepted(rest, *((str(number), file(number)) for number in range(AT_ONCE)))
        second = await accepted(rest, ("a", file(8)), ("CD.zip", zipped({"b": file(9)})))
        await until(lambda: gate.come == AT_ONCE)
        threading.Timer(0.2, gate.open.set).start()
    for path in (tmp_path / ".radnode").glob("work.sqlite*"):
        path.unlink()
    async with working(tmp_path, max_queued=1) as rest:
        await until(lambda: not waiting_on_disk(tmp_path))
        done = await ended(rest, second)
        assert (done.state, done.completed, done.failed) == ("done", 2, 0)
        async with rest.session.get("/api/dicom/list") as answer:
            assert (await answer.json())["total"] == AT_ONCE + 2


async def test_of_what_is_broken_at_the_next_start_the_rest_is_stored(tmp_path: Path, gate: Gate) -> None:
    archive = zipped({str(number): file(number) for number in range(3 * AT_ONCE)}, ZIP_STORED)
    async with working(tmp_path) as rest:
        job = await accepted(rest, ("CD.zip", archive), ("last", file(99)))
        await until(lambda: gate.come == AT_ONCE)
        threading.Timer(0.2, gate.open.set).start()
    (broken,) = (path for path in waiting_on_disk(tmp_path) if path.name == "0")
    broken.write_bytes(archive[: len(archive) // 2])
    async with working(tmp_path) as rest:
        done = await ended(rest, job)
        assert [(one.file_name, one.error) for one in done.results or ()] == [
            ("CD.zip", "The zip archive is damaged"), ("last", None)
        ]  # fmt: skip
        assert (done.state, done.completed, done.failed) == ("done", 1, 1)


async def test_what_waits_counts_for_the_room_after_a_restart_too(tmp_path: Path, gate: Gate) -> None:
    content = file(1, PixelData=bytes(600_000))
    async with working(tmp_path) as rest:
        job = await accepted(rest, ("1", content), *(("2", file(2 + number)) for number in range(AT_ONCE)))
        await until(lambda: gate.come == AT_ONCE)
        threading.Timer(0.2, gate.open.set).start()
    gate.open.clear()
    async with working(tmp_path, max_spooled=1_000_000) as rest:
        async with rest.session.post(URL, data=form_of(("2", content))) as answer:
            assert (answer.status, await detail_of(answer)) == (507, "Too much is waiting to be stored already")
        told = await told_of_uploads(rest)
        assert told["radnode_upload_jobs"] == 1
        assert told["radnode_uploads_spooled_bytes"] > len(content)
        gate.open.set()
        assert (await ended(rest, job)).completed == AT_ONCE + 1
        await until(lambda: not waiting_on_disk(tmp_path))
        assert (await told_of_uploads(rest)) == {"radnode_upload_jobs": 0, "radnode_uploads_spooled_bytes": 0}
        assert (await accepted(rest, ("2", content))).remaining == 1


async def told_of_uploads(rest: Rest) -> dict[str, float]:
    """Metrics of uploads that are not stored yet."""
    async with rest.session.get("/metrics", headers=as_bearer(make_token("dicom:admin"))) as answer:
        lines = [line.split() for line in (await answer.text()).splitlines() if line.startswith("radnode_upload")]
    return {name: float(value) for name, value in lines}


async def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    root, total = tmp_path / "storage", 40
    body = zipped({str(number): file(number) for number in range(total)}, ZIP_STORED)
    job = await asyncio.to_thread(killed_over, root, body)
    async with working(root) as rest:
        done = await ended(rest, job)
        assert (done.state, done.completed, done.failed) == ("done", total, 0)
        assert [one.file_name for one in done.results or ()] == [str(number) for number in range(total)]
        async with rest.session.get("/api/dicom/list") as answer:
            listed_now = {row["file_path"] for row in (await answer.json())["files"]}
        assert {one.file_path for one in done.results or ()} == listed_now
        await until(lambda: not waiting_on_disk(root))
        await asyncio.to_thread(rest.archive.recover)  # which the housekeeper does
    await asyncio.to_thread(assert_sound, root)


def killed_over(root: Path, body: bytes) -> AcceptedAnswer:
    """What a node acknowledged that was killed as soon as the first file was stored."""
    with Node(root, "--only", "rest") as node:
        headers = {"Authorization": f"Bearer {node.token()}", "Content-Type": "application/zip"}
        answer = requests.post(f"{node.url}{URL}", data=body, headers=headers, timeout=60)
        assert answer.status_code == 202
        wait_for(lambda: next(listed(node), None), what="the first stored file")
        kill_everything(node)
    return AcceptedAnswer.model_validate_json(answer.text)
