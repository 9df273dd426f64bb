"""Storage commitment as provider, over real sockets: what is taken, refused, checked and reported."""

import struct
from pathlib import Path

import pytest
from support.archives import make_archive, rows
from support.commitments import (
    BIG_ENDIAN,
    CT,
    EXPLICIT,
    IMPLICIT,
    MR,
    fill,
    instance,
    reference,
    reporting,
    transactions,
    user,
)
from support.dimse_server import peer_of, running, wait_until

from radnode.archive.archive import Archive
from radnode.dimse.commitment import decode_commitment, encode_request
from radnode.dimse.scu import Caller, CallFailed, commit
from radnode.dimse.upper.command import Element
from radnode.model.commitment import Reason, Reference
from radnode.model.uid import UID
from radnode.sections.commitment import CommitmentSettings
from radnode.settings import DicomSettings, Peer, Settings
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.received_commitments import ReceivedCommitments

TRANSACTION = UID("2.25.4711")
LISTED = Peer(title="TESTS", host="127.0.0.1", port=1)
PATIENT = Settings(commitment=CommitmentSettings(same_association=10))
HASTY = Settings(commitment=CommitmentSettings(same_association=0))


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_what_is_stored_is_committed_on_the_same_association(archive: Archive, syntax: UID) -> None:
    wanted = fill(archive, range(1, 6))
    with running(archive) as server:
        with user(server, syntax=syntax) as asking:
            response = asking.ask(encode_request(TRANSACTION, wanted, syntax))
            assert response.status == 0
            assert response.command.number(Element.ACTION_TYPE) == 1
            report = asking.exchange.next_request(10)
            assert report is not None
            asking.exchange.answer(report, 0)
            assert report.command.number(Element.EVENT_TYPE) == 1
            told = decode_commitment(report.data_set, syntax, 10)
            assert told.transaction == TRANSACTION
            assert told.results == dict.fromkeys(wanted, Reason.COMMITTED)
        done = transactions(server)[-1]
        assert (done.state, done.failed, done.peer) == ("reported", 0, "TESTS")


def test_each_object_that_cannot_be_committed_has_its_reason(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive, running(archive) as server:
        good, damaged, missing = fill(archive, (1, 2, 3))
        paths = {row["SOPInstanceUID"]: row["name"] for row in rows(tmp_path / "a", "SELECT * FROM instances")}
        files = {path.stem: path for path in (tmp_path / "a" / "studies").rglob("*.dcm")}
        spoil(files[paths[damaged.sop_instance]])
        files[paths[missing.sop_instance]].unlink()
        unknown, other_class = reference(99), reference(1, MR)
        with user(server) as asking:
            asking.ask(encode_request(TRANSACTION, [good, damaged, missing, unknown, other_class, good], EXPLICIT))
            report = asking.exchange.next_request(10)
            assert report is not None
            asking.exchange.answer(report, 0)
        assert report.command.number(Element.EVENT_TYPE) == 2
        assert decode_commitment(report.data_set, EXPLICIT, 10).results == {
            good: Reason.COMMITTED,
            damaged: Reason.PROCESSING_FAILURE,
            missing: Reason.PROCESSING_FAILURE,
            unknown: Reason.NO_SUCH_INSTANCE,
            other_class: Reason.CLASS_INSTANCE_CONFLICT,
        }
        assert transactions(server)[0].failed == 4


def spoil(path: Path) -> None:
    """Flip one bit of the last pixel: size and header stay as they were."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


ONE = encode_request(TRANSACTION, [Reference(CT, instance(1))], EXPLICIT)
BAD = {
    "no data set at all": (b"\1\2\3", 0x0110),
    "nothing": (b"", 0x0115),
    "no object": (encode_request(TRANSACTION, [], EXPLICIT), 0x0115),
    "no transaction": (encode_request(UID(""), [reference(1)], EXPLICIT), 0x0115),
    "no UID": (encode_request(TRANSACTION, [Reference(CT, UID("1..2"))], EXPLICIT), 0x0115),
    "no class": (encode_request(TRANSACTION, [Reference(UID(""), instance(1))], EXPLICIT), 0x0115),
    "cut off": (ONE[:-3], 0x0110),
}


@pytest.mark.parametrize("name", BAD)
def test_a_request_that_is_none_is_refused_and_the_association_lives_on(archive: Archive, name: str) -> None:
    data_set, status = BAD[name]
    fill(archive, [1])
    with running(archive) as server, user(server) as asking:
        refused = asking.ask(data_set)
        assert refused.status == status
        assert refused.command.text(Element.ERROR_COMMENT)
        assert asking.ask(ONE).status == 0


def test_another_class_instance_or_action_is_refused_as_what_it_is(archive: Archive) -> None:
    other = UID("2.25.4712")
    data_set = encode_request(other, [reference(1)], EXPLICIT)
    with running(archive) as server, user(server) as asking:
        assert asking.ask(data_set, kind=2).status == 0x0123
        assert asking.ask(data_set, sop_instance="1.2.3").status == 0x0112
        assert asking.ask(data_set, sop_class=CT).status == 0x0118
        assert not [one for one in transactions(server) if one.uid == other]


def test_too_many_objects_are_refused(archive: Archive) -> None:
    few = Settings(commitment=CommitmentSettings(max_objects=3))
    with running(archive, settings=few) as server, user(server) as asking:
        wanted = [reference(number) for number in range(4)]
        assert asking.ask(encode_request(TRANSACTION, wanted, EXPLICIT)).status == 0x0213
        assert asking.ask(encode_request(TRANSACTION, wanted * 9000, EXPLICIT)).status == 0x0213  # not even read
        assert asking.ask(encode_request(TRANSACTION, wanted[:3] * 3, EXPLICIT)).status == 0


def test_a_peer_may_be_kept_from_it(archive: Archive) -> None:
    peers = (Peer(title="TESTS", host="127.0.0.1", port=1, allow=("echo",)),)
    with running(archive, peers=peers) as server, pytest.raises(CallFailed, match="does not accept"):
        commit(peer_of(server), Caller("TESTS"), [reference(1)], AskedCommitments(server.work), wait=1)


def test_a_request_that_comes_again_is_one_and_its_uid_cannot_be_used_for_another(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive, running(archive, peers=(LISTED,), settings=HASTY) as server:
        first, other = fill(archive, [1, 2])
        with user(server) as asking:
            for wanted in ([first], [first], [other]):
                assert asking.ask(encode_request(TRANSACTION, wanted, EXPLICIT)).status == 0
        kept, duplicate = transactions(server)
        with server.work.reading() as connection:
            reasons = connection.execute("SELECT sop_instance, reason FROM commitment_objects").fetchall()
        assert [tuple(row) for row in reasons] == [
            (first.sop_instance, None), (other.sop_instance, Reason.DUPLICATE_TRANSACTION)
        ]  # fmt: skip
        assert kept.uid == duplicate.uid == TRANSACTION


def test_who_leaves_before_the_result_and_has_no_address_gets_none_and_the_node_says_so(archive: Archive) -> None:
    with running(archive) as server:
        with user(server) as asking:
            asking.ask(ONE)
            assert asking.exchange.next_request(10)  # and goes without an answer
        wait_until(lambda: transactions(server)[-1].state == "given up")
        assert "no address" in transactions(server)[-1].why


def test_a_report_that_the_peer_refuses_is_brought_again(archive: Archive) -> None:
    with running(archive, peers=(LISTED,), settings=PATIENT) as server:
        with user(server) as asking:
            asking.ask(ONE)
            report = asking.exchange.next_request(10)
            assert report is not None
            asking.exchange.answer(report, 0x0110)
        left = transactions(server)[-1]
        assert left.state == "open"


def test_other_requests_are_served_while_objects_are_checked(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive, running(archive, peers=(LISTED,), settings=PATIENT) as server:
        wanted = fill(archive, range(1, 30))
        with user(server) as asking:
            for number in range(1, 4):
                data_set = encode_request(UID(f"{TRANSACTION}.{number}"), wanted, EXPLICIT)
                assert asking.ask(data_set).status == 0
            for _ in range(3):
                report = asking.exchange.next_request(10)
                assert report is not None
                assert report.command.number(Element.EVENT_TYPE) == 1
                asking.exchange.answer(report, 0)
        assert {one.state for one in transactions(server)} == {"reported"}


def test_an_item_of_undefined_length_and_other_elements_are_read() -> None:
    def element(tag: int, vr: bytes, value: bytes) -> bytes:
        long = vr == b"SQ"
        size = struct.pack("<xxL" if long else "<H", 0xFFFFFFFF if long else len(value))
        return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + size + value

    item, end = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF), struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    uids = element(0x00081150, b"UI", CT.encode() + b"\0") + element(0x00081155, b"UI", b"1.2.30")
    inner = element(0x00081199, b"SQ", item + element(0x00081155, b"UI", b"9.9.90") + end)
    stop = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    data_set = (
        element(0x00080054, b"AE", b"SOMEWHERE ")
        + element(0x00081111, b"SQ", item + uids + end) + stop
        + element(0x00081195, b"UI", b"2.25.1")
        + element(0x00081199, b"SQ", item + uids + inner + stop + end + item + uids + end) + stop
    )  # fmt: skip
    told = decode_commitment(data_set, EXPLICIT, 10)
    assert told == ("2.25.1", {Reference(CT, UID("1.2.30")): 0})


def test_what_takes_too_long_for_the_association_comes_on_another(tmp_path: Path) -> None:
    """Node A is asked by node B, which it then calls: both are real servers."""
    with (
        make_archive(tmp_path / "a") as archive, make_archive(tmp_path / "b") as other,
        running(other, dicom=DicomSettings(ae_title="ASKER")) as asker,
    ):  # fmt: skip
        wanted = [*fill(archive, [1, 2]), reference(99)]
        peers = (Peer(title="ASKER", host="127.0.0.1", port=asker.port),)
        with running(archive, peers=peers, settings=HASTY) as server, reporting(archive, server, peers):
            asked = AskedCommitments(asker.work)
            outcome = commit(peer_of(server), Caller("ASKER"), wanted, asked, wait=10)
            assert outcome.results == {wanted[0]: 0, wanted[1]: 0, wanted[2]: Reason.NO_SUCH_INSTANCE}
            wait_until(lambda: transactions(server)[0].state == "reported")
        assert transactions(asker)[0].state == "answered"


def test_what_takes_too_long_is_let_go_although_the_association_goes_on(tmp_path: Path) -> None:
    short = Settings(commitment=CommitmentSettings(same_association=0.001))
    with make_archive(tmp_path) as archive, running(archive, peers=(LISTED,), settings=short) as server:
        wanted = fill(archive, range(1, 100))
        with user(server) as asking:
            asking.ask(encode_request(TRANSACTION, wanted, EXPLICIT))
            wait_until(lambda: ReceivedCommitments(server.work).due())
            with server.work.reading() as connection:
                (checked,) = connection.execute("SELECT count(reason) FROM commitment_objects").fetchone()
        assert checked < len(wanted)
