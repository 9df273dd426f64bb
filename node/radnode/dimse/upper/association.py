"""An established association as its services see it: requests in, fragments of their data sets, answers out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from radnode.dimse.upper.command import (
    NO_DATA_SET,
    RESPONSE,
    Command,
    Element,
    Field,
    decode_command,
    encode_command,
)
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import UNEXPECTED_PDU, PeerAborted, ProtocolError
from radnode.dimse.upper.pdu import Kind, PduReader, Value, encode_data, values_of
from radnode.model.uid import MAX_LENGTH

COMMAND_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """A presentation context in force."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    service: str


@dataclass(frozen=True, slots=True)
class Request:
    """A DIMSE request: its command set and the presentation context that it came under."""

    field: int
    message_id: int
    context: AcceptedContext
    command: Command
    has_data_set: bool

    @property
    def sop_class(self) -> str:
        """The Affected SOP Class UID as it was sent, without padding."""
        return self.command.text(Element.SOP_CLASS)

    @property
    def sop_instance(self) -> str:
        """The Affected SOP Instance UID as it was sent, without padding."""
        return self.command.text(Element.SOP_INSTANCE)


class Association:
    """Messages over an established association. Every method may raise an Ending, which ends the association."""

    def __init__(
        self,
        connection: Connection,
        reader: PduReader,
        contexts: Mapping[int, AcceptedContext],
        *,
        peer_max_pdu: int,
        idle_timeout: float,
    ) -> None:
        """The association after its acceptance was sent."""
        self._connection = connection
        self._reader = reader
        self._contexts = contexts
        self._peer_max_pdu = peer_max_pdu
        self._idle_timeout = idle_timeout
        self._values: Iterator[Value] = iter(())
        self._open: int | None = None  # the context whose data set is still arriving
        self._released = False
        self._cancelled: set[int] = set()
        self.received = 0

    def requests(self) -> Iterator[Request]:
        """Request after request until the peer releases; a data set that a service left unread is skipped."""
        while True:
            self.skip_data_set()
            request = self._next_request(interruptible=True)
            if request is None:
                return
            if request.field == Field.C_CANCEL:
                continue  # what it would cancel has been answered already (PS3.7 9.3.2.3)
            self._cancelled.clear()
            yield request

    def fragments(self) -> Iterator[memoryview]:
        """The fragments of the current request's data set as they come; each is valid until the next one is taken."""
        while self._open is not None:
            value = self._next_value(interruptible=False)
            if value is None or value.is_command or value.context != self._open:
                raise ProtocolError("a data set was due", UNEXPECTED_PDU)
            if value.is_last:
                self._open = None
            self.received += len(value.data)
            yield value.data

    def skip_data_set(self) -> None:
        """Take and forget what is left of the current request's data set."""
        for _ in self.fragments():
            pass

    def respond(self, request: Request, status: int, *, comment: str = "", answer: bytes | None = None) -> None:
        """Send the response to `request`, with `answer` as its encoded data set."""
        elements: dict[int, int | str] = {
            Element.COMMAND_FIELD: request.field | RESPONSE,
            Element.RESPONDED_TO: request.message_id,
            Element.DATA_SET_TYPE: NO_DATA_SET if answer is None else 1,
            Element.STATUS: status,
        }
        if comment:
            elements[Element.ERROR_COMMENT] = comment
        affected = {Element.SOP_CLASS: request.sop_class, Element.SOP_INSTANCE: request.sop_instance}
        elements |= {element: uid for element, uid in affected.items() if 0 < len(uid) <= MAX_LENGTH}
        context, limit = request.context.id, self._peer_max_pdu
        data = encode_data(context, encode_command(elements), limit, is_command=True)
        if answer is not None:
            data += encode_data(context, answer, limit, is_command=False)
        self._connection.send(data, time.monotonic() + self._idle_timeout)

    def is_cancelled(self, request: Request) -> bool:
        """Whether a C-CANCEL for `request` has arrived; looks at what has come without waiting."""
        while request.message_id not in self._cancelled and self._connection.readable():
            other = self._next_request(interruptible=False)
            if other is None or other.field != Field.C_CANCEL:
                raise ProtocolError("nothing but C-CANCEL was due", UNEXPECTED_PDU)
        return request.message_id in self._cancelled

    def _next_request(self, *, interruptible: bool) -> Request | None:
        collected = bytearray()
        while True:
            value = self._next_value(interruptible=interruptible and not collected)
            if value is None:
                return None
            if not value.is_command:
                raise ProtocolError("a command was due", UNEXPECTED_PDU)
            collected += value.data
            if len(collected) > COMMAND_LIMIT:
                raise ProtocolError("the command set is too long")
            if value.is_last:
                return self._request(value.context, decode_command(bytes(collected)))

    def _request(self, context_id: int, command: Command) -> Request:
        context = self._contexts.get(context_id)
        if context is None:
            raise ProtocolError(f"presentation context {context_id} was not accepted")
        field = command.number(Element.COMMAND_FIELD)
        if field & RESPONSE:
            raise ProtocolError("a response that nobody waits for", UNEXPECTED_PDU)
        has_data_set = command.has_data_set
        if field == Field.C_CANCEL:
            message_id = command.number(Element.RESPONDED_TO)
            self._cancelled.add(message_id)
        else:
            message_id = command.number(Element.MESSAGE_ID)
        self._open = context_id if has_data_set else None
        return Request(field, message_id, context, command, has_data_set)

    def _next_value(self, *, interruptible: bool) -> Value | None:
        """The next presentation data value; None when the peer asks for the release instead."""
        while True:
            for value in self._values:
                return value
            kind, body = self._reader.read(self._idle_timeout, interruptible=interruptible)
            if kind == Kind.RELEASE_RQ:
                return None
            if kind == Kind.ABORT:
                raise PeerAborted("A-ABORT")
            if kind != Kind.DATA:
                raise ProtocolError(f"{kind.name} in an established association", UNEXPECTED_PDU)
            self._values = values_of(body)
