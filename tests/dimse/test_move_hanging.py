"""C-CANCEL of a C-MOVE, and a requestor that goes, while the destination keeps us waiting in every way it can."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.archives import make_archive, store
from support.dimse_server import EXPLICIT, IMPLICIT, address_of, proposals, running, wait_until
from support.instances import make_instance
from support.odd_acceptor import accept, received
from support.retrieving import Answer, answer_of, cancel, fill, identifier, request

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STUDY_ROOT_MOVE
from radnode.dimse.upper.command import Field
from radnode.dimse.upper.endings import ConnectionLost
from radnode.dimse.upper.requesting import Requested, associate
from radnode.settings import Peer

SOON = 1.0
"""Seconds: C-CANCEL is heeded within a tenth of it, and machines are busy."""
Behave = Callable[[socket.socket], object]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        fill(archive, "1.1", {"1.1.1": 3})
        store(archive, make_instance(StudyInstanceUID="1.2", SOPInstanceUID="1.2.1", PixelData=bytes(1 << 25)))
        yield archive


class Destination:
    """A listening socket whose connections are given to `behave`, and then held as they are."""

    def __init__(self, behave: Behave) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.connections: list[socket.socket] = []
        self.is_ready = threading.Event()
        self._behave = behave
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self.listening.accept()
                self.connections.append(sock)
                self._behave(sock)
                self.is_ready.set()

    def close(self) -> None:
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for sock in (self.listening, *self.connections):
            sock.close()


@contextmanager
def destination(behave: Behave) -> Iterator[Destination]:
    there = Destination(behave)
    try:
        yield there
    finally:
        there.close()


@contextmanager
def moving(archive: Archive, port: int, study: str) -> Iterator[Requested]:
    """A C-MOVE that was asked for."""
    peers = (Peer(title="WS1", host="127.0.0.1", port=port),)
    with running(archive, peers=peers) as server:
        contexts = proposals((STUDY_ROOT_MOVE, (IMPLICIT,)))
        with associate(address_of(server), contexts) as requested:
            elements = request(Field.C_MOVE, STUDY_ROOT_MOVE, move_destination="WS1")
            requested.messages.send(1, elements, identifier(level="STUDY", study=study))
            yield requested


def cancelled(requested: Requested) -> Answer:
    """The answer to a C-CANCEL that is sent now."""
    asked = time.monotonic()
    cancel(requested)
    found = answer_of(requested, requested.next_command()[1])
    assert time.monotonic() - asked < SOON
    assert found.status == 0xFE00
    return found


def ready(sock: socket.socket) -> None:
    """Take the association, and nothing else."""
    accept(sock, EXPLICIT)


def waiting_for_response(sock: socket.socket) -> None:
    """Take one object and do not answer."""
    accept(sock, EXPLICIT)
    received(sock)
    received(sock)


@pytest.mark.parametrize(
    ("behave", "study", "counters"),
    [
        (lambda _: None, "1.1", (3, 0, 0, 0)),
        (waiting_for_response, "1.1", (2, 0, 1, 0)),
        (ready, "1.2", (0, 0, 1, 0)),
    ],
    ids=["does not answer the request", "does not answer a C-STORE", "takes no bytes"],
)
def test_cancel_is_heeded(archive: Archive, behave: Behave, study: str, counters: tuple[int, ...]) -> None:
    with destination(behave) as there, moving(archive, there.port, study) as requested:
        assert there.is_ready.wait(10)
        assert cancelled(requested).counters == counters
        assert len(there.connections) == 1


def test_cancel_is_heeded_while_the_destination_does_not_even_connect(archive: Archive) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port: int = listening.getsockname()[1]
        full = [socket.socket() for _ in range(3)]
        for sock in full:  # the place for those that wait to be accepted is taken
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        unanswered = _unanswered(port)
        with moving(archive, port, "1.1") as requested:
            wait_until(lambda: _unanswered(port) > unanswered)
            assert cancelled(requested).counters == (3, 0, 0, 0)
        for sock in full:
            sock.close()


def _unanswered(port: int) -> int:
    """How many connections to that port are being asked for (proc_net_tcp(5))."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "02" for line in lines)


def test_a_requestor_that_goes_ends_the_wait_and_nothing_is_tried_again(archive: Archive) -> None:
    with destination(waiting_for_response) as there:
        with suppress(ConnectionLost), moving(archive, there.port, "1.1") as requested:
            assert there.is_ready.wait(10)
            requested.messages.connection.cut()
            wait_until(lambda: _is_over(there.connections[0]))
        assert len(there.connections) == 1


def test_where_a_destination_was_that_went_for_good_is_not_told(archive: Archive) -> None:
    def go(sock: socket.socket) -> None:
        there.listening.close()
        waiting_for_response(sock)
        sock.close()

    with destination(go) as there, moving(archive, there.port, "1.1") as requested:
        found = answer_of(requested, requested.next_command()[1])
        while found.status == 0xFF00:
            found = answer_of(requested, requested.next_command()[1])
    assert (found.status, found.counters) == (0xA702, (None, 0, 3, 0))
    assert found.comment == "the destination cannot be reached"


def _is_over(sock: socket.socket) -> bool:
    """Whether the other side has said its last word."""
    sock.settimeout(0.01)
    try:
        while sock.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
