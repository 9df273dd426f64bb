"""An accepted association as its services see it: requests in, fragments of their data sets, responses out."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.status import Status
from radnode.dimse.upper.command import RESPONSE, Command, Element, Field, encode_response
from radnode.dimse.upper.endings import BY_USER, Ending, ProtocolError
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.normalised import N_SERVICES, about, response_to
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
    """The Affected (N-SET, N-ACTION...: Requested) SOP Class UID as it was sent, without padding."""
    sop_instance: str
    """The Affected (N-SET, N-ACTION...: Requested) SOP Instance UID as it was sent, without padding."""


Heed = Callable[[Command | None], None]
"""Is given the response to a request of ours, or None where the association ends without one."""
Chore = Generator[None, None, None]
"""Work for a peer, done step by step while it is quiet; closed before its end where the association ends."""


class Association:
    """Requests and responses. Every method may raise an Ending, which ends the association."""

    def __init__(self, messages: Messages, contexts: Mapping[int, AcceptedContext], *, calling: str = "") -> None:
        """The association once its acceptance was sent; `calling` is the requestor's AE title."""
        self.calling = calling
        self._messages = messages
        self._contexts = contexts
        self._cancelled: set[int] = set()
        self._ending: Ending | None = None
        self._answered: Request | None = None
        self._message_id = 0
        self._asked: dict[int, tuple[int, Heed]] = {}
        self._chores: deque[Chore] = deque()

    @property
    def contexts(self) -> Iterable[AcceptedContext]:
        """The presentation contexts in force."""
        return self._contexts.values()

    @property
    def received(self) -> int:
        """Bytes of data sets received so far."""
        return self._messages.received

    def requests(self) -> Iterator[Request]:
        """Request after request until the peer releases; a data set that a service left unread is skipped."""
        while True:
            self.skip_data_set()
            if self._chores:
                self._do_chores()
            request = self._next_request(interruptible=not self._asked)
            if request is None:
                return
            if isinstance(request, Command):
                self._heed(request)
            elif request.field != Field.C_CANCEL:  # what it would cancel was answered already (PS3.7 9.3.2.3)
                self._cancelled.clear()
                yield request

    def fragments(self) -> Iterator[memoryview]:
        """The current request's data set as it comes; each fragment is valid until the next one is taken."""
        return self._messages.fragments()

    def skip_data_set(self) -> None:
        """Take and forget what is left of the current request's data set."""
        self._messages.skip_data_set()

    def data_set(self, limit: int) -> bytes | None:
        """The current request's whole data set; None where it is longer than `limit` bytes, and skipped then."""
        return self._messages.data_set(limit)

    def respond(self, request: Request, status: int, *, comment: str = "") -> None:
        """Send the last response to `request`."""
        if request.field in N_SERVICES:
            self.reply(request, status, comment=comment)
        else:
            self._messages.send_encoded(request.context.id, _response(request, status, comment=comment))

    def respond_counted(
        self, request: Request, status: int, counters: Mapping[int, int | str], data_set: bytes | None = None
    ) -> None:
        """Send a response to a C-GET or C-MOVE `request`, with what is counted and what has failed."""
        if status != Status.PENDING:
            self._answered = request
        elements: dict[int, int | str] = {
            Element.COMMAND_FIELD: request.field | RESPONSE,
            Element.RESPONDED_TO: request.message_id,
            Element.STATUS: status,
            **counters,
        }
        if 0 < len(request.sop_class) <= MAX_LENGTH:
            elements[Element.SOP_CLASS] = request.sop_class
        self._messages.send(request.context.id, elements, data_set)

    def reply(
        self,
        request: Request,
        status: int,
        data_set: bytes | None = None,
        *,
        comment: str = "",
        sop_instance: str = "",
        error_id: int = 0,
    ) -> None:
        """Send the response to an N-service's `request`: with a data set, and the instance if it was made just now.

        `error_id` is an Error ID (0000,0903) of the service, 0 for none.
        """
        elements = response_to(request.command, status, comment=comment, sop_instance=sop_instance, error_id=error_id)
        self._messages.send(request.context.id, elements, data_set)

    def respond_pending(self, request: Request, status: int, answers: Iterable[bytes]) -> None:
        """Send a pending response to `request` for each encoded data set, many of them at once."""
        self._messages.send_each(request.context.id, _response(request, status, has_data_set=True), answers)

    def ask(
        self, context: AcceptedContext, field: Field, elements: Mapping[int, int | str], data_set: bytes, heed: Heed
    ) -> None:
        """Send a request of our own, such as N-EVENT-REPORT; `heed` has the response when `requests` meets it."""
        self._message_id = self._message_id % 0xFFFF + 1
        self._asked[self._message_id] = (field | RESPONSE, heed)
        whole = {**elements, Element.COMMAND_FIELD: field, Element.MESSAGE_ID: self._message_id}
        self._messages.send(context.id, whole, data_set)

    def store(
        self, context: AcceptedContext, elements: Mapping[int, int | str], descriptor: int, offset: int, count: int
    ) -> Command:
        """Send a C-STORE-RQ with a data set that stands in an open file, and wait for the response.

        A C-CANCEL that arrives meanwhile is kept for `is_cancelled`.
        """
        self._message_id = message_id = self._message_id % 0xFFFF + 1
        whole = {**elements, Element.MESSAGE_ID: message_id}
        self._messages.send_file(context.id, whole, descriptor, offset, count)
        while True:
            other = self._next_request(interruptible=False)
            if isinstance(other, Command):
                self.skip_data_set()
                if other.number(Element.RESPONDED_TO) == message_id:
                    return other
                self._heed(other)
            elif other is None or other.field != Field.C_CANCEL:
                raise ProtocolError("a response to the C-STORE was due", BY_USER)

    def meanwhile(self, chore: Chore) -> None:
        """Have `chore` done step by step within `requests`, as long as nothing of the peer is to be read.

        The first step is done at once: of what has not begun, closing runs no end.
        """
        next(chore)
        self._chores.append(chore)

    def end(self) -> None:
        """Close the chores that were not done, and tell who waits for a response that none will come."""
        asked, self._asked = self._asked, {}
        chores, self._chores = self._chores, deque()
        for chore in chores:
            chore.close()
        for _, heed in asked.values():
            heed(None)

    def is_cancelled(self, request: Request) -> bool:
        """Whether a C-CANCEL for `request` has arrived; looks at what has come without waiting."""
        if self._ending is not None:
            raise self._ending
        while request.message_id not in self._cancelled and self._messages.readable():
            other = self._next_request(interruptible=False)
            if isinstance(other, Command):
                self._heed(other)
                self.skip_data_set()
            elif other is None or other.field != Field.C_CANCEL:
                raise ProtocolError("nothing but C-CANCEL was due", BY_USER)
        return request.message_id in self._cancelled

    def is_wanted(self, request: Request) -> bool:
        """Whether its requestor is still there and has not cancelled it; once it was answered nobody looks any more.

        For those that wait for somebody else: what ends this association is raised by the next `is_cancelled`.
        """
        try:
            return request is self._answered or not self.is_cancelled(request)
        except Ending as ending:
            self._ending = ending
            return False

    def _do_chores(self) -> None:
        while self._chores and not (self._messages.readable() or self._messages.connection.is_stopping):
            try:
                next(self._chores[0])
            except StopIteration:
                self._chores.popleft()

    def _heed(self, response: Command) -> None:
        """Give a response to whoever waits for it."""
        due, heed = self._asked.pop(response.number(Element.RESPONDED_TO), (0, None))
        if heed is None or response.number(Element.COMMAND_FIELD) != due:
            raise ProtocolError("a response that nobody waits for", BY_USER)
        heed(response)

    def _next_request(self, *, interruptible: bool) -> Request | Command | None:
        """The peer's next request, or its response to one of ours; None when it asks for the release."""
        message = self._messages.next_command(interruptible=interruptible)
        if message is None:
            return None
        context_id, command = message
        field = command.number(Element.COMMAND_FIELD)
        if field & RESPONSE:
            return command
        if field == Field.C_CANCEL:
            message_id = command.number(Element.RESPONDED_TO)
            self._cancelled.add(message_id)
        else:
            message_id = command.number(Element.MESSAGE_ID)
        sop_class = about(command, Element.SOP_CLASS, Element.REQUESTED_SOP_CLASS)
        sop_instance = about(command, Element.SOP_INSTANCE, Element.REQUESTED_SOP_INSTANCE)
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
