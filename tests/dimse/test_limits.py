"""Limits on what a peer may send, and on the time that it takes for it."""

import socket
import struct
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from pydicom import Dataset
from support.dimse_server import IMPLICIT, Running, running, wait_until
from support.fake_archive import FakeArchive
from support.instances import encode_dataset
from support.raw_pdus import (
    ACCEPT,
    APPLICATION,
    ECHO,
    ECHO_COMMAND,
    abort,
    answer,
    command,
    context,
    item,
    next_pdu,
    reject,
    request,
    talking,
    user,
)

from radnode.dimse.contexts import STUDY_ROOT_FIND, VERIFICATION
from radnode.dimse.server import Patience
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.pdu import ASSOCIATE_LIMIT, LENIENT_DATA_LIMIT, encode_data
from radnode.settings import DicomSettings

RQ = request(APPLICATION, ECHO, user())


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


def is_well(server: Running) -> bool:
    return answer(server, RQ)[0] == ACCEPT


def drip(sock: socket.socket, data: bytes, seconds: float) -> float:
    """Send byte after byte, one each 50 ms, until the other side has had enough; how long that took."""
    started = time.monotonic()
    sock.settimeout(0.05)
    for one in data:
        try:
            sock.sendall(bytes([one]))
            if sock.recv(100, socket.MSG_PEEK) is not None:
                break
        except TimeoutError:
            continue
        except OSError:
            break
        finally:
            assert time.monotonic() - started < seconds
    sock.settimeout(10)
    return time.monotonic() - started


def test_a_request_that_drips_has_one_deadline_from_the_connection_on() -> None:
    with running(FakeArchive(), patience=Patience(request=0.5, grace=5)) as server, talking(server, b"") as sock:
        assert 0.3 < drip(sock, RQ, seconds=3) < 2


def test_a_pdu_that_drips_in_an_association_is_ended_by_its_own_deadline() -> None:
    dicom = DicomSettings(pdu_timeout=1)
    with running(FakeArchive(), dicom=dicom) as server, talking(server, RQ) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        assert 0.8 < drip(sock, command(ECHO_COMMAND) + bytes(1000), seconds=5) < 3
        assert next_pdu(sock) == abort(0, 0)


def test_a_header_that_drips_is_no_way_round_that_deadline() -> None:
    dicom = DicomSettings(pdu_timeout=1)
    with running(FakeArchive(), dicom=dicom) as server, talking(server, RQ) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        started = time.monotonic()
        sock.sendall(command(ECHO_COMMAND)[:3])
        assert next_pdu(sock) == abort(0, 0)
        assert 0.8 < time.monotonic() - started < 3


def test_a_peer_that_takes_no_answers_is_ended() -> None:
    """It asks for more than its window and our buffers hold, and reads nothing."""
    archive = FakeArchive(rows=[{"StudyDescription": "x" * 64, "AccessionNumber": "y" * 16}] * 80_000)
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyDescription, asked.AccessionNumber = "STUDY", "", ""
    find = command({**ECHO_COMMAND, Element.SOP_CLASS: STUDY_ROOT_FIND, Element.COMMAND_FIELD: Field.C_FIND, 0x0800: 1})
    identifier = encode_data(1, encode_dataset(asked, IMPLICIT), 0, is_command=False)
    with running(archive, dicom=DicomSettings(idle_timeout=1)) as server, socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(request(APPLICATION, context(1, STUDY_ROOT_FIND, IMPLICIT), user()) + find + identifier)
        wait_until(lambda: server.counted("ended") == {"silent": 1})
        assert is_well(server)


@pytest.mark.parametrize("kind", [1, 4])
def test_a_pdu_that_claims_four_gigabytes_costs_no_memory(server: Running, kind: int) -> None:
    claim = struct.pack(">BxL", kind, 0xFFFFFFFF) + bytes(1000)
    tracemalloc.start()
    try:
        with talking(server, (RQ if kind == 4 else b"") + claim) as sock:
            if kind == 4:
                assert next_pdu(sock)[0] == ACCEPT
            assert next_pdu(sock) == (abort(2, 6) if kind == 4 else abort(0, 0))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert is_well(server)


@pytest.mark.parametrize(("kind", "most"), [(1, ASSOCIATE_LIMIT), (4, LENIENT_DATA_LIMIT)])
def test_a_pdu_that_claims_the_most_that_is_read_costs_what_comes_of_it(kind: int, most: int) -> None:
    with running(FakeArchive()) as server, talking(server, RQ if kind == 4 else b"") as sock:
        if kind == 4:
            assert next_pdu(sock)[0] == ACCEPT
        tracemalloc.start()
        try:
            sock.sendall(struct.pack(">BxL", kind, most) + bytes(1000))
            sock.shutdown(socket.SHUT_WR)
            wait_until(lambda: server.counted("ended") == {"lost": 1})
            assert tracemalloc.get_traced_memory()[1] < 300_000
        finally:
            tracemalloc.stop()


TOO_MUCH = reject(1, 3, 2)


@pytest.mark.parametrize(
    ("items", "is_too_much"),
    [
        ([context(number, VERIFICATION, IMPLICIT) for number in range(1, 256, 2)], False),
        ([context(number % 256, VERIFICATION, IMPLICIT) for number in range(1, 259, 2)], True),
        ([context(1, VERIFICATION, IMPLICIT, *[f"1.2.{number}" for number in range(127)])], False),
        ([context(1, VERIFICATION, *[f"1.2.{number}" for number in range(129)])], True),
        ([(0x99, b"")] * 200, False),
        ([(0x99, b"")] * 300, True),
        ([(0x20, b"\1\0\0\0" + item(0x99, b"") * 300)], True),
    ],
)
def test_items_are_counted(server: Running, items: list[tuple[int, bytes]], is_too_much: bool) -> None:
    kind, body = answer(server, request(APPLICATION, *items, user()))
    assert (kind == ACCEPT, (kind, body) == TOO_MUCH) == (not is_too_much, is_too_much)


def test_user_items_are_counted(server: Running) -> None:
    find = STUDY_ROOT_FIND.encode()
    role = (0x54, struct.pack(">H", len(find)) + find + b"\1\1")
    assert answer(server, request(APPLICATION, ECHO, user(*[role] * 1000)))[0] == ACCEPT
    assert answer(server, request(APPLICATION, ECHO, user(*[role] * 1100))) == TOO_MUCH


def test_a_request_of_nothing_but_items_costs_little_time(server: Running) -> None:
    """As many empty items as fit into the largest A-ASSOCIATE-RQ that is read."""
    started = time.process_time()
    for items in ([(0x20, bytes(4))] * 60_000, [(0x99, b"")] * 120_000):
        assert answer(server, request(APPLICATION, *items)) == TOO_MUCH
    assert time.process_time() - started < 2


def test_an_implementation_name_of_any_length_is_read_up_to_its_limit(server: Running) -> None:
    assert answer(server, request(APPLICATION, ECHO, user((0x55, b"x" * 60_000), (0x52, b"1" * 5000))))[0] == ACCEPT


def test_a_command_set_without_end_is_the_end(server: Running) -> None:
    with talking(server, RQ) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        sock.sendall((struct.pack(">BxL", 4, 16006) + struct.pack(">LBB", 16002, 1, 1) + bytes(16000)) * 5)
        assert next_pdu(sock) == abort(0, 0)
