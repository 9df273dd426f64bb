"""Rules with `commit = true`: who got objects is asked to commit to them, once, all of a study together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.archives import make_archive
from support.commitments import fill, transactions
from support.dimse_server import Running, running, wait_until
from support.errands import run_by_courier

from radnode.archive.archive import Archive
from radnode.dimse.delivery.committing import CommittingOfSent
from radnode.dimse.delivery.delivery import Delivery
from radnode.model.commitment import Reference
from radnode.sections.commitment import CommitmentSettings
from radnode.sections.queue import QueueSettings
from radnode.sections.rules import Rule
from radnode.settings import DicomSettings, Peer, Settings
from radnode.work.queue import Order, Queue
from radnode.work.work_file import WorkFile

OWN = CommitmentSettings(gather=0.2, listen=5, first_delay=0.05, longest_delay=0.1, timeout=5)


@contextmanager
def sending(archive: Archive, work: WorkFile, port: int, *, commit: bool = True) -> Iterator[None]:
    """The courier's part: what is queued is sent to the VNA, which is then asked to commit."""
    settings = Settings(
        dicom=DicomSettings(ae_title="NODE"),
        peers=(Peer(title="VNA", host="127.0.0.1", port=port),),
        rules=(Rule(name="all", to=("VNA",), commit=commit),),
        queue=QueueSettings(first_delay=0.05, longest_delay=0.1),
        commitment=OWN,
    )
    with (
        run_by_courier(Delivery(archive, work, settings)),
        run_by_courier(CommittingOfSent(archive, work, settings)),
    ):
        yield


def queue(archive: Archive, work: WorkFile, references: list[Reference], *, rule: str = "all") -> None:
    orders = []
    for reference in references:
        held = archive.holding(reference.sop_instance)
        assert held is not None
        orders.append(Order(held.path, reference.sop_instance, "VNA", rule))
    Queue(work).enqueue(orders, 0.0, again=True)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Archive, WorkFile]]:
    with make_archive(tmp_path / "own") as archive, WorkFile.open(archive.layout.work) as work:
        yield archive, work


@contextmanager
def vna(tmp_path: Path) -> Iterator[tuple[Archive, Running]]:
    with make_archive(tmp_path / "vna") as archive, running(archive, dicom=DicomSettings(ae_title="VNA")) as server:
        yield archive, server


def asked(work: WorkFile) -> list[tuple[str, int, int | None]]:
    with work.reading() as connection:
        rows = connection.execute("SELECT state, objects, failed FROM commitments WHERE asked_by_us ORDER BY id")
        return [tuple(row) for row in rows]


def committed(work: WorkFile) -> int:
    """How many objects the destination has committed to."""
    return sum(objects - (failed or 0) for state, objects, failed in asked(work) if state == "answered")


def test_what_was_sent_is_committed_together_and_asked_for_once(own: tuple[Archive, WorkFile], tmp_path: Path) -> None:
    archive, work = own
    first, second = fill(archive, range(1, 6)), fill(archive, [7])
    queue(archive, work, first)
    with vna(tmp_path) as (_, server):
        with sending(archive, work, server.port):
            wait_until(lambda: committed(work) == 5)
            assert len(asked(work)) < 5
            queue(archive, work, fill(archive, [6]), rule="by hand")
            queue(archive, work, second)
            wait_until(lambda: committed(work) == 6)
        with sending(archive, work, server.port):  # another courier
            queue(archive, work, first[:1])  # sent once more, so that it is asked for once more
            wait_until(lambda: committed(work) == 7)
        assert {state for state, _, _ in asked(work)} == {"answered"}
        assert {one.peer for one in transactions(server)} == {"NODE"}


def test_a_destination_that_refuses_is_asked_again(own: tuple[Archive, WorkFile], tmp_path: Path) -> None:
    archive, work = own
    queue(archive, work, fill(archive, [1]))
    allow = Peer(title="NODE", host="127.0.0.1", port=1, allow=("store",))
    with make_archive(tmp_path / "vna") as other:
        named = DicomSettings(ae_title="VNA")
        with running(other, dicom=named, peers=(allow,)) as server, sending(archive, work, server.port):
            wait_until(lambda: len(asked(work)) >= 2)
        assert {state for state, _, _ in asked(work)} == {"refused"}
        with running(other, dicom=named) as server, sending(archive, work, server.port):
            wait_until(lambda: asked(work)[-1] == ("answered", 1, 0))


def test_without_commit_nobody_is_asked(own: tuple[Archive, WorkFile], tmp_path: Path) -> None:
    archive, work = own
    queue(archive, work, fill(archive, [1]))
    with vna(tmp_path) as (other, server), sending(archive, work, server.port, commit=False):
        wait_until(lambda: other.statistics().files == 1)
    assert asked(work) == []
