"""Protocol data units (PS3.8 9.3): reading them whole and bounded, cutting P-DATA into values, writing them."""

import struct
import time
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import UNRECOGNISED_PDU, ConnectionLost, ProtocolError, Unused

_HEADER = struct.Struct(">BxL")
_VALUE = struct.Struct(">LBB")
_COMMAND, _LAST = 1, 2
_FIRST_BUFFER = 32768
_AHEAD = 4096  # room behind the largest PDU so far: the next command set, but little to move
_TLS = range(20, 24)  # how a TLS record begins (RFC 8446 5.1), which says better than a number what went wrong
ASSOCIATE_LIMIT = 1 << 19  # 128 contexts with every transfer syntax there is stay below 300 KiB
LENIENT_DATA_LIMIT = 1 << 20  # some senders ignore the maximum that was negotiated; what is bounded is our memory
UNLIMITED = 131072  # what we send at most where the peer sets no maximum


class Kind(IntEnum):
    """The types of PDU."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


_KINDS = {int(kind): kind for kind in Kind}


class Value(NamedTuple):
    """A presentation data value (9.3.5.1). `data` is a view into the reader's buffer: gone with the next PDU."""

    context: int
    is_command: bool
    is_last: bool
    data: memoryview


class PduReader:
    """Reads PDU after PDU into one buffer, which is all that an association holds of an object however large.

    What has come beyond a PDU and fits is taken with it, so that a small message costs one system call.
    """

    def __init__(self, connection: Connection, max_pdu: int, within: float) -> None:
        """`max_pdu` is what was announced to the peer; a PDU has to be whole `within` seconds of its first byte."""
        self._connection = connection
        self._within = within
        self._buffer = memoryview(bytearray(_FIRST_BUFFER))
        self._start = 0
        self._end = 0  # between them is what was read and not yet taken
        limits = dict.fromkeys(Kind, 4) | {Kind.ASSOCIATE_RQ: ASSOCIATE_LIMIT, Kind.ASSOCIATE_AC: ASSOCIATE_LIMIT}
        self._limits = limits | {Kind.DATA: max(max_pdu, LENIENT_DATA_LIMIT)}

    def read(self, seconds: float, *, interruptible: bool) -> tuple[Kind, memoryview]:
        """The next PDU, which must begin within `seconds`; once it has begun, no stop interrupts it."""
        if self._start == self._end:
            self._begin(time.monotonic() + seconds, interruptible=interruptible)
        return self._take(time.monotonic() + self._within)

    def read_by(self, deadline: float) -> tuple[Kind, memoryview]:
        """The next PDU, which must be whole by `deadline`. Raises Unused where the peer closes before it begins."""
        if self._start == self._end:
            try:
                self._begin(deadline, interruptible=True)
            except ConnectionLost as lost:
                raise Unused("closed by the peer without a word") from lost
        return self._take(deadline)

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether something of a PDU has come, be it only the end of the connection; waits for it as the connection."""
        return self._start < self._end or self._connection.readable(seconds)

    def _begin(self, deadline: float, *, interruptible: bool) -> None:
        """Wait for the first byte of a PDU."""
        self._start = self._end = 0
        self._end = self._connection.read(self._buffer, deadline, interruptible=interruptible)

    def _take(self, deadline: float) -> tuple[Kind, memoryview]:
        """The PDU that has begun."""
        self._fill(_HEADER.size, deadline)
        number, length = _HEADER.unpack_from(self._buffer, self._start)
        kind = _KINDS.get(number)
        if kind is None:
            what = "TLS where it is not spoken" if number in _TLS else f"PDU type {number}"
            raise ProtocolError(what, UNRECOGNISED_PDU)
        if length > self._limits[kind]:
            raise ProtocolError(f"{kind.name} PDU of {length} bytes")
        self._fill(_HEADER.size + length, deadline)
        body = self._start + _HEADER.size
        self._start = body + length
        return kind, self._buffer[body : self._start]

    def _fill(self, size: int, deadline: float) -> None:
        """Read until there are `size` bytes, in one piece."""
        if self._end - self._start >= size:
            return
        if self._start + size > len(self._buffer):
            self._move(self._buffer)
            if size > len(self._buffer):
                self._grow(size, deadline)
        while self._end - self._start < size:
            self._end += self._connection.read(self._buffer[self._end :], deadline, interruptible=False)

    def _grow(self, size: int, deadline: float) -> None:
        """Make room for `size` bytes as they come: memory follows what was sent, not what is claimed."""
        while len(self._buffer) < size:
            while self._end < len(self._buffer):
                self._end += self._connection.read(self._buffer[self._end :], deadline, interruptible=False)
            twice = 2 * len(self._buffer)
            self._move(memoryview(bytearray(twice if twice < size else size + _AHEAD)))

    def _move(self, buffer: memoryview) -> None:
        """Put what there is at the front of `buffer`, and go on there."""
        held = bytes(self._buffer[self._start : self._end])
        self._buffer, self._start, self._end = buffer, 0, len(held)
        buffer[: self._end] = held


def values_of(body: memoryview) -> Iterator[Value]:
    """The presentation data values of a P-DATA-TF's body."""
    position = 0
    while position < len(body):
        if position + _VALUE.size > len(body):
            raise ProtocolError("a presentation data value is cut off")
        length, context, control = _VALUE.unpack_from(body, position)
        end = position + 4 + length
        if length < 2 or end > len(body):
            raise ProtocolError("the length of a presentation data value is wrong")
        data = body[position + _VALUE.size : end]
        yield Value(context, bool(control & _COMMAND), bool(control & _LAST), data)
        position = end


def encode_data(context: int, data: bytes, max_pdu: int, *, is_command: bool) -> bytes:
    """One fragment list as P-DATA-TF PDUs, none longer than the peer's maximum (0: it set none)."""
    size = fragment_size(max_pdu)
    if len(data) <= size:
        return encode_fragment(context, data, is_last=True, is_command=is_command)
    starts = range(0, len(data), size)
    return b"".join(
        encode_fragment(context, data[start : start + size], is_last=start + size >= len(data), is_command=is_command)
        for start in starts
    )


def encode_fragment(context: int, fragment: bytes, *, is_last: bool, is_command: bool = False) -> bytes:
    """One P-DATA-TF with one presentation data value."""
    return encode_head(context, len(fragment), is_last=is_last, is_command=is_command) + fragment


def encode_head(context: int, length: int, *, is_last: bool, is_command: bool = False) -> bytes:
    """What stands before the `length` bytes of a P-DATA-TF's one presentation data value."""
    control = (_COMMAND if is_command else 0) | (_LAST if is_last else 0)
    return _HEADER.pack(Kind.DATA, length + _VALUE.size) + _VALUE.pack(length + 2, context, control)


def fragment_size(max_pdu: int) -> int:
    """The most bytes that one presentation data value may hold for a peer with this maximum (0: it set none).

    Always an even number (PS3.8 E.1), and at least 2, whatever nonsense the peer set.
    """
    return max((max_pdu or UNLIMITED) - _VALUE.size & ~1, 2)


RELEASE_REQUEST = _HEADER.pack(Kind.RELEASE_RQ, 4) + bytes(4)
RELEASE_RESPONSE = _HEADER.pack(Kind.RELEASE_RP, 4) + bytes(4)


def encode_abort(reason: int | None) -> bytes:
    """An A-ABORT by the service provider for `reason` (9.3.8), or by the service user where there is none."""
    source = 0 if reason is None else 2
    return _HEADER.pack(Kind.ABORT, 4) + bytes((0, 0, source, reason or 0))


def encode_reject(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ (9.3.4)."""
    return _HEADER.pack(Kind.ASSOCIATE_RJ, 4) + bytes((0, result, source, reason))
