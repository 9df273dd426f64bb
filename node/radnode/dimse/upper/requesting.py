"""The requestor's side: A-ASSOCIATE-RQ and its answer, messages, release."""

import ssl
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from radnode.dimse.upper.associate import ProposedContext, decode_accept, encode_request
from radnode.dimse.upper.command import RESPONSE, Command, Element
from radnode.dimse.upper.connecting import connect
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import (
    BY_USER,
    UNEXPECTED_PDU,
    ConnectionLost,
    Ending,
    HandshakeFailed,
    PeerAborted,
    ProtocolError,
)
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.pdu import RELEASE_REQUEST, Kind, PduReader, encode_abort
from radnode.dimse.upper.secure import SecureConnection
from radnode.dimse.upper.stopping import Stopping

MAX_CONTEXTS = 128  # odd IDs from 1 to 255 (PS3.8 9.3.2.2)
_MAX_PDU = 131072
_PARTING = 2.0
_NOTHING: Mapping[str, bytes] = {}


class Rejected(Ending):
    """The peer answered with an A-ASSOCIATE-RJ."""

    how = "rejected"

    def __init__(self, result: int, source: int, reason: int) -> None:
        self.words = _REASONS.get((source, reason), "no reason given")
        super().__init__(f"association rejected ({'permanent' if result == 1 else 'transient'}): {self.words}")


_REASONS = {
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognised",
    (1, 7): "called AE title not recognised",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Whom to call, as whom, and over TLS if `tls` says how."""

    host: str
    port: int
    called: str
    calling: str
    tls: ssl.SSLContext | None = None


class Requested:
    """An association that this side asked for."""

    def __init__(
        self,
        messages: Messages,
        accepted: Mapping[int, ProposedContext],
        extended: Mapping[str, bytes] = _NOTHING,
    ) -> None:
        """`accepted` holds the contexts in force, each with the one transfer syntax that was agreed.

        `extended` is what the peer answered to SOP class extended negotiation, by SOP class.
        """
        self.messages = messages
        self.accepted = accepted
        self.extended = extended
        self._message_id = 0

    def context_for(self, abstract_syntax: str, transfer_syntax: str | None = None) -> int | None:
        """The ID of a context in force for this class (and this transfer syntax)."""
        for number, context in self.accepted.items():
            if context.abstract_syntax == abstract_syntax and transfer_syntax in (None, *context.transfer_syntaxes):
                return number
        return None

    def next_message_id(self) -> int:
        """A message ID that is not in use."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def next_command(self, *, interruptible: bool = False) -> tuple[int, Command]:
        """The next command of the peer; ProtocolError where it asks for the release instead.

        An interruptible wait for it ends with Stopped as soon as stopping is asked, and may be taken up again.
        """
        message = self.messages.next_command(interruptible=interruptible)
        if message is None:
            raise ProtocolError("the peer released in the middle of an operation", BY_USER)
        return message

    def response(self, field: int, message_id: int) -> Command:
        """The response to one of our requests, which must be the next message."""
        _, command = self.next_command()
        is_ours = command.number(Element.RESPONDED_TO) == message_id
        if command.number(Element.COMMAND_FIELD) != field | RESPONSE or not is_ours:
            raise ProtocolError("another response than the one that was due", BY_USER)
        return command


@contextmanager
def associate(
    address: Address,
    contexts: Iterable[ProposedContext],
    *,
    provider_of: Iterable[str] = (),
    extended: Mapping[str, bytes] = _NOTHING,
    timeout: float = 30.0,
    stopping: Stopping | None = None,
    is_wanted: Callable[[], bool] | None = None,
) -> Iterator[Requested]:
    """An association for the block, released after it and aborted where it fails.

    `provider_of` names the SOP classes for which this side offers to be the SCP (role selection, PS3.7 D.3.3.4),
    `extended` what it says for SOP class extended negotiation (D.3.3.5), by SOP class.
    Once `stopping` is asked, what is under way has its grace, and then ends with Stopped. `is_wanted` is asked some
    twenty times a second while there is something to wait for, which ends with Unwanted if it says no.
    Raises an Ending: ConnectionLost where nobody listens, HandshakeFailed, Rejected, Silent.
    """
    connection = _connected(address, timeout, stopping, is_wanted)
    try:
        proposed = tuple(contexts)
        request = encode_request(address.called, address.calling, proposed, _MAX_PDU, provider_of, extended)
        requested = _negotiate(connection, request, proposed, timeout)
        yield requested
        _release(connection, requested, timeout)
    except (ConnectionLost, HandshakeFailed, PeerAborted, Rejected):
        raise
    except BaseException as error:
        _abort(connection, error.reason if isinstance(error, ProtocolError) else BY_USER)
        raise
    finally:
        connection.part(_PARTING)


def _connected(
    address: Address, timeout: float, stopping: Stopping | None, is_wanted: Callable[[], bool] | None
) -> Connection:
    sock = connect(address.host, address.port, timeout, is_wanted)
    if address.tls is None:
        return Connection(sock, stopping, is_wanted)
    try:
        connection = SecureConnection.over(sock, address.tls, stopping, called=address.host, is_wanted=is_wanted)
    except (OSError, ValueError) as error:  # gone already, or a name that no certificate can have
        sock.close()
        raise ConnectionLost(f"no TLS with {address.host}:{address.port}: {error}") from error
    try:
        connection.establish(time.monotonic() + timeout)
    except BaseException:
        connection.part(0)
        raise
    return connection


def _negotiate(
    connection: Connection, request: bytes, contexts: tuple[ProposedContext, ...], timeout: float
) -> Requested:
    connection.send(request, time.monotonic() + timeout)
    reader = PduReader(connection, _MAX_PDU, timeout)
    kind, body = reader.read(timeout, interruptible=False)
    if kind == Kind.ASSOCIATE_RJ:
        raise Rejected(*struct.unpack("xBBB", bytes(body).ljust(4, b"\0")))
    if kind == Kind.ABORT:
        raise PeerAborted("the peer aborted the association")
    if kind != Kind.ASSOCIATE_AC:
        raise ProtocolError(f"{kind.name} instead of an answer", UNEXPECTED_PDU)
    answer = decode_accept(bytes(body))
    proposed = {context.id: context for context in contexts}
    accepted = {
        one.id: ProposedContext(one.id, proposed[one.id].abstract_syntax, (one.transfer_syntax,))
        for one in answer.contexts
        if one.result == 0 and one.id in proposed and one.transfer_syntax in proposed[one.id].transfer_syntaxes
    }
    messages = Messages(connection, reader, accepted, answer.max_pdu, timeout)
    return Requested(messages, accepted, answer.extended)


def _release(connection: Connection, requested: Requested, timeout: float) -> None:
    connection.send(RELEASE_REQUEST, time.monotonic() + timeout)
    requested.messages.await_release()


def _abort(connection: Connection, reason: int | None) -> None:
    try:
        connection.send(encode_abort(reason), time.monotonic() + _PARTING)
    except Ending:
        return  # nobody is left to be told
