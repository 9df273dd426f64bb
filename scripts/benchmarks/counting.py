"""A C-FIND user that counts the answers and decodes none of them, so that what it waits for is the server alone."""

import socket
import struct
import time
from dataclasses import dataclass

from benchmarks.serving import Failed

from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.dimse.scu.calling import EXPLICIT
from radnode.dimse.scu.identifiers import encode_identifier
from radnode.dimse.upper.associate import ProposedContext, encode_request
from radnode.dimse.upper.command import DATA_SET, Element, Field, decode_command, encode_command
from radnode.dimse.upper.pdu import RELEASE_REQUEST, Kind, encode_data
from radnode.model.level import Level
from radnode.model.uid import UID

_MAX_PDU, _CHUNK, _PATIENCE, _CONTEXT = 131072, 1 << 20, 120.0, 1
_HEADER, _VALUE = struct.Struct(">BxL"), struct.Struct(">LBB")
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True)
class Counted:
    """So many answers; seconds from the request until the first of them had come, and until the last word."""

    answers: int
    first: float
    last: float


def count(port: int, called: str, keys: dict[str, str]) -> Counted:
    """Ask for studies (Study Root), on an association that is there already. Raises Failed."""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        proposed = ProposedContext(_CONTEXT, STUDY_ROOT_FIND, (EXPLICIT,))
        sock.sendall(encode_request(called, "BENCH", [proposed], _MAX_PDU))
        stream = _Stream(sock)
        if stream.next_pdu()[0] != Kind.ASSOCIATE_AC:
            raise Failed(f"{called} accepts no association")
        request = _request(keys)
        began = time.perf_counter()
        sock.sendall(request)
        counted = _count(stream, began)
        sock.sendall(RELEASE_REQUEST)
        stream.next_pdu()
    return counted


def _request(keys: dict[str, str]) -> bytes:
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: STUDY_ROOT_FIND,
        Element.COMMAND_FIELD: Field.C_FIND,
        Element.MESSAGE_ID: 1,
        Element.PRIORITY: 0,
        Element.DATA_SET_TYPE: DATA_SET,
    }
    identifier = encode_identifier(Level.STUDY, keys, UID(EXPLICIT))
    command = encode_data(_CONTEXT, encode_command(elements), _MAX_PDU, is_command=True)
    return command + encode_data(_CONTEXT, identifier, _MAX_PDU, is_command=False)


def _count(stream: "_Stream", began: float) -> Counted:
    answers, first = 0, 0.0
    while True:
        kind, body = stream.next_pdu()
        if kind != Kind.DATA:
            raise Failed("the association ended within the answers")
        for data in _commands(body):
            if (status := decode_command(data).number(Element.STATUS)) not in _PENDING:
                if status:
                    raise Failed(f"C-FIND was answered with {status:04X}")
                return Counted(answers, first, time.perf_counter() - began)
            answers += 1
            first = first or time.perf_counter() - began


def _commands(body: bytes) -> list[bytes]:
    """The command sets among the values of a P-DATA-TF; each is one fragment, as everybody sends it."""
    found, position = [], 0
    while position < len(body):
        length, _, control = _VALUE.unpack_from(body, position)
        if control & 1:
            found.append(body[position + _VALUE.size : position + 4 + length])
        position += 4 + length
    return found


class _Stream:
    """PDU after PDU, read a megabyte at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._data = b""
        self._position = 0

    def next_pdu(self) -> tuple[int, bytes]:
        kind, length = _HEADER.unpack(self._take(_HEADER.size))
        return kind, self._take(length)

    def _take(self, size: int) -> bytes:
        while len(self._data) - self._position < size:
            more = self._socket.recv(_CHUNK)
            if not more:
                raise Failed("the server closed the connection")
            self._data, self._position = self._data[self._position :] + more, 0
        start, self._position = self._position, self._position + size
        return self._data[start : self._position]
