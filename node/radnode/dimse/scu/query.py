"""C-FIND and C-MOVE as a user."""

from collections.abc import Iterator, Mapping

from radnode.dimse.contexts import MODALITY_WORKLIST, MODELS
from radnode.dimse.extended import NO_OPTIONS, encode_options
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.conversation import Conversation
from radnode.dimse.scu.identifiers import check, decode_identifier, encode_identifier
from radnode.dimse.scu.values import USUALLY, Asking, Caller, Match, Progress
from radnode.dimse.status import Status
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.requesting import Requested
from radnode.model.call_errors import Answered
from radnode.model.level import Level, Root
from radnode.model.uid import UID
from radnode.settings import Peer

_PENDING = (Status.PENDING, Status.PENDING_WITH_UNSUPPORTED_KEYS)


def find(
    peer: Peer,
    caller: Caller,
    level: Level,
    keys: Mapping[str, str],
    *,
    root: Root = Root.STUDY,
    asking: Asking = USUALLY,
) -> Iterator[Match]:
    """Each match (PS3.4 C.4.1). Raises CallFailed, also in the middle.

    Once `caller.stopping` is asked the matches end, with those that the peer had sent before it heard of that.
    """
    return _find(peer, caller, MODELS[root].find, level, keys, asking)


def find_worklist(peer: Peer, caller: Caller, keys: Mapping[str, str], *, asking: Asking = USUALLY) -> Iterator[Match]:
    """Each match of the peer's modality worklist (PS3.4 K.4.1); as `find`, but there are no levels."""
    return _find(peer, caller, MODALITY_WORKLIST, None, keys, asking)


def _find(
    peer: Peer, caller: Caller, sop_class: str, level: Level | None, keys: Mapping[str, str], asking: Asking
) -> Iterator[Match]:
    check(level, keys, charset=asking.charset)
    extended = {sop_class: encode_options("find", asking.options)} if asking.options != NO_OPTIONS else {}
    with calling(peer, caller, [(sop_class, (EXPLICIT, IMPLICIT))], extended=extended) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        identifier = encode_identifier(level, keys, transfer_syntax, charset=asking.charset)
        message_id = ask(requested, context, Field.C_FIND, identifier)
        conversation = Conversation(requested, context, Field.C_FIND, message_id, caller.stopping)
        while (status := (response := conversation.next_response()).number(Element.STATUS)) in _PENDING:
            match = decode_identifier(conversation.identifier(), transfer_syntax)
            match.has_all_keys = status == Status.PENDING
            yield match
        requested.messages.skip_data_set()
        if status != Status.SUCCESS and not (status == Status.CANCELLED and conversation.is_cancelled):
            raise Answered(peer.title, status, response.text(Element.ERROR_COMMENT))


def move(
    peer: Peer,
    caller: Caller,
    level: Level,
    keys: Mapping[str, str],
    destination: str,
    *,
    root: Root = Root.STUDY,
    asking: Asking = USUALLY,
) -> Iterator[Progress]:
    """Have the peer send what `keys` name to the AE `destination` (PS3.4 C.4.2); the last progress has the result."""
    sop_class = MODELS[root].move
    check(level, keys, charset=asking.charset)
    with calling(peer, caller, [(sop_class, (EXPLICIT, IMPLICIT))]) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        identifier = encode_identifier(level, keys, transfer_syntax, charset=asking.charset)
        message_id = ask(requested, context, Field.C_MOVE, identifier, destination=destination)
        conversation = Conversation(requested, context, Field.C_MOVE, message_id, caller.stopping)
        while True:
            progress = progress_of(conversation.next_response())
            requested.messages.skip_data_set()
            yield progress
            if not progress.is_pending:
                return


def ask(requested: Requested, context: int, field: Field, identifier: bytes, *, destination: str = "") -> int:
    """Send a request with an identifier; its message ID."""
    message_id = requested.next_message_id()
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: requested.accepted[context].abstract_syntax,
        Element.COMMAND_FIELD: field,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 0,
    }
    if destination:
        elements[Element.MOVE_DESTINATION] = destination
    requested.messages.send(context, elements, identifier)
    return message_id


def progress_of(response: Command) -> Progress:
    """The counters of a C-GET or C-MOVE response."""
    counts = (Element.REMAINING, Element.COMPLETED, Element.FAILED, Element.WARNING)
    remaining, completed, failed, warning = (response.number(one) if one in response.elements else 0 for one in counts)
    comment = response.text(Element.ERROR_COMMENT)
    is_counted = Element.COMPLETED in response.elements
    return Progress(response.number(Element.STATUS), remaining, completed, failed, warning, comment, is_counted)
