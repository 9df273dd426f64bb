"""DIMSE messages over a connection (PS3.7 6.3, PS3.8 Annex E): commands in and out, data sets fragment by fragment."""

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain

from radnode.dimse.upper.command import DATA_SET, NO_DATA_SET, Command, Element, decode_command, encode_command
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import (
    BY_USER,
    UNEXPECTED_PDU,
    ConnectionLost,
    FileUnreadable,
    PeerAborted,
    ProtocolError,
    Silent,
)
from radnode.dimse.upper.gathering import SMALL, Gathering
from radnode.dimse.upper.pdu import (
    RELEASE_RESPONSE,
    Kind,
    PduReader,
    Value,
    encode_data,
    encode_head,
    fragment_size,
    values_of,
)

COMMAND_LIMIT = 65536
_WORTH_A_SEND = 32768


class Messages:
    """Every method may raise an Ending, which ends the association."""

    def __init__(
        self, connection: Connection, reader: PduReader, contexts: Container[int], peer_max_pdu: int, patience: float
    ) -> None:
        """`contexts` are the IDs in force; `patience` is how many seconds the peer may be silent."""
        self.connection = connection
        self._reader = reader
        self._contexts = contexts
        self._peer_max_pdu = peer_max_pdu
        self._patience = patience
        self._values: Iterator[Value] = iter(())  # what is left of a P-DATA-TF
        self._rest = self._values  # the same, but for a value that `readable` has looked at
        self._open: int | None = None  # the context whose data set is still arriving
        self._gathering = Gathering()
        self.received = 0

    def next_command(self, *, interruptible: bool) -> tuple[int, Command] | None:
        """The next command set with its context; None when the peer asks for the release instead."""
        collected = bytearray()
        contexts = self._contexts
        while True:
            value = self._next_value(interruptible=interruptible and not collected)
            if value is None:
                return None
            if not value.is_command:
                raise ProtocolError("a command was due", BY_USER)
            if value.context not in contexts:
                why = "is not that of the command set's beginning" if collected else "was not accepted"
                raise ProtocolError(f"presentation context {value.context} {why}")
            collected += value.data
            if len(collected) > COMMAND_LIMIT:
                raise ProtocolError("the command set is too long", BY_USER)
            if value.is_last:
                command = decode_command(bytes(collected))
                self._open = value.context if command.has_data_set else None
                return value.context, command
            contexts = (value.context,)

    def fragments(self) -> Iterator[memoryview]:
        """The data set of the current command as it comes; each fragment is valid until the next one is taken."""
        while self._open is not None:
            value = self._next_value(interruptible=False)
            if value is None or value.is_command or value.context != self._open:
                raise ProtocolError("a data set was due", BY_USER)
            if value.is_last:
                self._open = None
            self.received += len(value.data)
            yield value.data

    def data_set(self, limit: int) -> bytes | None:
        """The whole data set of the current command; None where it is longer than `limit` bytes, and skipped then."""
        collected = bytearray()
        for fragment in self.fragments():
            if len(collected) + len(fragment) > limit:
                self.skip_data_set()
                return None
            collected += fragment
        return bytes(collected)

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether something has come that was not taken yet, be it in the P-DATA-TF that was read last.

        It may wait so long for something to come, but may also say no before.
        """
        for value in self._values:
            self._values = chain((value,), self._rest)
            return True
        return self._reader.readable(seconds)

    def skip_data_set(self) -> None:
        """Take and forget what is left of the current data set."""
        for _ in self.fragments():
            pass

    def send(self, context: int, elements: Mapping[int, int | str], data_set: bytes | None = None) -> None:
        """A message whose data set, if it has one, is at hand."""
        data = self._command(context, elements, has_data_set=data_set is not None)
        if data_set is not None:
            data += encode_data(context, data_set, self._peer_max_pdu, is_command=False)
        self._send(data)

    def send_encoded(self, context: int, command: bytes) -> None:
        """A message without a data set, whose command set is encoded already."""
        self._send(encode_data(context, command, self._peer_max_pdu, is_command=True))

    def send_each(self, context: int, command: bytes, data_sets: Iterable[bytes]) -> None:
        """A message with the same encoded command set for each data set; as many go in one send as are worth one."""
        head = encode_data(context, command, self._peer_max_pdu, is_command=True)
        laid = bytearray()
        for data_set in data_sets:
            laid += head
            laid += encode_data(context, data_set, self._peer_max_pdu, is_command=False)
            if len(laid) >= _WORTH_A_SEND:
                self._send(laid)
                laid = bytearray()
        self._send(laid)

    def send_file(
        self, context: int, elements: Mapping[int, int | str], descriptor: int, offset: int, count: int
    ) -> None:
        """A message whose data set is `count` bytes of an open file from `offset` on: they go as they are.

        In large PDUs none of them passes through this process, but where the connection has to encrypt; small PDUs go
        together. FileUnreadable where the file ends before or cannot be read; the connection is cut then.
        """
        head = self._command(context, elements, has_data_set=True)
        size = fragment_size(self._peer_max_pdu)
        if size < SMALL:
            self._send_gathered(self._gathering.laid(head, context, descriptor, offset, count, size))
            return
        for start in range(0, count or 1, size):
            length = min(size, count - start)
            head += encode_head(context, length, is_last=start + length >= count)
            self.connection.send_file(head, descriptor, offset + start, length, time.monotonic() + self._patience)
            head = b""

    def _send_gathered(self, pieces: Iterator[memoryview]) -> None:
        try:
            for piece in pieces:
                self._send(piece)
        except FileUnreadable:
            self.connection.cut()
            raise

    def await_release(self) -> None:
        """Read until the peer confirms the release that this side asked for (PS3.8 9.2, states 7, 9 and 11).

        Data that were on their way are passed over (AR-6). A peer that asks at the same time gets its answer first
        (release collision, AR-8 and AR-9); one that just closes has understood as well, for nothing is in flight.
        """
        deadline = time.monotonic() + self._patience
        due = {Kind.DATA, Kind.RELEASE_RQ, Kind.RELEASE_RP}
        kind = None
        while kind != Kind.RELEASE_RP:
            try:
                if time.monotonic() >= deadline:
                    raise Silent("the peer does not confirm the release")
                kind, _ = self._reader.read(deadline - time.monotonic(), interruptible=False)
                if kind == Kind.ABORT:
                    raise PeerAborted("the peer aborted the association")
                if kind not in due:
                    raise ProtocolError(f"{kind.name} instead of the release", UNEXPECTED_PDU)
                if kind == Kind.RELEASE_RQ:
                    self._send(RELEASE_RESPONSE)
                    due = {Kind.RELEASE_RP}
            except ConnectionLost:
                return

    def _command(self, context: int, elements: Mapping[int, int | str], *, has_data_set: bool) -> bytes:
        whole = {**elements, Element.DATA_SET_TYPE: DATA_SET if has_data_set else NO_DATA_SET}
        return encode_data(context, encode_command(whole), self._peer_max_pdu, is_command=True)

    def _send(self, data: bytes | bytearray | memoryview) -> None:
        self.connection.send(data, time.monotonic() + self._patience)

    def _next_value(self, *, interruptible: bool) -> Value | None:
        while True:
            for value in self._values:
                return value
            kind, body = self._reader.read(self._patience, interruptible=interruptible)
            if kind == Kind.RELEASE_RQ:
                return None
            if kind == Kind.ABORT:
                raise PeerAborted("the peer aborted the association")
            if kind != Kind.DATA:
                raise ProtocolError(f"{kind.name} in an established association", UNEXPECTED_PDU)
            self._values = self._rest = values_of(body)
