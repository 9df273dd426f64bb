"""A request under way: what the peer says to it, and C-CANCEL once the caller wants to stop (PS3.7 9.3.2.3)."""

from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.dimse.upper.endings import BY_USER, ProtocolError, Stopped
from radnode.dimse.upper.requesting import Requested
from radnode.dimse.upper.stopping import Stopping
from radnode.model.call_errors import CallFailed

ANSWER_LIMIT = 1 << 20
"""Bytes of one identifier that a peer answers with."""


class Conversation:
    """Every method may raise an Ending."""

    def __init__(
        self, requested: Requested, context: int, field: Field, message_id: int, stopping: Stopping | None
    ) -> None:
        """What was asked by the request `field` with that message ID, under `context`."""
        self._requested = requested
        self._context = context
        self._field = field
        self._message_id = message_id
        self._stopping = stopping
        self.is_cancelled = False
        """Whether the peer was asked to end before its time."""

    def next_message(self) -> tuple[int, Command]:
        """The next command of the peer with its context: a response to what was asked, or one that is about it."""
        if self._stopping is not None and not self.is_cancelled:
            if self._stopping.deadline is None:
                try:
                    return self._requested.next_command(interruptible=True)
                except Stopped:
                    pass  # nothing of a message was taken yet
            self._cancel()
        return self._requested.next_command()

    def next_response(self) -> Command:
        """The next response to what was asked, which must be the next message."""
        _, command = self.next_message()
        return self.checked(command)

    def checked(self, command: Command) -> Command:
        """The same command; ProtocolError where it is not the response that is due."""
        is_ours = command.number(Element.COMMAND_FIELD) == self._field | RESPONSE
        if not is_ours or command.number(Element.RESPONDED_TO) != self._message_id:
            raise ProtocolError("another message than the response that was due", BY_USER)
        return command

    def identifier(self) -> bytes:
        """What came with the response taken last; CallFailed where it is too long to be an answer."""
        data = bytearray()
        for fragment in self._requested.messages.fragments():
            data += fragment
            if len(data) > ANSWER_LIMIT:
                raise CallFailed(f"the peer gave an answer of more than {ANSWER_LIMIT} bytes")
        return bytes(data)

    def _cancel(self) -> None:
        self.is_cancelled = True
        elements: dict[int, int | str] = {
            Element.COMMAND_FIELD: Field.C_CANCEL,
            Element.RESPONDED_TO: self._message_id,
        }
        self._requested.messages.send(self._context, elements)
