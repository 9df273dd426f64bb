"""Acceptors that do not quite follow the Standard, as radnode meets them when it is the one who calls."""

import errno
import socket
import struct
from pathlib import Path
from typing import Any, cast

import pytest
from support.dimse_server import EXPLICIT, IMPLICIT, peer_of, proposals, running
from support.fake_archive import FakeArchive
from support.instances import make_instance, write_part10
from support.odd_acceptor import accept, acceptor, received

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.scu import Caller, CallFailed, echo, send
from radnode.dimse.upper.listener import Door, Listener
from radnode.dimse.upper.pdu import RELEASE_REQUEST, RELEASE_RESPONSE
from radnode.dimse.upper.requesting import Rejected, associate
from radnode.dimse.upper.stopping import Stopping
from radnode.settings import Peer

ECHO = proposals((VERIFICATION, (IMPLICIT,)))


def test_a_peer_that_closes_instead_of_confirming_the_release_has_not_failed() -> None:
    def close(sock: socket.socket) -> bytes:
        accept(sock)
        return received(sock)

    with acceptor(close) as address, associate(address, ECHO, timeout=5) as requested:
        assert set(requested.accepted) == {1}


def test_a_release_collision_is_answered_by_the_requestor_first() -> None:
    def collide(sock: socket.socket) -> None:
        accept(sock)
        sock.sendall(RELEASE_REQUEST)
        received(sock)
        assert sock.recv(len(RELEASE_RESPONSE), socket.MSG_WAITALL) == RELEASE_RESPONSE
        sock.sendall(RELEASE_RESPONSE)
        assert sock.recv(1) == b""

    with acceptor(collide) as address, associate(address, ECHO, timeout=5) as requested:
        assert set(requested.accepted) == {1}


def test_a_rejection_that_is_too_short_is_one_all_the_same() -> None:
    def reject(sock: socket.socket) -> None:
        received(sock)
        sock.sendall(struct.pack(">BxL", 3, 2) + b"\0\1")

    with acceptor(reject) as address, pytest.raises(Rejected, match="permanent"), associate(address, ECHO, timeout=5):
        pass


def test_a_transfer_syntax_that_was_not_proposed_is_not_agreed_upon() -> None:
    def mistake(sock: socket.socket) -> bytes:
        accept(sock, EXPLICIT)
        return received(sock)

    with acceptor(mistake) as address, associate(address, ECHO, timeout=5) as requested:
        assert requested.accepted == {}


def test_what_can_be_no_host_name_is_told_as_such() -> None:
    with pytest.raises(CallFailed, match="host name"):
        echo(Peer(title="ODD", host="a" * 70, port=104), Caller())


def test_a_peer_that_is_known_by_its_network_cannot_be_called() -> None:
    with pytest.raises(CallFailed, match="cannot be called"):
        echo(Peer(title="WARD", host="10.1.2.0/24", port=104), Caller())


def test_a_file_that_vanishes_while_others_are_sent_costs_nothing_but_itself(tmp_path: Path) -> None:
    files = [write_part10(make_instance(SOPInstanceUID=f"1.2.3.{one}"), tmp_path / f"{one}.dcm") for one in range(3)]
    archive = FakeArchive()
    with running(archive) as server:
        sending = send(peer_of(server), Caller(), files)
        assert next(sending).is_stored
        files[1].unlink()
        assert [(sent.status, sent.comment) for sent in sending] == [(None, "No such file or directory"), (0, "")]
    assert set(archive.objects) == {"1.2.3.0", "1.2.3.2"}


def test_a_connection_whose_way_is_gone_does_not_end_the_accepting() -> None:
    """accept(2): errors of the network that the new connection has met already are passed on by Linux."""
    stopping = Stopping(grace=0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        failures = [errno.EHOSTUNREACH, errno.EPROTO, errno.EPERM]

        class Flaky:
            def accept(self) -> tuple[socket.socket, Any]:
                if failures:
                    raise OSError(failures.pop(), "as the network says")
                return listening.accept()

            def fileno(self) -> int:
                return listening.fileno()

            def setblocking(self, flag: bool) -> None:
                listening.setblocking(flag)

        connections = iter(Listener([Door(cast("socket.socket", Flaky()))], stopping, lambda: None, lambda: 0))
        with socket.create_connection(listening.getsockname()):
            sock, address, _ = next(connections)
            assert address == "127.0.0.1"
            sock.close()
        listening.close()
    stopping.ask()
    stopping.close()
