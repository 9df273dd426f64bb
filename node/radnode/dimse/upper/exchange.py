"""N-services over an association that this side asked for: our requests, and those that the peer has for us."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.dimse.upper.endings import BY_USER, ProtocolError
from radnode.dimse.upper.normalised import response_to
from radnode.dimse.upper.requesting import Requested

_MOST_WAITING = 16


@dataclass(frozen=True, slots=True)
class Message:
    """A command set with the whole data set that came with it, b"" where there was none."""

    context: int
    command: Command
    data_set: bytes

    @property
    def status(self) -> int:
        """Of a response: what became of the operation."""
        return self.command.number(Element.STATUS)


class Exchange:
    """Every method may raise an Ending, which ends the association."""

    def __init__(self, requested: Requested, *, limit: int) -> None:
        """`limit` is how many bytes a data set of the peer may have; a longer one ends the association."""
        self._requested = requested
        self._limit = limit
        self._waiting: deque[Message] = deque()

    def ask(
        self, context: int, field: Field, elements: Mapping[int, int | str], data_set: bytes | None = None
    ) -> Message:
        """Send a request and take its response. What the peer asks meanwhile waits for `next_request`."""
        message_id = self._requested.next_message_id()
        whole = {**elements, Element.COMMAND_FIELD: field, Element.MESSAGE_ID: message_id}
        self._requested.messages.send(context, whole, data_set)
        while True:
            message = self._next_message()
            answered = message.command.number(Element.COMMAND_FIELD)
            if answered & RESPONSE:
                if answered != field | RESPONSE or message.command.number(Element.RESPONDED_TO) != message_id:
                    raise ProtocolError("another response than the one that was due", BY_USER)
                return message
            self._waiting.append(message)
            if len(self._waiting) > _MOST_WAITING:
                raise ProtocolError("requests instead of the response that was due", BY_USER)

    def next_request(self, seconds: float) -> Message | None:
        """What the peer asks of us, for which `answer` is due; None where nothing comes within the time."""
        deadline = time.monotonic() + seconds
        while not self._waiting:
            left = deadline - time.monotonic()
            if self._requested.messages.readable(max(0.0, left)):
                message = self._next_message()
                if message.command.number(Element.COMMAND_FIELD) & RESPONSE:
                    raise ProtocolError("a response that nobody waits for", BY_USER)
                return message
            if left <= 0:
                return None
        return self._waiting.popleft()

    def answer(self, request: Message, status: int, *, comment: str = "") -> None:
        """Send the response to a request of the peer."""
        self._requested.messages.send(request.context, response_to(request.command, status, comment=comment))

    def _next_message(self) -> Message:
        context, command = self._requested.next_command()
        data_set = self._requested.messages.data_set(self._limit)
        if data_set is None:
            raise ProtocolError(f"a data set of more than {self._limit} bytes", BY_USER)
        return Message(context, command, data_set)
