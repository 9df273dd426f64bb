"""C-STORE as a user: files as they are, over as few associations as their presentation contexts fit into."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from radnode.dimse.scu.calling import calling
from radnode.dimse.scu.values import Caller, CallFailed, Sent
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import MAX_CONTEXTS, Requested
from radnode.instance.part10 import FileMetaReader
from radnode.model.errors import NotDicom
from radnode.settings import Peer

_CHUNK = 65536
_BATCH = 500  # files whose file meta is read ahead, and sent over one association


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
    """Send each file with the bytes that it has; one that is no DICOM, or that the peer has no context for, is told.

    Raises CallFailed where the association is lost: what was not told until then is not known to be stored.
    """
    for batch in _batches(files):
        yield from (entry for entry in batch if isinstance(entry, Sent))
        ready = [entry for entry in batch if isinstance(entry, _File)]
        if not ready:
            continue
        contexts = [(sop_class, (syntax,)) for sop_class, syntax in dict.fromkeys(file.context for file in ready)]
        with calling(peer, caller, contexts) as requested:
            for file in ready:
                yield _send(requested, file)


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
                    return Sent(path, None, "the file ends within its file meta")
                reader.feed(chunk)
    except OSError as error:
        return Sent(path, None, error.strerror or "cannot be read")
    except NotDicom as error:
        return Sent(path, None, str(error))
    meta = reader.meta
    if not meta.sop_class or not meta.sop_instance:
        return Sent(path, None, "the file meta does not name the object")
    return _File(path, meta.sop_class, meta.sop_instance, meta.transfer_syntax, reader.offset)


def _send(requested: Requested, file: _File) -> Sent:
    context = requested.context_for(*file.context)
    if context is None:
        return Sent(file.path, None, f"the peer does not accept {file.sop_class} in {file.transfer_syntax}")
    try:
        stream = file.path.open("rb")
    except OSError as error:
        return Sent(file.path, None, error.strerror or "cannot be read")
    message_id = requested.next_message_id()
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: file.sop_class,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 0,
        Element.SOP_INSTANCE: file.sop_instance,
    }
    with stream:
        requested.messages.stream(context, elements, _chunks(file, stream, requested.fragment_size))
    response = requested.response(Field.C_STORE, message_id)
    return Sent(file.path, response.number(Element.STATUS), response.text(Element.ERROR_COMMENT))


def _chunks(file: _File, stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The data set; CallFailed where it cannot be read to its end, for then half a message is on its way."""
    try:
        stream.seek(file.offset)
        while chunk := stream.read(min(size, _CHUNK)):
            yield chunk
    except OSError as error:
        raise CallFailed(f"{file.path.name}: {error.strerror or 'cannot be read'}") from error
