"""Learn mode over real sockets: who is recorded, as what, and within which bounds."""

import json
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, running, wait_until
from support.fake_archive import FakeArchive
from support.raw_pdus import ACCEPT, APPLICATION, ECHO, ECHO_COMMAND, command, context, next_pdu, request, talking, user

from radnode.dimse.contexts import STUDY_ROOT_FIND, STUDY_ROOT_MOVE
from radnode.dimse.learning import Learning, read_record
from radnode.dimse.requestors import MOST, MOST_IN_NETWORK, Record, Requestor, merged
from radnode.dimse.upper.associate import AssociateRequest, decode_request
from radnode.dimse.upper.pdu import RELEASE_REQUEST
from radnode.settings import DicomSettings, Peer

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@contextmanager
def learning_node(path: Path, dicom: DicomSettings | None = None, peers: tuple[Peer, ...] = ()) -> Iterator[Running]:
    with (
        Learning(path, pause=0.01) as learning,
        running(FakeArchive(), dicom=dicom, peers=peers, learning=learning) as server,
    ):
        yield server


def ask(server: Running, *items: tuple[int, bytes], calling: bytes = b"CT01", called: bytes = b"RADNODE") -> int:
    """The kind of PDU that answers a request; one that is accepted asks for an echo and releases."""
    with talking(server, request(APPLICATION, *items, user(), calling=calling, called=called)) as sock:
        kind, _ = next_pdu(sock)
        if kind == ACCEPT:
            sock.sendall(command(ECHO_COMMAND))
            next_pdu(sock)
            sock.sendall(RELEASE_REQUEST)
            next_pdu(sock)
    return kind


def entry(path: Path, title: str) -> Requestor:
    (found,) = [one for one in read_record(path).requestors if one.calling == title]
    return found


def test_who_was_let_in_and_who_was_not_and_what_they_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "requestors.json"
    dicom = DicomSettings(host="0.0.0.0")
    peers = (Peer(title="CT01", host="127.0.0.1", port=104, allow=("echo",)),)
    with learning_node(path, dicom, peers) as server:
        for _ in range(3):
            ask(server, ECHO, context(3, CT, EXPLICIT), context(5, STUDY_ROOT_MOVE, IMPLICIT))
        ask(server, ECHO, context(3, "1.2.3", IMPLICIT), calling=b"WHO")
        ask(server, ECHO, calling=b"CT01", called=b"OLD_NAME")
    known, unknown = entry(path, "WHO"), read_record(path)
    assert (known.associations, known.rejections) == (0, 1)
    assert known.reason == "calling AE title not recognised"
    assert known.asked == {"echo", "other"}
    assert known.used == set()
    right, wrong = sorted((one for one in unknown.requestors if one.calling == "CT01"), key=lambda one: one.rejections)
    assert (right.called, right.address, right.associations, right.rejections) == ("RADNODE", "127.0.0.1", 3, 0)
    assert right.asked == {"echo", "store", "move"}
    assert right.used == {"echo"}
    assert right.first <= right.last
    assert (wrong.called, wrong.reason) == ("OLD_NAME", "called AE title not recognised")


def test_learning_lets_nobody_in(tmp_path: Path) -> None:
    dicom = DicomSettings(host="0.0.0.0", learn=True)
    peers = (Peer(title="CT01", host="127.0.0.1", port=104, allow=("store",)),)
    with learning_node(tmp_path / "record.json", dicom, peers) as server:
        assert ask(server, ECHO, calling=b"WHO") == 3
        assert ask(server, ECHO, calling=b"WHO") == 3


def test_an_association_that_goes_on_is_recorded_already(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with learning_node(path) as server, talking(server, request(APPLICATION, ECHO, user())) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        wait_until(lambda: read_record(path).requestors)
        assert entry(path, "TESTS").used == set()


def test_several_workers_write_one_record(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with learning_node(path) as one, learning_node(path) as other:
        threads = [threading.Thread(target=ask, args=(server, ECHO)) for server in (one, other) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert entry(path, "CT01").associations == 10
    with learning_node(path) as again:
        ask(again, ECHO)
    assert entry(path, "CT01").associations == 11
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_titles_that_are_none_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with learning_node(path) as server:
        ask(server, ECHO, calling=b'"\n[[peers]]\n#', called=b"\xff" * 16)
        ask(server, ECHO, calling=b"")
        ask(server, ECHO, calling=b"\x1b[2J")
    assert {one.calling for one in read_record(path).requestors} == {'"?[[peers]]?#', "", "?[2J"}
    assert json.loads(path.read_text("ascii"))


def requestor(number: int, address: str = "10.0.0.1", *, associations: int = 1, minutes: int = 0) -> Requestor:
    when = NOW + timedelta(minutes=minutes)
    return Requestor(f"AE{number}", address, "RADNODE", when, when, associations, rejections=1 - min(associations, 1))


def test_no_address_fills_the_record_alone() -> None:
    known = merged(Record(), [requestor(0, "10.0.0.2")])
    flooded = merged(known, (requestor(number, minutes=number) for number in range(1000)))
    assert len(flooded.requestors) == MOST_IN_NETWORK + 1
    assert requestor(0, "10.0.0.2") in flooded.requestors
    assert flooded.dropped == 1000 - MOST_IN_NETWORK
    rotating = (requestor(1, f"2001:db8::{number:x}") for number in range(1000))
    assert len(merged(Record(), rotating).requestors) == MOST_IN_NETWORK


def test_who_was_let_in_is_not_pushed_out_and_the_last_rejected_are_kept() -> None:
    accepted = [requestor(number, f"10.0.{number}.1", minutes=number) for number in range(250)]
    rejected = [requestor(number, f"10.1.{number}.1", associations=0, minutes=1000 + number) for number in range(250)]
    full = merged(merged(Record(), rejected), accepted)
    assert len(full.requestors) == MOST
    assert set(accepted) <= set(full.requestors)
    assert set(rejected[100:]) <= set(full.requestors)
    later = [requestor(number, f"10.2.{number}.1", minutes=5000) for number in range(250)]
    assert set(accepted) <= set(merged(full, later).requestors)


def test_memory_is_bounded_while_the_disk_is_not_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "record.json"
    with capture_logs() as lines, Learning(path, pause=0.01) as learning:
        for number in range(3 * MOST):
            learning.met(request_of(b"AE%d" % number), "10.0.0.1")
        wait_until(lambda: lines)
        path.parent.mkdir()
        wait_until(path.exists)
    record = read_record(path)
    assert len(record.requestors) == MOST_IN_NETWORK
    assert record.dropped >= 2 * MOST
    assert [line["event"] for line in lines] == ["requestors_not_recorded"]


def request_of(calling: bytes) -> AssociateRequest:
    return decode_request(request(APPLICATION, ECHO, user(), calling=calling)[6:])


@pytest.mark.parametrize("content", [b"", b"{", b'{"requestors": [{"calling": "\\n"}]}', b"[1]", b"\xff"])
def test_a_record_that_is_none_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no record"):
        read_record(path)
    with capture_logs() as lines, learning_node(path, None) as server:
        ask(server, context(1, STUDY_ROOT_FIND, IMPLICIT))
    assert entry(path, "CT01").asked == {"find"}
    assert "requestors_forgotten" in {line["event"] for line in lines}


def test_joining_keeps_what_was_known() -> None:
    old = replace(requestor(1), used=frozenset({"echo"}), reason="why")
    new = replace(requestor(1, minutes=5), asked=frozenset({"store"}), associations=2)
    joined = old.joined(new)
    assert (joined.first, joined.last, joined.associations) == (old.first, new.last, 3)
    assert joined.used == {"echo"}
    assert (joined.asked, joined.reason) == (new.asked, "why")
