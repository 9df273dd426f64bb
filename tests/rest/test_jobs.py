"""Retrievals as jobs: by C-GET, by C-MOVE, cancelled, broken off, and over restarts."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from support.archives import store
from support.dimse_server import peer_of, running, wait_until
from support.instances import INSTANCE, STUDY, make_instance
from support.odd_acceptor import acceptor, received
from support.pacs import Handler, pacs
from support.rest import Rest, serving_with_peers, until

from radnode.archive.archive import Archive
from radnode.dimse.upper.associate import ContextAnswer, decode_request, encode_accept
from radnode.model.errors import OutOfResources
from radnode.sections.asking import AskingSettings
from radnode.settings import DicomSettings, Peer, Settings
from radnode.work import jobs as jobs_module
from radnode.work.jobs import Counts, Jobs, JobState, Wanted
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile
from radnode_http.answers.peers import JobAnswer, JobsAnswer
from radnode_http.retrieving import Retrieving


def two(event: Any) -> Iterator[Any]:
    """A study of two images, and nothing else."""
    wanted = event.identifier.StudyInstanceUID == STUDY
    yield 2 if wanted else 0
    for number in range(2 if wanted else 0):
        yield 0xFF00, make_instance(SOPInstanceUID=f"{INSTANCE}.{number}")


async def ordered(rest: Rest, peer: str = "PYNET", **wanted: str) -> JobAnswer:
    """A job that was just made."""
    wanted = wanted or {"study_uid": STUDY}
    async with rest.session.post(f"/api/dicom/peers/{peer}/retrieve", json=wanted) as answer:
        assert answer.status == 202, await answer.text()
        job = JobAnswer.model_validate_json(await answer.text())
        assert answer.headers["Location"] == f"/api/dicom/jobs/{job.job_id}"
    return job


async def looked_at(rest: Rest, job: JobAnswer) -> JobAnswer:
    async with rest.session.get(f"/api/dicom/jobs/{job.job_id}") as answer:
        return JobAnswer.model_validate_json(await answer.text())


async def ended(rest: Rest, job: JobAnswer) -> JobAnswer:
    """The job once it is at its end."""
    async with asyncio.timeout(20):
        while (job := await looked_at(rest, job)).ended_at is None:  # noqa: ASYNC110 - the job is another thread's
            await asyncio.sleep(0.01)
    return job


async def stored(rest: Rest) -> int:
    async with rest.session.get("/api/dicom/list") as answer:
        total: int = (await answer.json())["total"]
    return total


async def test_a_study_comes_by_get_into_the_archive(tmp_path: Path) -> None:
    with pacs(two) as peer:
        async with serving_with_peers(tmp_path, peer) as rest:
            job = await ordered(rest)
            assert (job.state, job.started_at, job.error) == ("queued", None, None)
            done = await ended(rest, job)
            assert (done.state, done.completed, done.failed, done.remaining) == ("done", 2, 0, 0)
            assert await stored(rest) == 2
            nothing = await ended(rest, await ordered(rest, study_uid="1.2.3"))
            assert (nothing.state, nothing.error) == ("failed", "The peer has nothing of that")
            async with rest.session.get("/api/dicom/jobs") as answer:
                listed = JobsAnswer.model_validate_json(await answer.text())
    assert [one.job_id for one in listed.jobs] == [nothing.job_id, done.job_id]


@pytest.fixture
def pacs_without_get(tmp_path: Path) -> Iterator[Peer]:
    """A real node with the study, from which HERE may have it moved to itself, but not get it."""
    with Archive.open(tmp_path / "here") as here, running(here, dicom=DicomSettings(ae_title="HERE")) as door:
        caller = Peer(title="HERE", host="127.0.0.1", port=door.port, allow=("find", "move"))
        with Archive.open(tmp_path / "pacs") as archive, running(archive, peers=(caller,)) as server:
            for number in range(2):
                store(archive, make_instance(SOPInstanceUID=f"{INSTANCE}.{number}"))
            yield peer_of(server)


async def test_a_peer_without_get_moves_the_study_here(tmp_path: Path, pacs_without_get: Peer) -> None:
    dicom = DicomSettings(ae_title="HERE")
    async with serving_with_peers(tmp_path / "here", pacs_without_get, dicom=dicom) as rest:
        done = await ended(rest, await ordered(rest, "RADNODE"))
        assert (done.state, done.completed, done.error) == ("done", 2, None)
        assert await stored(rest) == 2


def until_cancelled(begun: threading.Event) -> Handler:
    def handle(event: Any) -> Iterator[Any]:
        yield 3
        yield 0xFF00, make_instance(SOPInstanceUID=f"{INSTANCE}.1")
        begun.set()
        waiting = threading.Event()
        for _ in range(2000):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            waiting.wait(0.01)

    return handle


async def test_a_job_is_cancelled_at_the_peer_or_before_it_begins(tmp_path: Path) -> None:
    begun = threading.Event()
    with pacs(until_cancelled(begun)) as peer:
        async with serving_with_peers(tmp_path, peer, asking=AskingSettings(jobs_at_once=1)) as rest:
            first, second = await ordered(rest), await ordered(rest)
            await until(begun.is_set)
            assert (await looked_at(rest, first)).state == "running"
            for job, state in ((second, "cancelled"), (first, None)):
                async with rest.session.delete(f"/api/dicom/jobs/{job.job_id}") as answer:
                    assert answer.status == 202
                    assert state in (None, JobAnswer.model_validate_json(await answer.text()).state)
            done = await ended(rest, first)
            assert (done.state, done.error, done.completed) == ("cancelled", None, 1)
            url = f"/api/dicom/jobs/{first.job_id}"
            assert await rest.refused("DELETE", url, 409) == "The job has ended already"


def die_in_the_middle(sock: socket.socket) -> bool:
    request = decode_request(received(sock))
    answers = [ContextAnswer(one.id, 0, one.transfer_syntaxes[0]) for one in request.contexts]
    sock.sendall(encode_accept(request, answers, 16384))
    return bool(received(sock))


async def test_a_peer_that_dies_fails_the_job(tmp_path: Path) -> None:
    with acceptor(die_in_the_middle) as address:
        peer = Peer(title="ODD", host=address.host, port=address.port)
        async with serving_with_peers(tmp_path, peer, asking=AskingSettings(timeout=0.2)) as rest:
            done = await ended(rest, await ordered(rest, "ODD"))
    assert done.state == "failed"
    assert done.error is not None
    assert done.error.startswith("ODD: ")


async def test_what_is_wanted_must_be_clear(tmp_path: Path) -> None:
    async with serving_with_peers(tmp_path, Peer(title="PACS", host="127.0.0.1", port=1)) as rest:
        url, unknown = "/api/dicom/peers/PACS/retrieve", "/api/dicom/jobs/" + "0" * 32
        assert await rest.refused("POST", url, 400, json={}) == "Field study_uid is required"
        assert await rest.refused("POST", url, 400, json={"study_uid": "1.2.*"}) == "Field study_uid must be a UID"
        both = {"study_uid": "1.2", "sop_instance_uid": "1.3"}
        assert "series_uid is required" in await rest.refused("POST", url, 400, json=both)
        assert await rest.refused("POST", url.replace("PACS", "X"), 404, json={"study_uid": "1.2"}) == "Unknown peer"
        for method in ("GET", "DELETE"):
            assert await rest.refused(method, unknown, 404) == "Unknown job"
        assert await rest.refused("GET", "/api/dicom/jobs?limit=0", 400)
        failed = await ended(rest, await ordered(rest, "PACS", study_uid="1.2", series_uid="1.3"))
        assert (failed.state, failed.series_uid) == ("failed", "1.3")
        assert "cannot connect" in (failed.error or "")


async def test_a_job_that_runs_when_the_node_stops_is_done_after_its_next_start(tmp_path: Path) -> None:
    begun = threading.Event()
    with pacs(until_cancelled(begun)) as peer:
        async with serving_with_peers(tmp_path, peer) as rest:
            job = await ordered(rest)
            await until(begun.is_set)
    with pacs(two) as peer:
        async with serving_with_peers(tmp_path, peer, dicom=DicomSettings(ae_title="HERE")) as rest:
            done = await ended(rest, job)
    assert (done.state, done.completed) == ("done", 2)


def test_a_mistake_of_ours_fails_its_job_and_not_those_after_it(tmp_path: Path) -> None:
    with pacs(two) as peer, WorkFile.open(tmp_path / "work.sqlite") as work:
        settings = Settings(peers=(peer,), asking=AskingSettings(jobs_at_once=1))
        retrieving = Retrieving(Jobs(work, 10), cast("Archive", None), Router((), work), settings)
        retrieving.start()
        for _ in range(2):
            retrieving.add(peer, Wanted(STUDY))
        wait_until(lambda: all(job.state.is_end for job in retrieving.jobs.latest(2)))
        assert [(job.state, job.error) for job in retrieving.jobs.latest(2)] == [
            (JobState.FAILED, "Internal server error")
        ] * 2
        retrieving.close()


def test_a_job_that_ends_its_process_again_and_again_is_given_up(tmp_path: Path) -> None:
    for attempt in range(jobs_module.MOST_ATTEMPTS):
        with WorkFile.open(tmp_path / "work.sqlite") as work:
            jobs = Jobs(work, kept=10)
            job = jobs.add("PACS", Wanted("1.2"), now=5.0) if not attempt else jobs.latest(1)[0]
            assert jobs.resume(now=6.0) == 1
            claimed = jobs.claim(now=7.0)
            assert claimed is not None
            assert (claimed.id, claimed.attempts) == (job.id, attempt + 1)
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        jobs = Jobs(work, kept=10)
        assert jobs.resume(now=8.0) == 0
        (job,) = jobs.latest(5)
        assert (job.state, job.error, job.ended) == (JobState.FAILED, jobs_module.INTERRUPTED, 8.0)
        assert jobs.claim(now=9.0) is None


def test_few_that_have_ended_are_remembered_and_few_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MOST_QUEUED", 3)
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        jobs = Jobs(work, kept=2)
        for number in range(4):
            added = jobs.add("PACS", Wanted("1.2", f"1.{number}"), now=number)
            assert jobs.claim(now=number) is not None
            jobs.end(added.id, JobState.DONE, Counts(completed=number), "", now=number)
            jobs.count(added.id, Counts(completed=99))  # too late to count
        for _ in range(3):
            jobs.add("PACS", Wanted("1.3"), now=9.0)
        with pytest.raises(OutOfResources, match="3 jobs"):
            jobs.add("PACS", Wanted("1.3"), now=9.0)
        kept = jobs.latest(100)
    assert [job.state.value for job in kept] == ["queued"] * 3 + ["done"] * 2
    assert [job.counts.completed for job in kept[3:]] == [3, 2]
