"""C-STORE as a user: files as they are, over as few associations as their presentation contexts fit into."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from radnode.dimse.scu.forms import Kind, contexts_for
from radnode.dimse.scu.outgoing import Outgoing, Unsendable, outgoing_file
from radnode.dimse.scu.sending import Sending
from radnode.dimse.scu.values import Caller, Sent
from radnode.dimse.upper.requesting import MAX_CONTEXTS
from radnode.settings import Peer

_BATCH = 500  # files whose file meta is read ahead, and sent over one association


def send(peer: Peer, caller: Caller, files: Iterable[Path | Outgoing]) -> Iterator[Sent]:
    """Send each file with the bytes that it has, and tell what became of every one, also of those that were not sent.

    Of an object that is given as such it is known what its file should be, and one that is not so any more is not sent.
    What `Sending.send` says of lost associations holds. Raises CallFailed where not even the first can be had.
    """
    sending = Sending(peer, caller)
    is_transcoded = caller.transcoder is not None
    for batch in _batches(files, is_transcoded=is_transcoded):
        yield from (entry for entry in batch if isinstance(entry, Sent))
        objects = [entry for entry in batch if isinstance(entry, Outgoing)]
        kinds = dict.fromkeys(one.context for one in objects)
        yield from sending.send(objects, contexts_for(kinds, is_transcoded=is_transcoded))


def _batches(files: Iterable[Path | Outgoing], *, is_transcoded: bool) -> Iterator[list[Outgoing | Sent]]:
    """Files in their order, cut where one more would need a 129th context, and soon enough for the sending to begin."""
    batch: list[Outgoing | Sent] = []
    kinds: set[Kind] = set()
    for file in files:
        entry = _read(file) if isinstance(file, Path) else file
        wanted = {entry.context} - kinds if isinstance(entry, Outgoing) else set()
        is_too_much = wanted and len(contexts_for(kinds | wanted, is_transcoded=is_transcoded)) > MAX_CONTEXTS
        if is_too_much or len(batch) >= _BATCH:
            yield batch
            batch, kinds = [], set()
        kinds |= wanted
        batch.append(entry)
    if batch:
        yield batch


def _read(path: Path) -> Outgoing | Sent:
    try:
        return outgoing_file(path)
    except Unsendable as error:
        return Sent(path, None, str(error), error.kind)
