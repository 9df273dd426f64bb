"""Association requests as real and broken requestors write them: what is taken up, ignored politely, or refused."""

import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, running
from support.fake_archive import FakeArchive

from radnode.dimse.contexts import STUDY_ROOT_FIND, VERIFICATION
from radnode.dimse.upper.associate import APPLICATION_CONTEXT, AssociateAcceptance, decode_accept
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.pdu import encode_data

ACCEPT, REJECT, RELEASED, ABORT = 2, 3, 6, 7
APPLICATION = (0x10, APPLICATION_CONTEXT.encode())
MAX_LENGTH = (0x51, (16384).to_bytes(4, "big"))


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def context(number: int, abstract: str, *syntaxes: str | bytes) -> tuple[int, bytes]:
    names = [one.encode() if isinstance(one, str) else one for one in syntaxes]
    return 0x20, bytes((number, 0, 0, 0)) + item(0x30, abstract.encode()) + b"".join(item(0x40, one) for one in names)


def user(*items: tuple[int, bytes]) -> tuple[int, bytes]:
    return 0x50, b"".join(item(*one) for one in (MAX_LENGTH, *items))


ECHO = context(1, VERIFICATION, IMPLICIT)


def request(*items: tuple[int, bytes], called: bytes = b"RADNODE", version: int = 1) -> bytes:
    titles = called.ljust(16) + b"TESTS".ljust(16)
    body = struct.pack(">Hxx", version) + titles + bytes(32) + b"".join(item(*one) for one in items)
    return struct.pack(">BxL", 1, len(body)) + body


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


@contextmanager
def talking(server: Running, sent: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(10)
        sock.sendall(sent)
        yield sock


def exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        assert more, "closed"
        data += more
    return data


def next_pdu(sock: socket.socket) -> tuple[int, bytes]:
    kind, length = struct.unpack(">BxL", exactly(sock, 6))
    return kind, exactly(sock, length)


def answer(server: Running, sent: bytes) -> tuple[int, bytes]:
    with talking(server, sent) as sock:
        return next_pdu(sock)


def accepted(server: Running, sent: bytes) -> AssociateAcceptance:
    kind, body = answer(server, sent)
    assert kind == ACCEPT
    return decode_accept(body)


def command(elements: Mapping[int, int | str], number: int = 1) -> bytes:
    return encode_data(number, encode_command({Element.DATA_SET_TYPE: 0x0101, **elements}), 0, is_command=True)


ECHO_COMMAND: dict[int, int | str] = {
    Element.SOP_CLASS: VERIFICATION,
    Element.COMMAND_FIELD: Field.C_ECHO,
    Element.MESSAGE_ID: 7,
}


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
    assert answer(server, twice) == (ABORT, bytes((0, 0, 2, 6)))


def test_an_association_without_contexts_does_no_harm(server: Running) -> None:
    assert accepted(server, request(APPLICATION, user())).contexts == ()


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
        assert sock.recv(1) == b""
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
