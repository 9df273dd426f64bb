"""`radnode import`: files and folders into the archive, through its one door, by several processes.

    report = ImportReport()
    for event in import_paths(root, paths, processes=4):   # ImportEvent(path, outcome, why), as files are done
        report.add(event)
    report.counts, report.refused                          # {"new": 12, "same": 3, ...}, the refused events

Every file that is met has one event: an outcome (new, same, equal, conflict), or the reason why it was refused or
skipped. Folders are read to their depths; symbolic links are followed only where they are named by the caller. Raises
NotFound for a path that does not exist, Occupied while the archive is repaired, OutOfResources when it can take no
more; what was acknowledged by an event is safe then. Closing the iterator ends the processes once they have finished
the file they are at.
"""

import atexit
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

from radnode.archive.archive import Archive
from radnode.archive.roles import PATIENCE, Role, hold
from radnode.archive.stored import Outcome, Stored
from radnode.archive.workers import start_workers
from radnode.model.attributes import Attribute
from radnode.model.errors import NotFound, OutOfResources, RadnodeError

CHUNK = 1024 * 1024
_AHEAD = 8
_KINDS = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True, slots=True)
class ImportEvent:
    """What became of one file: `outcome` and what was `stored`, or None and `why` it was not taken."""

    path: Path
    outcome: Outcome | None
    why: str = ""
    stored: Stored | None = None


@dataclass(slots=True)
class ImportReport:
    """How many files had which outcome ("new", "same", "equal", "conflict" or "refused"), and which were refused."""

    counts: dict[str, int] = field(default_factory=lambda: {**{each.value: 0 for each in Outcome}, "refused": 0})
    refused: list[ImportEvent] = field(default_factory=list)

    def add(self, event: ImportEvent) -> None:
        """Count one event."""
        if event.outcome is None:
            self.refused.append(event)
        self.counts[event.outcome.value if event.outcome else "refused"] += 1


def import_paths(
    root: Path,
    paths: Sequence[Path],
    *,
    processes: int,
    patience: float = PATIENCE,
    further: tuple[Attribute, ...] = (),
) -> Iterator[ImportEvent]:
    """Bring every file in `paths` into the archive at `root` (made where there is none, with `further` attributes)."""
    for path in paths:
        if not path.exists():
            raise NotFound(f"{path} does not exist")
    # A repair may make the index anew: not while rows are written.
    with hold(root, Role.IMPORT, patience=patience, shared=True):
        Archive.open(root, further=further).close()  # made, migrated, or refused, once, before processes try
        yield from _import(root, paths, processes)


def _import(root: Path, paths: Sequence[Path], processes: int) -> Iterator[ImportEvent]:
    inside = root.resolve()
    found = (each for path in paths for each in _walk(path, inside))
    pool = start_workers(processes)
    try:
        yield from _run(pool, root, found, processes * _AHEAD)
    except BrokenProcessPool:
        raise OutOfResources(
            "A process of the import was killed or could not start; what was acknowledged is safe"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run(pool: ProcessPoolExecutor, root: Path, found: Iterator[ImportEvent], ahead: int) -> Iterator[ImportEvent]:
    under_way: dict[Future[ImportEvent], None] = {}  # in the order in which they were met
    while True:
        for event in islice(found, ahead - len(under_way)):
            if event.why:
                yield event
            else:
                under_way[pool.submit(_take, root, event.path)] = None
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in [each for each in under_way if each in done]:
            del under_way[future]
            yield future.result()


def _walk(path: Path, inside: Path) -> Iterator[ImportEvent]:
    """The files at and below `path`; those that cannot be taken come with the reason."""
    if path.resolve().is_relative_to(inside):
        yield ImportEvent(path, None, "it lies in the archive itself")
    elif path.is_dir():
        yield from _walk_folder(path, inside)
    else:
        yield _judge(path, path.stat().st_mode)


def _walk_folder(folder: Path, inside: Path) -> Iterator[ImportEvent]:
    waiting = [folder]  # a list, not the call stack: folders may be as deep as anybody likes
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield ImportEvent(current, None, f"it cannot be read ({error.strerror})")
            continue
        folders = [Path(entry.path) for entry in listed if entry.is_dir(follow_symlinks=False)]
        waiting += reversed([each for each in folders if each.resolve() != inside])
        yield from (ImportEvent(each, None, "it is the archive itself") for each in folders if each.resolve() == inside)
        for entry in listed:
            if not entry.is_dir(follow_symlinks=False):
                yield _judge_entry(entry)


def _judge_entry(entry: os.DirEntry[str]) -> ImportEvent:
    try:
        return _judge(Path(entry.path), entry.stat(follow_symlinks=False).st_mode)
    except OSError as error:
        return ImportEvent(Path(entry.path), None, f"it cannot be read ({error.strerror})")


def _judge(path: Path, mode: int) -> ImportEvent:
    if not stat.S_ISREG(mode):
        return ImportEvent(path, None, f"it is {_KINDS.get(stat.S_IFMT(mode), 'a device')}")
    if path.name.upper() == "DICOMDIR":
        return ImportEvent(path, None, "it is a DICOMDIR, a table of contents and no object")
    return ImportEvent(path, None)


@cache
def _archive(root: Path) -> Archive:
    """The archive of this process, left when it ends."""
    archive = Archive.open(root)
    atexit.register(archive.close)
    return archive


def _take(root: Path, path: Path) -> ImportEvent:
    """Bring one file. Raises OutOfResources."""
    name = os.fsencode(path.name).decode("utf-8", "replace")  # a name on disk may be no text
    try:
        with path.open("rb") as file, _archive(root).receive_file(file_name=name) as receiving:
            while chunk := file.read(CHUNK):
                receiving.write(chunk)
            stored = receiving.commit()
            return ImportEvent(path, stored.outcome, stored=stored)
    except OutOfResources:
        raise
    except RadnodeError as error:
        return ImportEvent(path, None, str(error))
    except OSError as error:
        return ImportEvent(path, None, f"it cannot be read ({error.strerror})")
