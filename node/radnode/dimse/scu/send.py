"""C-STORE as a user: files as they are, over as few associations as their presentation contexts fit into."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from radnode.dimse.scu.calling import calling
from radnode.dimse.scu.values import Caller, CallFailed, Sent, Unsent
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import FileUnreadable, Silent
from radnode.dimse.upper.requesting import MAX_CONTEXTS, Requested
from radnode.instance.part10 import FileMetaReader
from radnode.model.errors import NotDicom
from radnode.settings import Peer

_CHUNK = 4096
_BATCH = 500  # files whose file meta is read ahead, and sent over one association
_LOSSES = 5  # files in a row at which the peer ended the association: then it is not the files


class _Unreadable(Exception):
    """A file's data set cannot be read to its end; half a message is on its way, so the association has to end."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file that can be sent: what its file meta says, and where its data set begins."""

    path: Path
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    offset: int

    @property
    def context(self) -> tuple[str, str]:
        return self.sop_class, self.transfer_syntax


def send(peer: Peer, caller: Caller, files: Iterable[Path]) -> Iterator[Sent]:
    """Send each file with the bytes that it has, and tell what became of every one, also of those that were not sent.

    An association that is lost takes with it only the file that it was lost at, once that has failed as the first on
    another as well: the others go over the next one, until it makes no sense any more. Raises CallFailed where not even
    the first association can be had.
    """
    sending = _Sending(peer, caller)
    for batch in _batches(files):
        yield from (entry for entry in batch if isinstance(entry, Sent))
        yield from sending.send(entry for entry in batch if isinstance(entry, _File))


class _Sending:
    """Sends files over as many associations as it takes, and gives up where another would be of no use."""

    def __init__(self, peer: Peer, caller: Caller) -> None:
        self._peer, self._caller = peer, caller
        self._was_accepted = False
        self._losses = 0
        self._given_up = ""

    def send(self, files: Iterable[_File]) -> Iterator[Sent]:
        waiting = deque(files)
        while waiting and not self._given_up:
            yield from self._over_one_association(waiting)
        yield from (Sent(file.path, None, self._given_up, Unsent.NOT_TRIED) for file in waiting)

    def _over_one_association(self, waiting: deque[_File]) -> Iterator[Sent]:
        """Send from the front of `waiting`; what is left there may go over another association."""
        contexts = [(sop_class, (syntax,)) for sop_class, syntax in dict.fromkeys(file.context for file in waiting)]
        answered: int | None = None
        try:
            with calling(self._peer, self._caller, contexts) as requested:
                self._was_accepted, answered = True, 0
                while waiting:
                    sent = _send(requested, waiting[0])
                    waiting.popleft()
                    answered, self._losses = answered + 1, 0
                    yield sent
        except _Unreadable as error:
            yield Sent(waiting.popleft().path, None, str(error), Unsent.UNREADABLE)
        except CallFailed as lost:
            if not self._was_accepted:
                raise
            yield from self._after_loss(waiting, answered, lost)

    def _after_loss(self, waiting: deque[_File], answered: int | None, lost: CallFailed) -> Iterator[Sent]:
        """`answered` is how many files the lost association had brought; None where there was none."""
        if answered is None:
            self._given_up = str(lost)
        elif waiting and not answered:  # with files before it, the peer may have ended it for one of those
            self._losses += 1
            yield Sent(waiting.popleft().path, None, str(lost), Unsent.LOST)
            if self._losses == _LOSSES or isinstance(lost.__cause__, Silent):
                self._given_up = f"not tried: {lost}"


def _batches(files: Iterable[Path]) -> Iterator[list[_File | Sent]]:
    """Files in their order, cut where one more would need a 129th context, and soon enough for the sending to begin."""
    batch: list[_File | Sent] = []
    contexts: set[tuple[str, str]] = set()
    for path in files:
        entry = _read(path)
        wanted = {entry.context} if isinstance(entry, _File) else set()
        if len(contexts | wanted) > MAX_CONTEXTS or len(batch) >= _BATCH:
            yield batch
            batch, contexts = [], set()
        contexts |= wanted
        batch.append(entry)
    if batch:
        yield batch


def _read(path: Path) -> _File | Sent:
    reader = FileMetaReader()
    try:
        with path.open("rb") as stream:
            while reader.meta is None:
                chunk = stream.read(_CHUNK)
                if not chunk:
                    return Sent(path, None, "the file ends within its file meta", Unsent.UNREADABLE)
                reader.feed(chunk)
    except OSError as error:
        return Sent(path, None, error.strerror or "cannot be read", Unsent.UNREADABLE)
    except NotDicom as error:
        return Sent(path, None, str(error), Unsent.UNREADABLE)
    meta = reader.meta
    if not meta.sop_class or not meta.sop_instance:
        return Sent(path, None, "the file meta does not name the object", Unsent.UNREADABLE)
    return _File(path, meta.sop_class, meta.sop_instance, meta.transfer_syntax, reader.offset)


def _send(requested: Requested, file: _File) -> Sent:
    context = requested.context_for(*file.context)
    if context is None:
        why = f"the peer does not accept {file.sop_class} in {file.transfer_syntax}"
        return Sent(file.path, None, why, Unsent.REFUSED)
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return Sent(file.path, None, error.strerror or "cannot be read", Unsent.UNREADABLE)
    message_id = requested.next_message_id()
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: file.sop_class,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 0,
        Element.SOP_INSTANCE: file.sop_instance,
    }
    try:
        count = max(0, os.fstat(descriptor).st_size - file.offset)
        requested.messages.send_file(context, elements, descriptor, file.offset, count)
    except FileUnreadable as error:
        raise _Unreadable(str(error)) from error
    finally:
        os.close(descriptor)
    response = requested.response(Field.C_STORE, message_id)
    return Sent(file.path, response.number(Element.STATUS), response.text(Element.ERROR_COMMENT))
