"""Associations over real sockets: who is rejected, limits, silence, stopping."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE
from support.dimse_server import (
    CT,
    EXPLICIT,
    IMPLICIT,
    Running,
    address_of,
    doomed,
    proposals,
    running,
    store_command,
    stream,
    wait_until,
)
from support.fake_archive import FakeArchive
from support.pynet import steady

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.server import Patience
from radnode.dimse.slots import Slots
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import ConnectionLost, PeerAborted
from radnode.dimse.upper.requesting import Address, Rejected, Requested, associate
from radnode.settings import DicomSettings, Peer

ECHO = proposals((VERIFICATION, (IMPLICIT,)))
STORE = proposals((CT, (EXPLICIT,)))


def echo_status(requested: Requested) -> int:
    message_id = requested.next_message_id()
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: VERIFICATION,
        Element.COMMAND_FIELD: Field.C_ECHO,
        Element.MESSAGE_ID: message_id,
    }
    requested.messages.send(1, elements)
    return requested.response(Field.C_ECHO, message_id).number(Element.STATUS)


def why_rejected(address: Address) -> str:
    """The reason of the rejection; "" where the association is accepted."""
    try:
        with associate(address, ECHO) as requested:
            assert echo_status(requested) == 0
    except Rejected as rejected:
        return str(rejected)
    return ""


def is_closed(sock: socket.socket) -> bool:
    """Whether the server has closed the connection; reads whatever it says before."""
    sock.settimeout(10)
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def test_pynetdicom_as_requestor_is_served() -> None:
    ae = AE("PYNET")
    ae.add_requested_context(VERIFICATION)
    with running(FakeArchive()) as server:
        association = steady(ae.associate("127.0.0.1", server.port, ae_title="RADNODE"))
        assert association.is_established
        assert association.acceptor.implementation_version_name == "RADNODE"
        assert association.acceptor.maximum_length == DicomSettings().max_pdu
        assert association.send_c_echo().Status == 0
        association.release()
        assert association.is_released


def test_a_wrong_called_title_is_rejected_for_good() -> None:
    with running(FakeArchive()) as server:
        assert "permanent): called AE title" in why_rejected(address_of(server, called="OTHER"))


def test_a_caller_that_is_not_known_is_rejected_where_peers_are_required() -> None:
    dicom = DicomSettings(host="0.0.0.0")
    peers = (Peer(title="KNOWN", host="127.0.0.1", port=1), Peer(title="ELSEWHERE", host="10.255.0.1", port=1))
    with running(FakeArchive(), dicom=dicom, peers=peers) as server:
        with associate(address_of(server, calling="KNOWN"), ECHO) as requested:
            assert echo_status(requested) == 0
        for title in ("UNKNOWN", "ELSEWHERE"):
            assert "permanent): calling AE title" in why_rejected(address_of(server, calling=title))


def test_services_that_a_peer_may_not_use_lose_their_contexts() -> None:
    peers = (Peer(title="TESTS", host="127.0.0.1", port=1, allow=("echo",)),)
    contexts = proposals((VERIFICATION, (IMPLICIT,)), (CT, (EXPLICIT,)))
    archive = FakeArchive()
    with running(archive, peers=peers) as server, associate(address_of(server), contexts) as requested:
        assert set(requested.accepted) == {1}
        assert echo_status(requested) == 0
        # C-STORE under the context that is left: nothing is stored.
        requested.messages.send(1, store_command("1.2.3"), b"\0" * 1000)
        assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0x0124
        assert echo_status(requested) == 0
    assert not archive.objects


def test_an_operation_that_is_not_known_is_answered_as_such() -> None:
    with running(FakeArchive()) as server, associate(address_of(server), ECHO) as requested:
        elements: dict[int, int | str] = {Element.COMMAND_FIELD: 0x0150, Element.MESSAGE_ID: 9}
        requested.messages.send(1, elements, b"whatever it holds")
        _, response = requested.next_command()
        assert response.number(Element.COMMAND_FIELD) == 0x8150
        assert response.number(Element.STATUS) == 0x0211
        assert echo_status(requested) == 0


def test_one_association_too_many_is_rejected_until_another_ends() -> None:
    with running(FakeArchive(), dicom=DicomSettings(max_associations=1)) as server:
        with associate(address_of(server), ECHO) as first:
            assert "transient): local limit exceeded" in why_rejected(address_of(server))
            assert echo_status(first) == 0
        wait_until(lambda: not why_rejected(address_of(server)))


def test_the_limit_holds_over_several_workers(tmp_path: Path) -> None:
    other_worker = Slots(tmp_path / "slots", 2)
    held = [other_worker.take(), other_worker.take()]
    dicom = DicomSettings(max_associations=2)
    with running(FakeArchive(), dicom=dicom, slots=tmp_path / "slots") as server:
        assert "local limit" in why_rejected(address_of(server))
        other_worker.close()
        with associate(address_of(server), ECHO) as requested:
            assert echo_status(requested) == 0
    assert all(held)


def test_silent_connections_are_dropped_and_take_no_slot() -> None:
    dicom = DicomSettings(max_associations=1)
    with running(FakeArchive(), dicom=dicom, patience=Patience(request=1, grace=5)) as server:
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        slow = socket.create_connection(("127.0.0.1", server.port))
        slow.sendall(b"\x01\x00\x00\x00")
        with associate(address_of(server), ECHO) as requested:
            assert echo_status(requested) == 0
        assert all(is_closed(sock) for sock in [*silent, slow])
        for sock in [*silent, slow]:
            sock.close()


def test_an_idle_association_is_aborted() -> None:
    dicom = DicomSettings(idle_timeout=1)
    with running(FakeArchive(), dicom=dicom) as server, doomed(server, ECHO) as requested:
        assert echo_status(requested) == 0
        with pytest.raises(PeerAborted):
            requested.next_command()


def test_idle_associations_and_silent_connections_end_at_once_when_the_node_stops() -> None:
    with running(FakeArchive(), patience=Patience(request=60, grace=60)) as server:
        silent = socket.create_connection(("127.0.0.1", server.port))
        with doomed(server, ECHO) as requested:
            assert echo_status(requested) == 0
            started = time.monotonic()
            server.stop.set()
            with pytest.raises(PeerAborted):
                requested.next_command()
            server.thread.join(10)
            assert not server.thread.is_alive()
            assert time.monotonic() - started < 10
        assert is_closed(silent)
        silent.close()
        with pytest.raises(ConnectionLost):
            why_rejected(address_of(server))


def test_a_store_in_flight_is_finished_when_the_node_stops() -> None:
    archive = FakeArchive()
    chunks = [bytes([number]) * 500 for number in range(4)]

    def slowly(server: Running) -> Iterator[bytes]:
        yield from chunks[:3]
        wait_until(lambda: archive.largest_fragment == 500)  # the object is half there
        server.stop.set()
        yield chunks[3]

    with running(archive) as server, doomed(server, STORE) as requested:
        stream(requested, store_command("1.2.3"), slowly(server))
        assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
        with pytest.raises(PeerAborted):
            requested.next_command()
    assert archive.objects == {"1.2.3": b"".join(chunks)}


def test_a_store_that_does_not_end_is_given_up_after_the_grace() -> None:
    archive = FakeArchive()

    def never_ending(server: Running) -> Iterator[bytes]:
        yield b"half of it"
        yield b"more"
        wait_until(lambda: archive.open == 1)
        server.stop.set()
        server.thread.join(20)
        assert not server.thread.is_alive()
        yield b"too late"

    with running(archive, patience=Patience(request=5, grace=0.3)) as server, doomed(server, STORE) as requested:
        stream(requested, store_command("1.2.3"), never_ending(server))
    assert archive.objects == {}
    assert (archive.open, archive.aborted) == (0, 1)


def test_a_pdu_that_claims_too_much_is_refused_unread() -> None:
    with running(FakeArchive()) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(struct.pack(">BxL", 1, 0xFFFFFFF0) + b"\0" * 100)
            assert is_closed(sock)
        with doomed(server, ECHO) as requested:
            requested.messages.connection.send(struct.pack(">BxL", 4, 0x7FFFFFFF), time.monotonic() + 5)
            with pytest.raises(PeerAborted):
                requested.next_command()
        with associate(address_of(server), ECHO) as requested:
            assert echo_status(requested) == 0


def test_a_protocol_error_before_the_association_is_answered_with_an_abort() -> None:
    with running(FakeArchive()) as server, socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(10)
        sock.sendall(struct.pack(">BxL", 5, 4) + bytes(4))  # A-RELEASE-RQ
        assert sock.recv(100) == bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))


def test_a_command_set_without_end_is_refused() -> None:
    with running(FakeArchive()) as server, doomed(server, ECHO) as requested:
        fragment = struct.pack(">BxL", 4, 60006) + struct.pack(">LBB", 60002, 1, 1) + bytes(60000)
        requested.messages.connection.send(fragment * 2, time.monotonic() + 5)
        with pytest.raises(PeerAborted):
            requested.next_command()
