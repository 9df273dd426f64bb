"""Having a peer commit to files that it was sent."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from radnode.archive.layout import Layout
from radnode.cli.loading import Loaded
from radnode.cli.refusal import Refused
from radnode.dimse.scu import Caller, CallFailed, commit
from radnode.instance.part10 import FileMetaReader
from radnode.model.commitment import REASONS, Reason, Reference
from radnode.model.errors import OutOfResources
from radnode.model.uid import UID
from radnode.settings import Peer
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.work_file import WorkFile

_CHUNK = 4096


@dataclass
class Committed:
    """Why the peer has not committed to a file, by the file; all others it has. Its transactions, for later."""

    failures: dict[Path, str] = field(default_factory=dict)
    transactions: list[UID] = field(default_factory=list)


def have_committed(peer: Peer, caller: Caller, files: Sequence[Path], loaded: Loaded, wait: float) -> Committed:
    """Ask the peer to commit to files that it has stored, and wait so many seconds for its report. Raises Refused."""
    done = Committed()
    references = {file: _reference(file) for file in files}
    with _asked(loaded) as asked:
        for group in _groups(files, loaded.settings.commitment.max_objects):
            _ask(peer, caller, {file: references[file] for file in group}, asked, wait, done)
    return done


def _ask(
    peer: Peer, caller: Caller, files: Mapping[Path, Reference], asked: AskedCommitments, wait: float, done: Committed
) -> None:
    wanted = list(dict.fromkeys(files.values()))
    try:
        outcome = commit(peer, caller, wanted, asked, wait=wait)
    except CallFailed as failed:
        done.failures |= dict.fromkeys(files, str(failed))
        return
    done.transactions.append(outcome.transaction)
    if outcome.results is None:
        done.failures |= dict.fromkeys(files, f"not reported within {wait:g} s")
        return
    for file, reference in files.items():
        reason = outcome.results[reference]
        if reason != Reason.COMMITTED:
            done.failures[file] = f"{reason:04X} {REASONS.get(reason, '')}".rstrip()


def _groups(files: Sequence[Path], most: int) -> Iterator[Sequence[Path]]:
    return (files[start : start + most] for start in range(0, len(files), most))


def _reference(file: Path) -> Reference:
    """What was sent, after the file meta as C-STORE has it."""
    reader = FileMetaReader()
    with file.open("rb") as stream:
        while reader.meta is None:
            reader.feed(stream.read(_CHUNK))
    return Reference(UID(reader.meta.sop_class), UID(reader.meta.sop_instance))


@contextmanager
def _asked(loaded: Loaded) -> Iterator[AskedCommitments]:
    """Where the report is kept: beside the archive, where a node that is running keeps one that comes to its port.

    Without an archive only a report on the association that asked can be heard.
    """
    layout = Layout(loaded.settings.archive.root.absolute())
    with TemporaryDirectory() as folder:
        path = layout.work if layout.private.is_dir() else Path(folder) / "work.sqlite"
        try:
            with WorkFile.open(path) as work:
                yield AskedCommitments(work)
        except OutOfResources as error:
            raise Refused(f"archive.root = {layout.root}: {error}") from error
