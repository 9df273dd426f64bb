"""C-GET as a user: the peer stores over the same association, straight into an archive or a folder (PS3.4 C.4.3)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from radnode.dimse.contexts import MODELS
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.conversation import Conversation
from radnode.dimse.scu.identifiers import check, encode_identifier
from radnode.dimse.scu.query import ask, progress_of
from radnode.dimse.scu.storage_contexts import Context, classes_of, contexts_for
from radnode.dimse.scu.values import USUALLY, Asking, Caller, Progress
from radnode.dimse.status import Status, refusal_of
from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.dimse.upper.requesting import Requested
from radnode.model.call_errors import CallFailed
from radnode.model.errors import RadnodeError
from radnode.model.level import Level, Root
from radnode.model.uid import UID
from radnode.settings import Peer


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
    """Retrieve what `keys` name; the last progress has the result.

    Objects that the peer could not send over the first association, because their SOP class is not among the 127 that
    were proposed, come over another.
    """
    check(level, keys, charset=asking.charset)
    asked = _Asked(level, keys, root, asking)
    before: Progress | None = None
    for contexts in contexts_for(classes_of(peer, caller, keys, root)):
        if before is not None:
            yield replace(before, status=Status.PENDING, remaining=before.failed, failed=0)
        try:
            for progress in _get(peer, caller, asked, contexts, into):
                whole = progress if before is None else before.followed_by(progress)
                if whole.is_pending:
                    yield whole
        except CallFailed:
            if before is None:
                raise
            break  # what came over the associations before has come
        before = whole
        if not whole.failed or whole.status == Status.CANCELLED:
            break
    assert before is not None  # there is one association at least
    yield before


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of the peer, over each association again."""

    level: Level
    keys: Mapping[str, str]
    root: Root
    asking: Asking


def _get(peer: Peer, caller: Caller, asked: _Asked, contexts: Sequence[Context], into: Taker) -> Iterator[Progress]:
    """The same over one association, with these storage contexts."""
    sop_class = MODELS[asked.root].get
    classes = dict.fromkeys(one for one, _ in contexts)
    with calling(peer, caller, [(sop_class, (EXPLICIT, IMPLICIT)), *contexts], provider_of=classes) as requested:
        context = context_for(requested, sop_class, peer)
        transfer_syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        identifier = encode_identifier(asked.level, asked.keys, transfer_syntax, charset=asked.asking.charset)
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
