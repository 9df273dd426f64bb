"""C-GET as a user: the peer stores over the same association, straight into an archive or a folder (PS3.4 C.4.3)."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from pynetdicom import StoragePresentationContexts

from radnode.dimse.contexts import MODELS
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.conversation import Conversation
from radnode.dimse.scu.identifiers import check, encode_identifier
from radnode.dimse.scu.query import ask, progress_of
from radnode.dimse.scu.values import USUALLY, Asking, Caller, Progress
from radnode.dimse.status import Status, refusal_of
from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.dimse.upper.requesting import MAX_CONTEXTS, Requested
from radnode.model.errors import RadnodeError
from radnode.model.level import Level, Root
from radnode.model.uid import UID
from radnode.settings import Peer

USUAL_STORAGE = tuple(str(context.abstract_syntax) for context in StoragePresentationContexts)[: MAX_CONTEXTS - 1]
"""The storage classes in common use, as many as fit beside the C-GET itself."""

_COMPRESSED = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.5",
)


class Taking(Protocol):
    """One object on its way in: gone after the block, unless it was committed."""

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes."""
        ...

    def commit(self) -> object:
        """Make it stay."""
        ...


class Taker(Protocol):
    """Where retrieved objects go: an Archive or a Folder."""

    def receive(self, transfer_syntax: UID, *, sop_class: str, sop_instance: str) -> AbstractContextManager[Taking]:
        """Begin to take one object."""
        ...


def get(
    peer: Peer,
    caller: Caller,
    level: Level,
    keys: Mapping[str, str],
    into: Taker,
    *,
    root: Root = Root.STUDY,
    asking: Asking = USUALLY,
) -> Iterator[Progress]:
    """Retrieve what `keys` name; the last progress has the result."""
    sop_class = MODELS[root].get
    check(level, keys, charset=asking.charset)
    contexts = [
        (sop_class, (EXPLICIT, IMPLICIT)),
        *((one, (EXPLICIT, IMPLICIT, *_COMPRESSED)) for one in USUAL_STORAGE),
    ]
    with calling(peer, caller, contexts, provider_of=USUAL_STORAGE) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        identifier = encode_identifier(level, keys, transfer_syntax, charset=asking.charset)
        message_id = ask(requested, context, Field.C_GET, identifier)
        conversation = Conversation(requested, context, Field.C_GET, message_id, caller.stopping)
        while True:
            came_by, command = conversation.next_message()
            if command.number(Element.COMMAND_FIELD) == Field.C_STORE:
                _store(requested, came_by, command, into)
                continue
            progress = progress_of(conversation.checked(command))
            requested.messages.skip_data_set()
            yield progress
            if not progress.is_pending:
                return


def _store(requested: Requested, context: int, command: Command, into: Taker) -> None:
    """Take one object and answer its C-STORE; what cannot be taken is answered with its status."""
    sop_class, sop_instance = command.text(Element.SOP_CLASS), command.text(Element.SOP_INSTANCE)
    transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
    status, comment = Status.SUCCESS, ""
    try:
        with into.receive(transfer_syntax, sop_class=sop_class, sop_instance=sop_instance) as taking:
            for fragment in requested.messages.fragments():
                taking.write(fragment)
            taking.commit()
    except RadnodeError as error:
        refusal = refusal_of(error)
        status, comment = refusal.status, refusal.comment
    requested.messages.skip_data_set()
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: sop_class,
        Element.COMMAND_FIELD: Field.C_STORE | RESPONSE,
        Element.RESPONDED_TO: command.number(Element.MESSAGE_ID),
        Element.STATUS: status,
        Element.SOP_INSTANCE: sop_instance,
    }
    requested.messages.send(context, elements | ({Element.ERROR_COMMENT: comment} if comment else {}))
