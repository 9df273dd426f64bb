"""Every refusal: its words to the peer (PS3.8 9.3.4, 9.3.8), its one line in the log, its one count."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, running, wait_until
from support.fake_archive import FakeArchive
from support.raw_pdus import (
    ACCEPT,
    APPLICATION,
    ECHO,
    RELEASED,
    answer,
    context,
    next_pdu,
    reject,
    request,
    talking,
    user,
)

from radnode.dimse.access import neighbourhood
from radnode.dimse.contexts import STUDY_ROOT_FIND, VERIFICATION
from radnode.dimse.server import Patience
from radnode.dimse.upper.parting import SECONDS
from radnode.dimse.upper.pdu import RELEASE_REQUEST
from radnode.settings import DicomSettings, Peer

RQ = request(APPLICATION, ECHO, user())
Line = MutableMapping[str, Any]


@contextmanager
def watched(dicom: DicomSettings | None = None, **how: Any) -> Iterator[tuple[Running, list[Line]]]:
    """A server and the lines that it writes."""
    with capture_logs() as lines, running(FakeArchive(), dicom=dicom, **how) as server:
        yield server, lines


def the_line(lines: list[Line]) -> Line:
    """The one line that there is, once it is there."""
    wait_until(lambda: lines)
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("sent", "words", "reason"),
    [
        (request(APPLICATION, ECHO, user(), called=b"OTHER"), (1, 1, 7), "called AE title not recognised"),
        (request(APPLICATION, ECHO, user(), calling=b"WHO"), (1, 1, 3), "calling AE title not recognised"),
        (request((0x10, b"1.2"), ECHO, user()), (1, 1, 2), "application context name not supported"),
        (request(APPLICATION, ECHO, user(), version=2), (1, 2, 2), "protocol version not supported"),
        (request(APPLICATION, *[ECHO] * 129, user()), (1, 3, 2), "local limit exceeded by the request"),
    ],
)
def test_a_rejection_has_the_words_of_the_standard_one_line_and_one_count(
    sent: bytes, words: tuple[int, int, int], reason: str
) -> None:
    peers = (Peer(title="TESTS", host="127.0.0.1", port=104),)
    with watched(DicomSettings(host="0.0.0.0"), peers=peers) as (server, lines):
        assert answer(server, sent) == reject(*words)
        line = the_line(lines)
        assert (line["event"], line["log_level"]) == ("association", "info")
        assert (line["how"], line["reason"], line["address"]) == ("rejected", reason, "127.0.0.1")
        assert server.counted("rejected") == {reason: 1}
        assert server.counted("ended") == {"rejected": 1}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_associations": 1}, "local limit exceeded"),
        ({"max_associations_per_address": 1}, "local limit exceeded by the address"),
        ({"max_associations_per_caller": 1}, "local limit exceeded by the calling AE title"),
    ],
)
def test_a_limit_is_a_transient_rejection_until_an_association_ends(limits: dict[str, int], reason: str) -> None:
    with watched(DicomSettings(**limits)) as (server, lines):
        with talking(server, RQ) as held:
            assert next_pdu(held)[0] == ACCEPT
            assert answer(server, RQ) == reject(2, 3, 2)
            assert the_line(lines)["reason"] == reason
            assert server.counted("rejected") == {reason: 1}
            held.sendall(RELEASE_REQUEST)
            assert next_pdu(held)[0] == RELEASED
        assert answer(server, RQ)[0] == ACCEPT


def test_a_peer_that_is_listed_by_its_name_gets_in() -> None:
    peers = (Peer(title="TESTS", host="localhost", port=104), Peer(title="GONE", host="gone.invalid", port=104))
    with watched(DicomSettings(host="0.0.0.0"), peers=peers) as (server, _):
        assert answer(server, RQ)[0] == ACCEPT
        assert answer(server, request(APPLICATION, ECHO, user(), calling=b"GONE")) == reject(1, 1, 3)


def test_other_titles_are_free_where_one_has_its_share() -> None:
    other = request(APPLICATION, ECHO, user(), calling=b"OTHER")
    with watched(DicomSettings(max_associations_per_caller=1)) as (server, _), talking(server, RQ) as held:
        assert next_pdu(held)[0] == ACCEPT
        assert answer(server, RQ) == reject(2, 3, 2)
        assert answer(server, other)[0] == ACCEPT


def test_an_ipv6_caller_shares_with_its_whole_network() -> None:
    assert neighbourhood("2001:db8:1:2::5") == neighbourhood("2001:db8:1:2:ffff::9%eth0") == "2001:db8:1:2::/64"
    assert neighbourhood("::ffff:10.0.0.5") == neighbourhood("10.0.0.5") == "10.0.0.5"


def test_contexts_that_are_refused_stand_in_the_line_of_the_association() -> None:
    peers = (Peer(title="TESTS", host="127.0.0.1", port=104, allow=("echo",)),)
    contexts = (ECHO, context(3, CT, EXPLICIT), context(5, "1.2.3", IMPLICIT), context(7, VERIFICATION, "1.2.3"))
    with watched(peers=peers) as (server, lines):
        with talking(server, request(APPLICATION, *contexts, user()) + RELEASE_REQUEST) as sock:
            kind, _ = next_pdu(sock)
            assert (kind, next_pdu(sock)[0]) == (ACCEPT, RELEASED)
        rejected = {"not allowed": 1, "abstract syntax not supported": 1, "transfer syntaxes not supported": 1}
        assert the_line(lines)["contexts_rejected"] == rejected
        assert server.counted("contexts_rejected") == rejected


def hang_up(sock: socket.socket) -> None:
    sock.close()


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize("leave", [hang_up, reset])
def test_a_health_check_is_counted_and_makes_no_noise(leave: Callable[[socket.socket], None]) -> None:
    with watched(DicomSettings(max_associations=1)) as (server, lines):
        for _ in range(5):
            leave(socket.create_connection(("127.0.0.1", server.port)))
        wait_until(lambda: server.counted("ended") == {"unused": 5})
        assert [line for line in lines if line["log_level"] != "debug"] == []
        assert answer(server, RQ)[0] == ACCEPT


def test_one_byte_and_it_is_no_health_check() -> None:
    with watched() as (server, lines):
        with talking(server, b"\x01"):
            pass
        assert (the_line(lines)["how"], lines[0]["log_level"]) == ("lost", "info")
        assert server.counted("ended") == {"lost": 1}


def test_silence_is_one_line_and_one_count() -> None:
    with watched(patience=Patience(request=0.2, grace=5)) as (server, lines):
        with talking(server, b"") as sock:
            assert sock.recv(1) == b""
        assert the_line(lines)["how"] == "silent"
        assert server.counted("ended") == {"silent": 1}


def test_an_abort_of_ours_is_one_line_and_one_count() -> None:
    with watched() as (server, lines):
        with talking(server, RQ + RQ) as sock:
            assert [next_pdu(sock)[0], next_pdu(sock)[0]] == [ACCEPT, 7]
        assert (the_line(lines)["how"], lines[0]["why"]) == (
            "protocol error",
            "ASSOCIATE_RQ in an established association",
        )
        assert server.counted("ended") == {"protocol error": 1}


def test_the_oldest_that_gives_way_is_one_line_and_one_count() -> None:
    with watched(DicomSettings(max_waiting=3)) as (server, lines), ExitStack() as held:
        waiting = [held.enter_context(talking(server, b"")) for _ in range(3)]
        newest = held.enter_context(talking(server, RQ))
        assert next_pdu(newest)[0] == ACCEPT
        assert waiting[0].recv(1) == b""
        assert (the_line(lines)["how"], lines[0]["log_level"]) == ("gave way", "info")
        assert server.counted("ended") == {"gave way": 1}


def test_who_was_chosen_to_give_way_and_has_an_association_by_now_keeps_it() -> None:
    with watched() as (server, _), talking(server, RQ[:50]) as sock:
        wait_until(lambda: server.server._serving)
        (chosen,) = server.server._serving.values()
        assert chosen.may_give_way
        sock.sendall(RQ[50:])
        assert next_pdu(sock)[0] == ACCEPT
        assert not chosen.give_way()
        sock.sendall(RELEASE_REQUEST)
        assert next_pdu(sock)[0] == RELEASED


def test_who_was_rejected_and_does_not_close_gives_way_as_well() -> None:
    with watched(DicomSettings(max_waiting=3), patience=Patience(request=60, grace=5)) as (server, _):
        with ExitStack() as held:
            rejected = held.enter_context(talking(server, request(APPLICATION, ECHO, user(), called=b"OTHER")))
            assert next_pdu(rejected) == reject(1, 1, 7)
            started = time.monotonic()
            for _ in range(3):
                held.enter_context(talking(server, b""))
            assert rejected.recv(1) == b""
            assert time.monotonic() - started < SECONDS
            assert server.counted("ended") == {"rejected": 1}
        wait_until(lambda: server.counted("ended") == {"rejected": 1, "unused": 3})


def test_who_asks_while_the_node_stops_is_told_that_it_is_congested() -> None:
    def is_accepted() -> bool:
        return any(thread.name.startswith("association") for thread in threading.enumerate())

    with watched() as (server, lines), talking(server, RQ[:50]) as sock:
        wait_until(is_accepted)
        server.stop.set()
        wait_until(lambda: server.is_stopping)
        sock.sendall(RQ[50:])
        assert next_pdu(sock) == reject(2, 3, 1)
        assert the_line(lines)["reason"] == "temporary congestion"


def test_a_peers_words_are_no_label_and_no_line_of_their_own() -> None:
    evil = b'A"\n} 1\nfake 2'
    with watched() as (server, lines):
        answer(server, request(APPLICATION, ECHO, user(), called=evil, calling=evil))
        answer(server, request((0x10, evil), ECHO, user(), calling=evil))
        answer(server, request(APPLICATION, context(1, STUDY_ROOT_FIND, evil), user((0x55, evil)), calling=evil))
        wait_until(lambda: len(lines) == 3)
        labels = str([server.counted(name) for name in ("ended", "rejected", "contexts_rejected")])
    assert "fake" not in labels
    assert not [line for line in lines if "\n" in str(line["calling"])]
