"""An accepted association as its services see it: requests in, fragments of their data sets, responses out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.upper.command import RESPONSE, Command, Element, Field, encode_response
from radnode.dimse.upper.endings import BY_USER, ProtocolError
from radnode.dimse.upper.messages import Messages
from radnode.model.uid import MAX_LENGTH


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """A presentation context in force.

    `peer_provides`: the requestor is (also) SCP of its SOP class, so requests can be sent to it. `options` is what was
    negotiated for a query or retrieve model.
    """

    id: int
    abstract_syntax: str
    transfer_syntax: str
    service: str
    peer_provides: bool = False
    options: QueryOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class Request:
    """A DIMSE request: its command set and the presentation context that it came under."""

    field: int
    message_id: int
    context: AcceptedContext
    command: Command
    sop_class: str
    """The Affected SOP Class UID as it was sent, without padding."""
    sop_instance: str
    """The Affected SOP Instance UID as it was sent, without padding."""


class Association:
    """Requests and responses. Every method may raise an Ending, which ends the association."""

    def __init__(self, messages: Messages, contexts: Mapping[int, AcceptedContext]) -> None:
        """The association once its acceptance was sent."""
        self._messages = messages
        self._contexts = contexts
        self._cancelled: set[int] = set()

    @property
    def received(self) -> int:
        """Bytes of data sets received so far."""
        return self._messages.received

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
        """The current request's data set as it comes; each fragment is valid until the next one is taken."""
        return self._messages.fragments()

    def skip_data_set(self) -> None:
        """Take and forget what is left of the current request's data set."""
        self._messages.skip_data_set()

    def respond(self, request: Request, status: int, *, comment: str = "") -> None:
        """Send the last response to `request`."""
        self._messages.send_encoded(request.context.id, _response(request, status, comment=comment))

    def respond_pending(self, request: Request, status: int, answers: Iterable[bytes]) -> None:
        """Send a pending response to `request` for each encoded data set, many of them at once."""
        self._messages.send_each(request.context.id, _response(request, status, has_data_set=True), answers)

    def is_cancelled(self, request: Request) -> bool:
        """Whether a C-CANCEL for `request` has arrived; looks at what has come without waiting."""
        while request.message_id not in self._cancelled and self._messages.readable():
            other = self._next_request(interruptible=False)
            if other is None or other.field != Field.C_CANCEL:
                raise ProtocolError("nothing but C-CANCEL was due", BY_USER)
        return request.message_id in self._cancelled

    def _next_request(self, *, interruptible: bool) -> Request | None:
        message = self._messages.next_command(interruptible=interruptible)
        if message is None:
            return None
        context_id, command = message
        field = command.number(Element.COMMAND_FIELD)
        if field & RESPONSE:
            raise ProtocolError("a response that nobody waits for", BY_USER)
        if field == Field.C_CANCEL:
            message_id = command.number(Element.RESPONDED_TO)
            self._cancelled.add(message_id)
        else:
            message_id = command.number(Element.MESSAGE_ID)
        sop_class, sop_instance = command.text(Element.SOP_CLASS), command.text(Element.SOP_INSTANCE)
        return Request(field, message_id, self._contexts[context_id], command, sop_class, sop_instance)


def _response(request: Request, status: int, *, comment: str = "", has_data_set: bool = False) -> bytes:
    return encode_response(
        request.field,
        request.message_id,
        status,
        request.sop_class if len(request.sop_class) <= MAX_LENGTH else "",
        request.sop_instance if len(request.sop_instance) <= MAX_LENGTH else "",
        comment=comment,
        has_data_set=has_data_set,
    )
