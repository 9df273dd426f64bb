"""PDUs written by hand (PS3.8 9.3), as real, broken and hostile requestors write them, and what is read back."""

import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from support.dimse_server import IMPLICIT, Running

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.upper.associate import APPLICATION_CONTEXT
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


def request(
    *items: tuple[int, bytes], called: bytes = b"RADNODE", calling: bytes = b"TESTS", version: int = 1
) -> bytes:
    titles = called.ljust(16) + calling.ljust(16)
    body = struct.pack(">Hxx", version) + titles + bytes(32) + b"".join(item(*one) for one in items)
    return struct.pack(">BxL", 1, len(body)) + body


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


def command(elements: Mapping[int, int | str], number: int = 1) -> bytes:
    return encode_data(number, encode_command({Element.DATA_SET_TYPE: 0x0101, **elements}), 0, is_command=True)


ECHO_COMMAND: dict[int, int | str] = {
    Element.SOP_CLASS: VERIFICATION,
    Element.COMMAND_FIELD: Field.C_ECHO,
    Element.MESSAGE_ID: 7,
}


def abort(source: int, reason: int) -> tuple[int, bytes]:
    """An A-ABORT as `next_pdu` gives it (9.3.8)."""
    return ABORT, bytes((0, 0, source, reason))


def reject(result: int, source: int, reason: int) -> tuple[int, bytes]:
    """An A-ASSOCIATE-RJ as `next_pdu` gives it (9.3.4)."""
    return REJECT, bytes((0, result, source, reason))


def answer(server: Running, sent: bytes) -> tuple[int, bytes]:
    """The type and the body of the first PDU that the server answers to these bytes."""
    with talking(server, sent) as sock:
        return next_pdu(sock)
