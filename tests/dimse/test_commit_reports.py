"""Bringing reports to peers that are not there, refuse, hang or abort: again until they have heard, or given up."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.archives import make_archive
from support.certificates import settings as certified
from support.commitments import fill, reference, reporting, transactions
from support.dimse_server import Running, running, wait_until
from support.odd_acceptor import acceptor, received
from support.secured import World

from radnode.archive.archive import Archive
from radnode.dimse.credentials import Credentials
from radnode.dimse.upper.pdu import encode_abort
from radnode.model.uid import UID
from radnode.settings import DicomSettings, Peer
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.commitments import Transaction
from radnode.work.received_commitments import ReceivedCommitments


@pytest.fixture
def node(tmp_path: Path) -> Iterator[tuple[Archive, Running]]:
    with make_archive(tmp_path / "node") as archive, running(archive) as server:
        yield archive, server


@contextmanager
def asker(tmp_path: Path, credentials: Credentials | None = None) -> Iterator[Running]:
    dicom = DicomSettings(ae_title="ASKER")
    with make_archive(tmp_path / "asker") as archive, running(archive, dicom=dicom, credentials=credentials) as server:
        yield server


def peer(port: int, title: str = "ASKER") -> Peer:
    return Peer(title=title, host="127.0.0.1", port=port)


def due(node: Running, uid: str, peer: str = "ASKER", numbers: tuple[int, ...] = (1,)) -> UID:
    """A request that has to be reported now."""
    wanted = [reference(number) for number in numbers]
    ReceivedCommitments(node.work).receive(peer, UID(uid), wanted, busy=0)
    return UID(uid)


def state(node: Running, uid: UID) -> Transaction:
    return next(one for one in transactions(node) if one.uid == uid)


def test_a_peer_that_refuses_a_report_hears_it_again(node: tuple[Archive, Running], tmp_path: Path) -> None:
    archive, server = node
    stored = fill(archive, [1])
    first, second = due(server, "2.25.1"), due(server, "2.25.2")
    with asker(tmp_path) as other:
        asked = AskedCommitments(other.work)
        asked.ask("RADNODE", second, stored, patience=60)  # the first is none that it knows
        with reporting(archive, server, [peer(other.port)]):
            wait_until(lambda: asked.results(second) == {stored[0]: 0})
            wait_until(lambda: state(server, first).attempts >= 2)
            assert "0110 no such transaction" in state(server, first).why
            asked.ask("RADNODE", first, stored, patience=60)
            wait_until(lambda: state(server, first).state == "reported")
        assert asked.results(first) == {stored[0]: 0}


def test_a_report_goes_over_tls_to_a_peer_that_demands_a_certificate(
    node: tuple[Archive, Running], tmp_path: Path
) -> None:
    archive, server = node
    stored = fill(archive, [1])
    one, world = due(server, "2.25.1"), World.made(tmp_path)
    with asker(tmp_path, world.credentials(client_certificates="required")) as other:
        asked = AskedCommitments(other.work)
        asked.ask("RADNODE", one, stored, patience=60)
        there = [Peer(title="ASKER", host="127.0.0.1", port=other.tls_port, tls=True)]
        with reporting(archive, server, there, certified(None, world.authority.certificate)):
            wait_until(lambda: state(server, one).attempts >= 1)
        assert state(server, one).state == "open"
        assert asked.results(one) != {stored[0]: 0}
        own = certified(world.authority.sign("node"), world.authority.certificate)
        with reporting(archive, server, there, own):
            wait_until(lambda: state(server, one).state == "reported")
        assert asked.results(one) == {stored[0]: 0}


def test_a_silent_peer_is_left_and_delays_no_other(node: tuple[Archive, Running], tmp_path: Path) -> None:
    archive, server = node
    silent, heard = due(server, "2.25.1", "SILENT"), due(server, "2.25.2")
    with asker(tmp_path) as other, socket.create_server(("127.0.0.1", 0)) as listening:
        AskedCommitments(other.work).ask("RADNODE", heard, [reference(1)], patience=60)
        peers = [peer(listening.getsockname()[1], "SILENT"), peer(other.port)]
        with reporting(archive, server, peers, timeout=20, first_delay=60, longest_delay=60):
            wait_until(lambda: state(server, heard).state == "reported")
            assert state(server, silent).attempts == 0
            listening.close()
            wait_until(lambda: state(server, silent).attempts == 1)


def test_a_peer_that_aborts_is_called_again(node: tuple[Archive, Running]) -> None:
    def abort(sock: socket.socket) -> bool:
        received(sock)
        sock.sendall(encode_abort(None))
        return True

    archive, server = node
    one = due(server, "2.25.1")
    with acceptor(abort) as address, reporting(archive, server, [peer(address.port)]):
        wait_until(lambda: "aborted" in state(server, one).why)
    assert state(server, one).state == "open"


def test_what_cannot_be_brought_is_given_up_in_the_end_and_told(node: tuple[Archive, Running]) -> None:
    archive, server = node
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stranger, gone = due(server, "2.25.1", "STRANGER"), due(server, "2.25.2")
    with capture_logs() as logs, reporting(archive, server, [peer(port)], give_up_after=0.3):
        wait_until(lambda: {state(server, one).state for one in (stranger, gone)} == {"given up"})
    assert "no address" in state(server, stranger).why
    assert "cannot connect" in state(server, gone).why
    assert {line["peer"] for line in logs if line["event"] == "commitment_given_up"} == {"STRANGER", "ASKER"}


def test_what_was_found_before_a_stop_is_not_looked_for_again(node: tuple[Archive, Running], tmp_path: Path) -> None:
    archive, server = node
    fill(archive, [1, 2])
    received = ReceivedCommitments(server.work)
    one = due(server, "2.25.1", numbers=(1, 2))
    received.checked(state(server, one).id, {0: 0})
    for path in (tmp_path / "node" / "studies").rglob("*.dcm"):
        path.unlink()
    with asker(tmp_path) as other:
        asked = AskedCommitments(other.work)
        asked.ask("RADNODE", one, [reference(1), reference(2)], patience=60)
        with capture_logs() as logs, reporting(archive, server, [peer(other.port)]):
            wait_until(lambda: state(server, one).state == "reported")
        assert asked.results(one) == {reference(1): 0, reference(2): 0x0110}
    assert [line["why"] for line in logs if line["event"] == "object_damaged"] == ["its file is missing"]


def test_what_was_deleted_before_its_report_could_be_brought_is_not_committed_to(
    node: tuple[Archive, Running], tmp_path: Path
) -> None:
    archive, server = node
    fill(archive, [1, 2])
    one = due(server, "2.25.1", numbers=(1, 2))
    ReceivedCommitments(server.work).checked(state(server, one).id, {0: 0, 1: 0})
    held = archive.holding(reference(1).sop_instance)
    assert held is not None
    archive.forget(held.path)
    with asker(tmp_path) as other:
        asked = AskedCommitments(other.work)
        asked.ask("RADNODE", one, [reference(1), reference(2)], patience=60)
        with reporting(archive, server, [peer(other.port)]):
            wait_until(lambda: state(server, one).state == "reported")
        assert asked.results(one) == {reference(1): 0x0112, reference(2): 0}
