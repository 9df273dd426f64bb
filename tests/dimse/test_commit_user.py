"""Storage commitment as user: what peers answer, and reports that come by another association."""

import socket
from pathlib import Path

import pytest
from support.commitments import EXPLICIT, MR, reference, transactions, user
from support.dimse_server import running
from support.fake_archive import FakeArchive
from support.odd_acceptor import accept, acceptor, received

from radnode.dimse.commitment import encode_report
from radnode.dimse.scu import Caller, CallFailed, commit
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.pdu import encode_abort, encode_data
from radnode.model.commitment import Reason
from radnode.model.uid import UID
from radnode.settings import Peer
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.work_file import WorkFile

TRANSACTION = UID("2.25.99")
BOTH = {reference(1): Reason.COMMITTED, reference(2): Reason.NO_SUCH_INSTANCE}


def test_a_report_on_another_association_is_kept_once_and_told_to_who_asks() -> None:
    event, report = encode_report(TRANSACTION, BOTH, "VNA", EXPLICIT)
    with running(FakeArchive()) as server:
        asked = AskedCommitments(server.work)
        asked.ask("VNA", TRANSACTION, [*BOTH, reference(3)], patience=60)
        assert asked.results(TRANSACTION) is None
        with user(server, calling="VNA", provides=True) as telling:
            for _ in range(2):
                answer = telling.ask(report, field=Field.N_EVENT_REPORT, kind=event)
                assert answer.status == 0
                assert answer.command.number(Element.EVENT_TYPE) == 2
        assert asked.results(TRANSACTION) == {**BOTH, reference(3): Reason.PROCESSING_FAILURE}
        assert [(one.state, one.failed) for one in transactions(server)] == [("answered", 2)]


def test_reports_that_nobody_asked_for_or_that_are_none_are_refused() -> None:
    event, report = encode_report(TRANSACTION, BOTH, "VNA", EXPLICIT)
    with running(FakeArchive()) as server, user(server, calling="VNA", provides=True) as telling:
        for data_set, kind, status in (
            (report, event, 0x0110), (report, 3, 0x0113), (b"", event, 0x0115), (b"\1\2\3", event, 0x0110)
        ):  # fmt: skip
            answer = telling.ask(data_set, field=Field.N_EVENT_REPORT, kind=kind)
            assert answer.status == status
            assert answer.command.text(Element.ERROR_COMMENT)


def test_who_may_not_use_commitment_cannot_report_either() -> None:
    peers = (Peer(title="VNA", host="127.0.0.1", port=1, allow=("store",)),)
    event, report = encode_report(TRANSACTION, BOTH, "VNA", EXPLICIT)
    with running(FakeArchive(), peers=peers) as server:
        AskedCommitments(server.work).ask("VNA", TRANSACTION, list(BOTH), patience=60)
        with pytest.raises(Exception, match="abort"), user(server, calling="VNA", provides=True) as telling:
            telling.ask(report, field=Field.N_EVENT_REPORT, kind=event)
        assert transactions(server)[0].state == "open"


def response(status: int) -> bytes:
    command = {0x0100: 0x8130, 0x0120: 1, 0x0800: 0x0101, 0x0900: status}
    return encode_data(1, encode_command(command), 16384, is_command=True)


def taken(sock: socket.socket) -> None:
    accept(sock)
    received(sock)
    received(sock)


def test_a_peer_that_refuses_the_request_is_told_as_that(tmp_path: Path) -> None:
    def refuse(sock: socket.socket) -> bytes:
        taken(sock)
        sock.sendall(response(0x0213))
        return received(sock)

    with WorkFile.open(tmp_path / "work.sqlite") as work, acceptor(refuse) as address:
        asked = AskedCommitments(work)
        peer = Peer(title="ODD", host="127.0.0.1", port=address.port)
        with pytest.raises(CallFailed, match="ODD answered 0213"):
            commit(peer, Caller("TESTS", 5), [reference(1)], asked, wait=5)
        with work.reading() as connection:
            assert [row["state"] for row in connection.execute("SELECT state FROM commitments")] == ["refused"]


@pytest.mark.parametrize("how", ["aborts", "hangs"])
def test_a_peer_that_goes_or_falls_silent_after_it_took_the_request_may_report_later(tmp_path: Path, how: str) -> None:
    def leave(sock: socket.socket) -> bool:
        taken(sock)
        sock.sendall(response(0))
        if how == "aborts":
            sock.sendall(encode_abort(None))
        else:
            received(sock)  # the request for a release, which it does not answer
        return True

    with WorkFile.open(tmp_path / "work.sqlite") as work, acceptor(leave) as address:
        asked = AskedCommitments(work)
        peer = Peer(title="ODD", host="127.0.0.1", port=address.port)
        outcome = commit(peer, Caller("TESTS", 1), [reference(1)], asked, wait=0.3)
        assert outcome.results is None
        assert asked.take(outcome.transaction, {reference(1): 0})
        assert asked.results(outcome.transaction) == {reference(1): 0}


def test_a_report_that_never_comes_is_waited_for_no_longer(tmp_path: Path) -> None:
    clock = [1000.0]
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        asked = AskedCommitments(work, clock=lambda: clock[0])
        asked.ask("VNA", TRANSACTION, [reference(1)], patience=60)
        assert asked.give_up_overdue() == 0
        clock[0] += 61
        assert asked.give_up_overdue() == 1
        assert asked.results(TRANSACTION) is None
        assert asked.take(TRANSACTION, {reference(1): 0})  # and is taken if it does come
        assert asked.results(TRANSACTION) == {reference(1): 0}


def test_a_report_of_a_refused_request_changes_nothing_and_one_failure_is_enough(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        asked = AskedCommitments(work)
        asked.ask("VNA", TRANSACTION, [reference(1)], patience=60)
        asked.refuse(TRANSACTION, "no answer")
        assert asked.take(TRANSACTION, {reference(1): Reason.COMMITTED})
        assert asked.results(TRANSACTION) is None
        other = UID("2.25.100")
        asked.ask("VNA", other, [reference(1)], patience=60)
        asked.take(other, {reference(1): Reason.NO_SUCH_INSTANCE, reference(1, MR): Reason.COMMITTED})
        assert asked.results(other) == {reference(1): Reason.NO_SUCH_INSTANCE}
