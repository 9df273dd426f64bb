"""The state machine (PS3.8 9.2): what each PDU does in each state that radnode knows, as acceptor and as requestor."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.dimse_server import IMPLICIT, Running, proposals, running
from support.fake_archive import FakeArchive
from support.odd_acceptor import accept, acceptor, received
from support.raw_pdus import (
    ACCEPT,
    APPLICATION,
    ECHO,
    ECHO_COMMAND,
    RELEASED,
    abort,
    command,
    next_pdu,
    request,
    talking,
    user,
)

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.upper.endings import Ending, PeerAborted, ProtocolError, Silent
from radnode.dimse.upper.pdu import RELEASE_REQUEST, RELEASE_RESPONSE, encode_data
from radnode.dimse.upper.requesting import Rejected, associate

RQ = request(APPLICATION, ECHO, user())
AC = struct.pack(">BxL", 2, 68) + bytes(68)
RJ = struct.pack(">BxL", 3, 4) + bytes((0, 1, 1, 1))
DATA = command(ECHO_COMMAND)
ABORT = struct.pack(">BxL", 7, 4) + bytes(4)
UNKNOWN = struct.pack(">BxL", 9, 4) + bytes(4)
TOO_LONG = struct.pack(">BxL", 5, 5) + bytes(5)
CUT_OFF = struct.pack(">BxL", 4, 3) + bytes(3)
BY_USER = abort(0, 0)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


@contextmanager
def established(server: Running) -> Iterator[socket.socket]:
    with talking(server, RQ) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        yield sock


@contextmanager
def awaiting_close(server: Running, *, rejected: bool) -> Iterator[socket.socket]:
    """State 13, after a rejection or after a release."""
    if rejected:
        with talking(server, request(APPLICATION, ECHO, user(), called=b"OTHER")) as sock:
            assert next_pdu(sock)[0] == 3
            yield sock
    else:
        with established(server) as sock:
            sock.sendall(RELEASE_REQUEST)
            assert next_pdu(sock)[0] == RELEASED
            yield sock


INVALID_RQ = struct.pack(">BxL", 1, len(RQ) - 2) + RQ[6:] + b"\x20\0\xff\xff"


@pytest.mark.parametrize("pdu", [AC, RJ, DATA, RELEASE_REQUEST, RELEASE_RESPONSE, UNKNOWN, TOO_LONG, INVALID_RQ])
def test_before_an_association_all_but_a_request_is_aborted_by_the_service_user(server: Running, pdu: bytes) -> None:
    """State 2, AA-1."""
    with talking(server, pdu) as sock:
        assert next_pdu(sock) == BY_USER
        assert sock.recv(1) == b""


def test_an_abort_before_an_association_is_not_answered(server: Running) -> None:
    """State 2, AA-2."""
    with talking(server, ABORT) as sock:
        assert sock.recv(100) == b""


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        (RQ, abort(2, 2)),
        (AC, abort(2, 2)),
        (RJ, abort(2, 2)),
        (RELEASE_RESPONSE, abort(2, 2)),
        (UNKNOWN, abort(2, 1)),
        (TOO_LONG, abort(2, 6)),
        (CUT_OFF, abort(2, 6)),
        (struct.pack(">BxL", 4, 0xFFFFFFFF), abort(2, 6)),
        (command(ECHO_COMMAND, number=99), abort(2, 6)),
        (encode_data(1, b"no command", 0, is_command=False), BY_USER),
        (encode_data(1, b"malformed", 0, is_command=True), BY_USER),
        (command({**ECHO_COMMAND, 0x0100: 0x8030}), BY_USER),
    ],
)
def test_what_breaks_an_established_association_and_who_aborts_it(
    server: Running, pdu: bytes, answer: tuple[int, bytes]
) -> None:
    """State 6: AA-8 for what is no PDU, not due or invalid; DIMSE is the service user and aborts for messages."""
    with established(server) as sock:
        sock.sendall(pdu)
        assert next_pdu(sock) == answer
        assert sock.recv(1) == b""


def test_an_abort_in_an_association_is_not_answered(server: Running) -> None:
    """State 6, AA-3."""
    with established(server) as sock:
        sock.sendall(ABORT)
        assert sock.recv(1) == b""


def test_a_release_in_the_middle_of_a_message_ends_it_by_an_abort(server: Running) -> None:
    with established(server) as sock:
        sock.sendall(command({**ECHO_COMMAND, 0x0800: 1}) + RELEASE_REQUEST)
        assert [next_pdu(sock)[0], next_pdu(sock)] == [4, BY_USER]


@pytest.mark.parametrize("rejected", [False, True])
@pytest.mark.parametrize(("pdu", "answer"), [(RQ, abort(2, 2)), (UNKNOWN, abort(2, 1)), (TOO_LONG, abort(2, 6))])
def test_awaiting_the_close_a_request_or_no_pdu_is_aborted_and_the_rest_ignored(
    server: Running, rejected: bool, pdu: bytes, answer: tuple[int, bytes]
) -> None:
    """State 13: AA-6 for all that is ignored, then AA-7."""
    with awaiting_close(server, rejected=rejected) as sock:
        sock.sendall(AC + RJ + DATA + RELEASE_REQUEST + RELEASE_RESPONSE + pdu)
        assert next_pdu(sock) == answer
        assert sock.recv(1) == b""


@pytest.mark.parametrize("rejected", [False, True])
def test_awaiting_the_close_an_abort_closes_the_connection(server: Running, rejected: bool) -> None:
    """State 13, AA-2."""
    with awaiting_close(server, rejected=rejected) as sock:
        sock.sendall(ABORT + RQ)
        assert sock.recv(1) == b""


def test_a_peer_that_does_not_close_is_closed_by_the_timer(server: Running) -> None:
    """State 13, ARTIM."""
    with awaiting_close(server, rejected=False) as sock:
        assert sock.recv(1) == b""


def test_a_peer_that_goes_on_talking_is_closed_by_the_timer_as_well(server: Running) -> None:
    with awaiting_close(server, rejected=True) as sock, pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_for_ever(sock)


def send_for_ever(sock: socket.socket) -> None:
    started = time.monotonic()
    while time.monotonic() - started < 8:
        sock.sendall(DATA * 1000)


CONTEXTS = proposals((VERIFICATION, (IMPLICIT,)))


def last_words(sock: socket.socket) -> bytes:
    words = b""
    while more := sock.recv(4096):
        words += more
    return words


def failure(behave: Callable[[socket.socket], object]) -> Ending | None:
    """How an association ends for its requestor, which would release it, at an acceptor that behaves like this."""
    try:
        with acceptor(behave) as address, associate(address, CONTEXTS, timeout=1):
            pass
    except Ending as ending:
        return ending
    return None


@pytest.mark.parametrize(
    ("pdu", "words"),
    [
        (RQ, (2, 2)),
        (DATA, (2, 2)),
        (RELEASE_REQUEST, (2, 2)),
        (RELEASE_RESPONSE, (2, 2)),
        (UNKNOWN, (2, 1)),
        (struct.pack(">BxL", 2, 0xFFFFFF), (2, 6)),
    ],
)
def test_a_requestor_that_gets_no_answer_but_something_else_aborts(pdu: bytes, words: tuple[int, int]) -> None:
    """State 5, AA-8."""

    def behave(sock: socket.socket) -> None:
        received(sock)
        sock.sendall(pdu)
        assert last_words(sock) == ABORT[:8] + bytes(words)

    assert isinstance(failure(behave), ProtocolError)


@pytest.mark.parametrize(("pdu", "kind"), [(RJ, Rejected), (ABORT, PeerAborted)])
def test_a_requestor_that_is_rejected_or_aborted_says_nothing_more(pdu: bytes, kind: type[Ending]) -> None:
    """State 5, AE-4 and AA-3."""

    def behave(sock: socket.socket) -> None:
        received(sock)
        sock.sendall(pdu)
        assert last_words(sock) == b""

    assert isinstance(failure(behave), kind)


def test_a_requestor_that_waits_for_its_release_passes_over_data() -> None:
    """State 7, AR-6 and AR-3."""

    def behave(sock: socket.socket) -> None:
        accept(sock)
        received(sock)
        sock.sendall(DATA * 3 + RELEASE_RESPONSE)
        assert last_words(sock) == b""

    assert failure(behave) is None


def test_a_requestor_does_not_wait_for_ever_for_its_release() -> None:
    def behave(sock: socket.socket) -> None:
        accept(sock)
        received(sock)
        assert last_words(sock) == ABORT

    assert isinstance(failure(behave), Silent)


@pytest.mark.parametrize("pdu", [RQ, AC, RJ])
def test_a_requestor_that_waits_for_its_release_aborts_for_what_is_not_due(pdu: bytes) -> None:
    """State 7, AA-8."""

    def behave(sock: socket.socket) -> None:
        accept(sock)
        received(sock)
        sock.sendall(pdu)
        assert last_words(sock) == ABORT[:8] + bytes((2, 2))

    assert isinstance(failure(behave), ProtocolError)


@pytest.mark.parametrize("pdu", [RELEASE_REQUEST, DATA])
def test_after_a_release_collision_only_the_response_is_due(pdu: bytes) -> None:
    """State 11, AA-8."""

    def behave(sock: socket.socket) -> None:
        accept(sock)
        sock.sendall(RELEASE_REQUEST + pdu)
        assert last_words(sock) == RELEASE_REQUEST + RELEASE_RESPONSE + ABORT[:8] + bytes((2, 2))

    assert isinstance(failure(behave), ProtocolError)
