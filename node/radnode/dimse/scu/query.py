"""C-FIND and C-MOVE as a user."""

from collections.abc import Iterator, Mapping

from radnode.dimse.contexts import MODELS
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.identifiers import decode_identifier, encode_identifier
from radnode.dimse.scu.values import Caller, CallFailed, Progress
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.requesting import Requested
from radnode.model.level import Level, Root
from radnode.model.uid import UID
from radnode.settings import Peer

_PENDING = (0xFF00, 0xFF01)


def find(
    peer: Peer, caller: Caller, level: Level, keys: Mapping[str, str], *, root: Root = Root.STUDY
) -> Iterator[Mapping[str, str]]:
    """Each match, as keyword -> text (PS3.4 C.4.1). Raises CallFailed, also in the middle."""
    sop_class = MODELS[root].find
    with calling(peer, caller, [(sop_class, (EXPLICIT, IMPLICIT))]) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        message_id = ask(requested, context, Field.C_FIND, encode_identifier(level, keys, transfer_syntax))
        while (response := requested.response(Field.C_FIND, message_id)).number(Element.STATUS) in _PENDING:
            yield decode_identifier(b"".join(map(bytes, requested.messages.fragments())), transfer_syntax)
        requested.messages.skip_data_set()
        status = response.number(Element.STATUS)
        if status != 0:
            raise CallFailed(f"{peer.title} answered {status:04X} {response.text(Element.ERROR_COMMENT)}".strip())


def move(
    peer: Peer, caller: Caller, level: Level, keys: Mapping[str, str], destination: str, *, root: Root = Root.STUDY
) -> Iterator[Progress]:
    """Have the peer send what `keys` name to the AE `destination` (PS3.4 C.4.2); the last progress has the result."""
    sop_class = MODELS[root].move
    with calling(peer, caller, [(sop_class, (EXPLICIT, IMPLICIT))]) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        identifier = encode_identifier(level, keys, transfer_syntax)
        message_id = ask(requested, context, Field.C_MOVE, identifier, destination=destination)
        while True:
            progress = progress_of(requested.response(Field.C_MOVE, message_id))
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
