"""What a hostile network does to TLS: half handshakes, silence, cut lines; and a good caller beside them."""

import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.dimse_server import TITLE, Running, proposals, running, wait_until
from support.fake_archive import FakeArchive
from support.raw_pdus import ABORT, ACCEPT, APPLICATION, ECHO, ECHO_COMMAND, command, next_pdu, request, user
from support.secured import World, client_hello, peer_of, shaken

from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.dimse.scu import Caller, CallFailed, echo
from radnode.dimse.scu.identifiers import encode_identifier
from radnode.dimse.scu.query import ask
from radnode.dimse.server import Patience
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import ConnectionLost, Silent
from radnode.dimse.upper.requesting import Address, associate
from radnode.dimse.upper.secure import SecureConnection
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.level import Level
from radnode.settings import DicomSettings, Peer

RQ = request(APPLICATION, ECHO, user())
HELLO = client_hello()
FIND = proposals((STUDY_ROOT_FIND, (IMPLICIT_VR_LITTLE_ENDIAN,)))
Line = MutableMapping[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("certificates"))


@contextmanager
def watched(world: World, **how: Any) -> Iterator[tuple[Running, list[Line]]]:
    """A server and the lines that it writes about associations."""
    with capture_logs() as lines, running(FakeArchive(), credentials=world.credentials(), **how) as server:
        yield server, lines


def told(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line["how"], line.get("why", "")) for line in lines if line["event"] == "association"]


def begun(stack: ExitStack, server: Running, sent: bytes) -> socket.socket:
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.tls_port)))
    sock.settimeout(10)
    sock.sendall(sent)
    return sock


def read_to_the_end(sock: socket.socket) -> bytes:
    """All that comes; an end by a reset is one as well."""
    data = b""
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return data


@pytest.mark.parametrize("sent", [b"", HELLO[:1], HELLO[:100], HELLO], ids=["nothing", "a byte", "half", "one side"])
def test_half_handshakes_take_no_slot_and_end_in_time(world: World, sent: bytes) -> None:
    """Whatever is missing; a good caller beside them is served, though there is one slot only."""
    how = {"dicom": DicomSettings(max_associations=1), "patience": Patience(request=1, grace=5)}
    with watched(world, **how) as (server, lines), ExitStack() as stack:
        halves = [begun(stack, server, sent) for _ in range(50)]
        assert echo(peer_of(server), world.caller()).status == 0
        for half in halves:
            read_to_the_end(half)
        wait_until(lambda: len(told(lines)) == 51)
    why = "the TLS handshake took too long" if sent else "the peer was silent too long"
    assert sorted(told(lines)) == [("released", "")] + [("silent", why)] * 50


def test_a_handshake_that_drips_has_no_more_time(world: World) -> None:
    with watched(world, patience=Patience(request=1, grace=5)) as (server, lines), ExitStack() as stack:
        sock, started = begun(stack, server, b""), time.monotonic()
        pause = threading.Event()
        for one in HELLO:
            try:
                sock.sendall(bytes([one]))
            except OSError:
                break
            pause.wait(0.05)
        assert time.monotonic() - started < 5
        wait_until(lambda: told(lines))
    assert told(lines) == [("silent", "the TLS handshake took too long")]


def test_the_handshake_and_the_request_share_their_time(world: World) -> None:
    with watched(world, patience=Patience(request=1, grace=5)) as (server, lines):
        with shaken(server.tls_port) as sock:
            started = time.monotonic()
            assert sock.recv(1) == b""
            assert time.monotonic() - started < 4
        wait_until(lambda: told(lines))
    assert told(lines) == [("silent", "the peer was silent too long")]


def test_the_oldest_half_handshake_gives_way(world: World) -> None:
    with watched(world, dicom=DicomSettings(max_waiting=3)) as (server, lines), ExitStack() as stack:
        halves = [begun(stack, server, HELLO[:50]) for _ in range(4)]
        assert read_to_the_end(halves[0]) == b""
        wait_until(lambda: told(lines))
        assert told(lines) == [("gave way", "newer connections needed the place")]
        assert echo(peer_of(server), world.caller()).status == 0


def test_half_handshakes_end_at_once_when_the_node_stops(world: World) -> None:
    with watched(world, patience=Patience(request=60, grace=60)) as (server, lines), ExitStack() as stack:
        begun(stack, server, HELLO[:50])
        begun(stack, server, HELLO)
        wait_until(lambda: sum(one.may_give_way for one in server.server._serving.values()) == 2)
        server.stop.set()
        server.thread.join(10)
        assert not server.thread.is_alive()
    assert [how for how, _ in told(lines)] == ["stopped"] * 2


def test_a_health_check_is_no_news(world: World) -> None:
    with watched(world) as (server, lines):
        for _ in range(3):
            socket.create_connection(("127.0.0.1", server.tls_port)).close()
        wait_until(lambda: server.counted("ended") == {"unused": 3})
    assert {line["log_level"] for line in lines if line["event"] == "association"} == {"debug"}


def test_who_is_gone_before_anybody_looks_leaves_nothing_behind(world: World) -> None:
    with watched(world) as (server, lines):
        for sent in (b"", HELLO[:20]) * 20:
            with socket.create_connection(("127.0.0.1", server.tls_port)) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.sendall(sent)
        wait_until(lambda: sum(server.counted("ended").values()) == 40)
        assert set(server.counted("ended")) <= {"unused", "lost"}
        assert echo(peer_of(server), world.caller()).status == 0
    assert not [line for line in lines if line["log_level"] == "error"]


def test_spoilt_handshakes_end_with_one_line_each(world: World) -> None:
    chance = random.Random(2762)
    with watched(world) as (server, lines), ExitStack() as stack:
        for _ in range(100):
            spoilt = bytearray(HELLO)
            for _ in range(chance.randint(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            sock = begun(stack, server, bytes(spoilt[: chance.randint(1, len(spoilt))]))
            with suppress(OSError):
                sock.shutdown(socket.SHUT_WR)  # it may have been refused already
            read_to_the_end(sock)
        wait_until(lambda: len(told(lines)) == 100)
        assert {how for how, _ in told(lines)} == {"lost", "tls handshake failed"}
        assert echo(peer_of(server), world.caller()).status == 0
    assert not [line for line in lines if line["log_level"] == "error"]


def test_refusals_are_counted(world: World) -> None:
    with watched(world) as (server, _):
        with pytest.raises(CallFailed):
            echo(peer_of(server, tls=False), Caller(timeout=5))
        with pytest.raises(CallFailed):
            echo(peer_of(server, plain_port=True), world.caller())
        counts = {"tls handshake failed": 1, "protocol error": 1}
        wait_until(lambda: server.counted("ended") == counts)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_parting_says_so_and_what_came_last_can_be_read(world: World, version: ssl.TLSVersion) -> None:
    with watched(world) as (server, lines):
        with shaken(server.tls_port, version) as sock:
            sock.sendall(RQ + command(ECHO_COMMAND) + b"what is no PDU")
            assert [next_pdu(sock)[0] for _ in range(3)] == [ACCEPT, 4, ABORT]
            assert sock.recv(1) == b""  # and no SSLEOFError: the end is said, not just there
        wait_until(lambda: told(lines))
    assert [how for how, _ in told(lines)] == ["protocol error"]


def test_a_line_that_is_cut_is_one_that_is_lost(world: World) -> None:
    with watched(world) as (server, lines):
        with shaken(server.tls_port) as sock:
            sock.sendall(RQ)
            assert next_pdu(sock)[0] == ACCEPT
        wait_until(lambda: told(lines))
        with shaken(server.tls_port) as sock:
            sock.sendall(RQ)
            assert next_pdu(sock)[0] == ACCEPT
            socket.socket.send(sock, b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that nobody encrypted
            with pytest.raises(ssl.SSLError):
                sock.recv(100)
        wait_until(lambda: len(told(lines)) == 2)
    assert [how for how, _ in told(lines)] == ["lost"] * 2
    assert told(lines)[1][1] == "decryption failed or bad record mac"


def test_a_query_is_cancelled_over_tls(world: World) -> None:
    rows = [{"StudyInstanceUID": f"1.2.{number}"} for number in range(100_000)]
    with running(FakeArchive(rows=rows), credentials=world.credentials()) as server:
        address = Address("127.0.0.1", server.tls_port, TITLE, "TESTS", world.caller().tls)
        with associate(address, FIND) as requested:
            identifier = encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN)
            message_id = ask(requested, 1, Field.C_FIND, identifier)
            assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == 0xFF00
            requested.messages.skip_data_set()
            requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: message_id})
            pending, status = 0, 0xFF00
            while status == 0xFF00:
                status = requested.response(Field.C_FIND, message_id).number(Element.STATUS)
                requested.messages.skip_data_set()
                pending += 1
        assert status == 0xFE00
        assert pending < 50_000


@contextmanager
def talking_to(world: World) -> Iterator[tuple[SecureConnection, ssl.SSLSocket]]:
    """One of our connections after the handshake, and the other end, which has sent session tickets as most do."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = world.authority.sign("other")
    theirs.load_cert_chain(own.certificate, own.key)
    ours = world.caller().tls
    assert ours is not None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        far, _ = listening.accept()
    connection = SecureConnection.over(near, ours, called="127.0.0.1")
    establishing = threading.Thread(target=connection.establish, args=(time.monotonic() + 10,))
    establishing.start()
    far.settimeout(10)
    with theirs.wrap_socket(far, server_side=True) as sock:
        establishing.join()
        try:
            yield connection, sock
        finally:
            connection.part(0)


def test_what_tls_says_to_itself_is_nothing_to_read(world: World) -> None:
    with talking_to(world) as (connection, other):
        wait_until(lambda: Connection.readable(connection))  # the tickets have come
        assert not connection.readable()
        other.sendall(b"hello")
        wait_until(connection.readable)
        assert connection.readable()
        into, position = bytearray(5), 0
        while position < 5:
            position += connection.read(memoryview(into)[position:], time.monotonic() + 5, interruptible=False)
        assert into == b"hello"
        assert not connection.readable()
        other.setblocking(False)
        with suppress(ssl.SSLWantReadError):
            other.unwrap()  # says that nothing more is to come; the answer is not waited for
        wait_until(connection.readable)
        with pytest.raises(ConnectionLost):
            connection.read(memoryview(into), time.monotonic() + 5, interruptible=False)


def test_a_peer_that_takes_nothing_is_not_waited_for(world: World) -> None:
    with talking_to(world) as (connection, _), pytest.raises(Silent):
        connection.send(bytes(30_000_000), time.monotonic() + 0.5)


def test_a_silent_server_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = Peer(title="MUTE", host="127.0.0.1", port=listening.getsockname()[1], tls=True)
        caller = Caller(timeout=0.5, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        started = time.monotonic()
        with pytest.raises(CallFailed, match="MUTE: the TLS handshake took too long"):
            echo(peer, caller)
        assert time.monotonic() - started < 5


def test_a_server_that_closes_instead_of_shaking_hands_is_told_from_one_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            sock, _ = listening.accept()
            with sock:
                sock.recv(5)

        thread = threading.Thread(target=hang_up)
        thread.start()
        peer = Peer(title="GONE", host="127.0.0.1", port=listening.getsockname()[1], tls=True)
        caller = Caller(timeout=5, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        with pytest.raises(CallFailed, match=r"GONE: (closed by the peer in the middle of the TLS|.*reset by peer)"):
            echo(peer, caller)
        thread.join()
    with pytest.raises(CallFailed, match="cannot connect"):
        echo(peer, caller)
