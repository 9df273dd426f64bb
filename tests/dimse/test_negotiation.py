"""Association requests as real and broken requestors write them: what is taken up, ignored politely, or refused."""

import struct
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, running, wait_until
from support.fake_archive import FakeArchive
from support.raw_pdus import (
    ABORT,
    ACCEPT,
    APPLICATION,
    ECHO,
    ECHO_COMMAND,
    REJECT,
    RELEASED,
    answer,
    command,
    context,
    item,
    next_pdu,
    request,
    talking,
    user,
)

from radnode.dimse.contexts import STUDY_ROOT_FIND, VERIFICATION
from radnode.dimse.upper.associate import AssociateAcceptance, decode_accept
from radnode.dimse.upper.command import Element, encode_command


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


def accepted(server: Running, sent: bytes) -> AssociateAcceptance:
    kind, body = answer(server, sent)
    assert kind == ACCEPT
    return decode_accept(body)


@pytest.mark.parametrize("called", [b"RADNODE", b"  RADNODE", b"RADNODE\0\0\0\0\0\0\0\0\0"])
def test_padding_is_no_part_of_a_title(server: Running, called: bytes) -> None:
    assert accepted(server, request(APPLICATION, ECHO, user(), called=called)).contexts[0].result == 0


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (request(APPLICATION, ECHO, user(), called=b"radnode"), (1, 1, 7)),
        (request(APPLICATION, ECHO, user(), called=b""), (1, 1, 7)),
        (request((0x10, b"1.2.3"), ECHO, user()), (1, 1, 2)),
        (request(ECHO, user()), (1, 1, 2)),
        (request(APPLICATION, ECHO, user(), version=2), (1, 2, 2)),
    ],
)
def test_what_is_rejected_and_why(server: Running, sent: bytes, reason: tuple[int, int, int]) -> None:
    assert answer(server, sent) == (REJECT, bytes((0, *reason)))


def test_only_the_bit_of_our_protocol_version_is_tested(server: Running) -> None:
    assert accepted(server, request(APPLICATION, ECHO, user(), version=0xFFFF)).contexts[0].result == 0


def test_the_order_of_items_does_not_matter_and_unknown_ones_are_passed_over(server: Running) -> None:
    taken = accepted(server, request(user(), (0x99, b"what?"), ECHO, context(3, CT, EXPLICIT), APPLICATION))
    assert [(one.id, one.result, one.transfer_syntax) for one in taken.contexts] == [(1, 0, IMPLICIT), (3, 0, EXPLICIT)]


def test_offers_that_are_not_taken_up_are_passed_over(server: Running) -> None:
    """Asynchronous operations, role, extended negotiation (plain and common), user identity that wants an answer."""
    find = STUDY_ROOT_FIND.encode()
    offers = user(
        (0x53, struct.pack(">HH", 5, 5)),
        (0x54, struct.pack(">H", len(CT)) + CT.encode() + b"\0\1"),
        (0x56, struct.pack(">H", len(find)) + find + b"\1\1\1\1"),
        (0x57, struct.pack(">H", len(find)) + find + bytes(4)),
        (0x58, b"\1\1" + struct.pack(">H", 4) + b"user" + bytes(2)),
    )
    with talking(server, request(APPLICATION, ECHO, offers)) as sock:
        kind, body = next_pdu(sock)
        assert kind == ACCEPT
        assert not any(bytes((number, 0, 0)) in body[68:] for number in (0x53, 0x54, 0x56, 0x58, 0x59))
        sock.sendall(command(ECHO_COMMAND))
        assert next_pdu(sock)[0] == 4


def test_one_context_id_for_two_contexts_is_a_protocol_error(server: Running) -> None:
    """Whichever the requestor means later, bytes would be kept under a transfer syntax that they do not have."""
    twice = request(APPLICATION, context(1, CT, EXPLICIT), context(1, CT, IMPLICIT), user())
    assert answer(server, twice) == (ABORT, bytes(4))


def test_an_association_without_contexts_does_no_harm(server: Running) -> None:
    assert accepted(server, request(APPLICATION, user())).contexts == ()


def test_a_context_needs_an_id_and_an_even_one_does_no_harm(server: Running) -> None:
    """PS3.8 9.3.2.2: odd numbers from 1 to 255."""
    three = [context(number, VERIFICATION, IMPLICIT) for number in (0, 2, 3)]
    with talking(server, request(APPLICATION, *three, user())) as sock:
        answered = decode_accept(next_pdu(sock)[1]).contexts
        assert [(one.id, one.result) for one in answered] == [(0, 2), (2, 0), (3, 0)]
        sock.sendall(command(ECHO_COMMAND, 2))
        assert next_pdu(sock)[0] == 4
        sock.sendall(command(ECHO_COMMAND, 0))
        assert next_pdu(sock)[0] == ABORT


def test_all_the_contexts_that_there_can_be(server: Running) -> None:
    many = [context(number, CT, EXPLICIT) for number in range(1, 256, 2)]
    taken = accepted(server, request(APPLICATION, *many, user())).contexts
    assert [(one.id, one.result) for one in taken] == [(number, 0) for number in range(1, 256, 2)]


def test_names_of_any_length_and_bytes_are_answered(server: Running) -> None:
    monster = context(1, "1.2.3", b"\xff" * 60_000)
    with capture_logs() as lines:
        taken = accepted(server, request(APPLICATION, monster, context(3, VERIFICATION, IMPLICIT), user()))
        assert [one.result for one in taken.contexts] == [3, 0]
    assert not [line for line in lines if line["log_level"] == "error"]


def test_a_version_name_of_any_length_stays_short_in_the_log(server: Running) -> None:
    with capture_logs() as lines, talking(server, request(APPLICATION, ECHO, user((0x55, b"\x01V" * 10_000)))) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        sock.sendall(struct.pack(">BxL", 5, 4) + bytes(4))
        assert next_pdu(sock)[0] == RELEASED
        wait_until(lambda: any(line["event"] == "association" for line in lines))
    assert all(len(str(line)) < 1000 for line in lines)


@pytest.mark.parametrize("limit", [1, 7, 12, 17, 64])
def test_a_tiny_or_odd_maximum_is_kept_and_fragments_are_even(server: Running, limit: int) -> None:
    """PS3.8 D.1.1 (the maximum) and E.1 (fragments of an even number of bytes)."""
    tiny = (0x50, item(0x51, limit.to_bytes(4, "big")))
    with talking(server, request(APPLICATION, ECHO, tiny)) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        sock.sendall(command(ECHO_COMMAND))
        whole, is_last = b"", False
        while not is_last:
            kind, body = next_pdu(sock)
            assert (kind, len(body) % 2) == (4, 0)
            assert len(body) <= max(limit, 8)  # 8: a fragment of two bytes, the smallest
            whole += body[6:]
            is_last = bool(body[5] & 2)
    assert b"\x30\x80" in whole


def test_commands_in_pieces_of_one_pdu_with_unknown_elements_and_a_wrong_group_length(server: Running) -> None:
    unknown = struct.pack("<HHL", 0, 0x5555, 4) + b"what"
    encoded = encode_command({Element.DATA_SET_TYPE: 0x0101, **ECHO_COMMAND, 0x1031: 9})
    encoded = encoded[:8] + b"\x01\0\0\0" + encoded[12:] + unknown
    pieces = [encoded[:10], b"", encoded[10:]]
    values = b"".join(struct.pack(">LBB", len(one) + 2, 1, 1 + 2 * (one is pieces[-1])) + one for one in pieces)
    empty = struct.pack(">BxL", 4, 0)
    with talking(server, request(APPLICATION, ECHO, user())) as sock:
        assert next_pdu(sock)[0] == ACCEPT
        sock.sendall(empty + struct.pack(">BxL", 4, len(values)) + values)
        kind, body = next_pdu(sock)
        assert kind == 4
        assert struct.pack("<HHLH", 0, Element.RESPONDED_TO, 2, 7) in body
