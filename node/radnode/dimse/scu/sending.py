"""Sending objects to a peer with C-STOREs, over as many associations as it takes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from radnode.dimse.scu.calling import calling
from radnode.dimse.scu.forms import Context, prepared
from radnode.dimse.scu.outgoing import Originator, Outgoing, Unsendable, store_command
from radnode.dimse.scu.values import Caller, Sent, Unsent
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import FileUnreadable, Silent, Unwanted
from radnode.dimse.upper.requesting import Requested
from radnode.model.call_errors import CallFailed
from radnode.settings import Peer

_LOSSES = 5  # objects in a row at which the peer ended the association: then it is not the objects
Offered = Mapping[str, Mapping[str, int]]
"""SOP class -> transfer syntax -> the context in force for both."""


class _HalfSent(Exception):
    """The object fails with its association, because half of it is on its way and the other half cannot be read."""


class Sending:
    """Sends objects one after another, and gives up where another association would be of no use."""

    def __init__(
        self,
        peer: Peer,
        caller: Caller,
        *,
        priority: int = 0,
        originator: Originator | None = None,
        words: Callable[[CallFailed], str] = str,
    ) -> None:
        """`priority` and `originator` are those of the request that the objects are sent for, if there is one.

        Once the caller's `is_wanted` says no, the object under way has failed, its association is aborted, and no other
        is tried. `words` says for those that are not tried why no association can be had.
        """
        self._words = words
        self._peer, self._caller = peer, caller
        self._priority, self._originator = priority, originator
        self._was_accepted = False
        self._losses = 0
        self._given_up = ""

    def send(self, objects: Iterable[Outgoing], contexts: Sequence[Context]) -> Iterator[Sent]:
        """Send each object under one of `contexts`, 128 at most, and tell what became of every one of them.

        An association that is lost takes with it only the object that it was lost at, once that has failed as the
        first on another as well: the others go over the next one, until it makes no sense any more. Raises CallFailed
        where not even the first association can be had.
        """
        waiting = _Waiting(objects)
        while waiting.first and not self._given_up:
            yield from self._over_one_association(waiting, contexts)
        while waiting.first:
            yield unsent(waiting.take(), self._given_up, Unsent.NOT_TRIED)

    def _over_one_association(self, waiting: "_Waiting", contexts: Sequence[Context]) -> Iterator[Sent]:
        """Send from the front of `waiting`; what is left there may go over another association.

        Closing the generator releases the association.
        """
        answered: int | None = None
        is_wanted = True
        try:
            with calling(self._peer, self._caller, contexts) as requested:
                self._was_accepted, answered = True, 0
                offered = _offered(requested)
                while waiting.first and is_wanted:
                    sent = self._store(requested, offered, waiting.first)
                    waiting.take()
                    answered, self._losses = answered + 1, 0
                    try:
                        yield sent
                    except GeneratorExit:  # nobody wants the rest: nothing is on its way, so this ends in good order
                        is_wanted = False
        except _HalfSent as error:
            yield unsent(waiting.take(), str(error), Unsent.UNREADABLE)
        except CallFailed as lost:
            if not self._was_accepted:
                raise
            if is_wanted:
                yield from self._after_loss(waiting, answered, lost)

    def _after_loss(self, waiting: "_Waiting", answered: int | None, lost: CallFailed) -> Iterator[Sent]:
        """`answered` is how many objects the lost association had brought; None where there was none."""
        if isinstance(lost.__cause__, Unwanted):
            self._given_up = str(lost)
            if waiting.first and answered is not None:
                yield unsent(waiting.take(), str(lost), Unsent.LOST)
        elif answered is None:
            self._given_up = self._words(lost)
        elif waiting.first and not answered:  # with objects before it, the peer may have ended it for one of those
            self._losses += 1
            yield unsent(waiting.take(), str(lost), Unsent.LOST)
            if self._losses == _LOSSES or isinstance(lost.__cause__, Silent):
                self._given_up = f"not tried: {lost}"

    def _store(self, requested: Requested, offered: Offered, sending: Outgoing) -> Sent:
        contexts = offered.get(sending.sop_class, {})
        try:
            with prepared(sending, contexts, self._caller.transcoder, self._caller.is_wanted or _always) as (
                syntax,
                stretch,
            ):
                message_id = requested.next_message_id()
                elements = store_command(sending, self._priority, self._originator) | {Element.MESSAGE_ID: message_id}
                requested.messages.send_file(contexts[syntax], elements, *stretch)
        except Unsendable as error:
            return unsent(sending, str(error), error.kind)
        except FileUnreadable as error:
            raise _HalfSent(str(error)) from error
        response = requested.response(Field.C_STORE, message_id)
        status, comment = response.number(Element.STATUS), response.text(Element.ERROR_COMMENT)
        return Sent(sending.path, status, comment, sop_instance=sending.sop_instance)


def _always() -> bool:
    return True


def _offered(requested: Requested) -> Offered:
    offered: dict[str, dict[str, int]] = {}
    for number, context in requested.accepted.items():
        offered.setdefault(context.abstract_syntax, {}).setdefault(context.transfer_syntaxes[0], number)
    return offered


class _Waiting:
    """Objects that come one by one, of which the first can be looked at."""

    def __init__(self, objects: Iterable[Outgoing]) -> None:
        self._objects = iter(objects)
        self.first = next(self._objects, None)

    def take(self) -> Outgoing:
        """The first one, which is not waiting any more."""
        taken, self.first = self.first, next(self._objects, None)
        assert taken is not None, "who takes has looked"
        return taken


def unsent(sending: Outgoing, why: str, kind: Unsent) -> Sent:
    """It was not sent."""
    return Sent(sending.path, None, why, kind, sending.sop_instance)
