"""A folder of worklist files: what is in it is in the worklist, for as long as it is there and as it is there.

Whoever asks for the worklist has the folder looked at first, so a file counts from the moment on that it is whole, in
every process, and nothing has to watch. Looking takes at most a twentieth of the time.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, Row
from stat import S_ISREG
from typing import NamedTuple

import structlog

from radnode.model.document import Document
from radnode.model.errors import InvalidEntry, NotDicom
from radnode.model.redaction import redact
from radnode.work.work_file import WorkFile
from radnode.work.worklist_files import read_worklist_file
from radnode.work.worklist_store import delete, insert, rewrite

SUFFIX = ".wl"
REST = 20
"""How many times as long as listing the folder took nobody looks again: a second where it has 10,000 files."""
MAX_FILES = 100_000
_BATCH = 500
UNREADABLE = ""
log = structlog.get_logger()


class _File(NamedTuple):
    """A worklist file: what it is called in the file system, and what changes when it does."""

    name: str
    signature: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read: what it says, or why it says nothing."""

    name: str
    signature: str
    """UNREADABLE where it could not be read: it may well be, later."""
    document: Document | None
    why: str = ""


class WorklistFolder:
    """Thread-safe; each process has its own."""

    def __init__(self, folder: Path, work: WorkFile, *, clock: Callable[[], float] = time.monotonic) -> None:
        """The folder need not be there yet."""
        self._folder = folder
        self._work = work
        self._clock = clock
        self._lock = threading.Lock()
        self._due = 0.0
        self._seen: Mapping[str, _File] | None = None
        self._is_missed = False

    def refresh(self) -> None:
        """Bring the worklist up to date with the folder, unless that was done just now. Raises OutOfResources."""
        with self._lock:
            if self._clock() >= self._due:
                self._look()

    def _look(self) -> None:
        started = self._clock()
        try:
            there = _files(self._folder)
        except OSError as error:
            # A share that is gone for a while must not take the day's work away.
            if not self._is_missed:
                log.warning("worklist_folder_cannot_be_read", why=error.strerror)
            self._is_missed = True
            return
        self._is_missed = False
        now = self._clock()
        self._due = now + REST * (now - started)
        if there == self._seen:
            return
        with self._work.reading() as connection:
            known = {row["name"]: row for row in connection.execute("SELECT * FROM worklist_files")}
        changed = [name for name, file in there.items() if _differs(known.get(name), file.signature)]
        is_whole = True
        for start in range(0, len(changed), _BATCH):
            read = [self._read(name, there[name], known.get(name)) for name in changed[start : start + _BATCH]]
            news = [file for file in read if _differs(known.get(file.name), file.signature)]
            if news:
                self._take(news)
            is_whole = is_whole and all(file.signature != UNREADABLE for file in read)
        self._drop(known.keys() - there.keys())
        self._seen = there if is_whole else None

    def _read(self, name: str, file: _File, known: Row | None) -> _Read:
        signature = file.signature
        try:
            return _Read(name, signature, read_worklist_file(self._folder / file.name))
        except (InvalidEntry, NotDicom) as error:
            why = str(error)
        except OSError as error:
            why, signature = error.strerror or "input/output error", UNREADABLE
        if signature != UNREADABLE or _differs(known, UNREADABLE):
            log.warning("worklist_file_refused", file=redact(name), why=why)
        return _Read(name, signature, None, why)

    def _take(self, files: Iterable[_Read]) -> None:
        """Keep what was read, unless another process was faster."""
        with self._work.writing() as connection:
            for file in files:
                known = connection.execute("SELECT * FROM worklist_files WHERE name = ?", (file.name,)).fetchone()
                if _differs(known, file.signature):
                    entry = _keep(connection, file, known["entry"] if known else "")
                    row = (file.name, file.signature, entry, file.why)
                    connection.execute("INSERT OR REPLACE INTO worklist_files VALUES (?, ?, ?, ?)", row)

    def _drop(self, names: Iterable[str]) -> None:
        gone = [name for name in names if not (self._folder / name).exists()]
        if gone:
            with self._work.writing() as connection:
                for name in gone:
                    for row in connection.execute("SELECT entry FROM worklist_files WHERE name = ?", (name,)):
                        delete(connection, row["entry"])
                    connection.execute("DELETE FROM worklist_files WHERE name = ?", (name,))


def _differs(known: Row | None, signature: str) -> bool:
    return known is None or known["signature"] != signature


def _keep(connection: Connection, file: _Read, entry: str) -> str:
    """The entry that the file makes, "" for none; the one that it made before keeps its id."""
    if file.document is None and file.signature == UNREADABLE:
        return entry  # like a folder that is gone for a while
    if file.document is None:
        delete(connection, entry)
        return ""
    if entry:
        rewrite(connection, entry, file.document)
        return entry
    return insert(connection, file.document, file.name)


def _files(folder: Path) -> Mapping[str, _File]:
    """Each worklist file by its name as text: names need not be UTF-8. Raises OSError."""
    found: dict[str, _File] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX) and len(found) < MAX_FILES:
                signature = _signature(entry)
                if signature is not None:
                    text = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
                    found[text] = _File(entry.name, signature)
    return found


def _signature(entry: os.DirEntry[str]) -> str | None:
    """What changes when the file does, UNREADABLE where nobody can tell; None for what is no file."""
    try:
        status = entry.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return UNREADABLE
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}" if S_ISREG(status.st_mode) else None
