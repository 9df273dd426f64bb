"""One SQLite file in WAL mode, for several threads and processes: its connections, and the one way to write.

Each user borrows a connection for itself, so a slow reader never stands in a writer's transaction, whatever thread
drives it. Writers take BEGIN IMMEDIATE: a transaction that reads first and writes later fails at once in WAL mode,
whatever the timeout, when another process wrote in between. Commits are not flushed by SQLite: whoever commits flushes
the log itself, when it is the next one's turn already.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakMethod

from radnode.archive.folding import teach
from radnode.archive.layout import FILE_MODE, disk_errors, sync
from radnode.archive.turns import Turns
from radnode.model.errors import OutOfResources

BUSY_TIMEOUT = 30.0
"""Seconds that a write waits for other processes' writes."""
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "temp_store = MEMORY")
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """What a file is called in errors, what helps where it is damaged or gone, and pragmas of its own."""

    name: str
    if_damaged: str
    if_gone: str
    pragmas: tuple[str, ...] = ()


class SqliteFile:
    """Connections to the file at `path`; a forked child gets its own. Every method may raise OutOfResources."""

    def __init__(self, path: Path, manner: Manner) -> None:
        self.path = path
        self._manner = manner
        self._log = path.with_name(f"{path.name}-wal")
        self._identity: tuple[int, int] | None = None
        self._inherited: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._turns = Turns(path.with_suffix(".lock"), BUSY_TIMEOUT, manner.name)
        self._start_afresh()
        afresh = WeakMethod(self._start_afresh)
        os.register_at_fork(after_in_child=lambda: (act := afresh()) and act())

    def make(self) -> None:
        """Make the file, where there is none, with radnode's mode: SQLite gives its journals the mode of the file.

        One that is there is never opened here: closing it would let go of this process's locks on it.
        """
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        except FileExistsError:
            return
        except OSError as error:
            raise OutOfResources(f"{self._manner.name} is unavailable ({error.strerror})") from error
        os.fchmod(descriptor, FILE_MODE)
        os.close(descriptor)

    def alone_if_empty(self) -> AbstractContextManager[None]:
        """Nobody else's turn while a new file is turned to WAL: there SQLite does not wait for others, it fails."""
        with disk_errors():
            return nullcontext() if self.path.stat().st_size else self._turns.taken()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECTs, borrowed, whose rows go by name; each sees the state of its own moment."""
        with self._failures():
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing_unflushed(self) -> Iterator[sqlite3.Connection]:
        """A connection inside BEGIN IMMEDIATE; leaving commits, an exception rolls back; `flush` before you tell.

        What is written to a file that was removed would be acknowledged, and lost: that is refused.
        """
        with self._turns.taken(), self.reading() as connection:
            self._check_identity()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def flush(self) -> None:
        """Let everything that was committed until now, by whatever process, be on the disk on return.

        Whoever answers for what others may just have committed has to flush as well.
        """
        # There is no log once the last connection was closed: that has put everything into the file itself.
        with disk_errors(), suppress(FileNotFoundError):
            sync(self._log, only_data=True)

    def forget(self) -> None:
        """Close what is idle, because another file may have the name by the next try."""
        self._identity = None
        self._drop_idle()

    def close(self) -> None:
        """Close every connection that is not borrowed just now, and those when they come back."""
        with self._lock:
            self._closed = True
        self._drop_idle()
        self._turns.close()

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise OutOfResources(f"{self._manner.name} is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",  # never made anew here, without its tables
            uri=True,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.row_factory = sqlite3.Row
            teach(connection)
            for pragma in (*_PRAGMAS, *self._manner.pragmas):
                connection.execute(f"PRAGMA {pragma}")
            self._identity = self._identity or self._identity_now()
            self._check_identity()
        except (sqlite3.Error, OutOfResources):
            connection.close()
            raise
        return connection

    def _check_identity(self) -> None:
        if self._identity_now() != self._identity:
            raise OutOfResources(f"{self._manner.name} was removed or replaced: {self._manner.if_gone}")

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """SQLite's failures in radnode's words; mistakes of the code (constraints, wrong SQL) pass as they are."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code, name = getattr(error, "sqlite_errorcode", 0) & 0xFF, self._manner.name
            if code in _CORRUPT:
                raise OutOfResources(f"{name} is damaged ({error}): {self._manner.if_damaged}") from error
            if code in _UNAVAILABLE:
                raise OutOfResources(f"{name} is unavailable ({error})") from error
            raise

    def _start_afresh(self) -> None:
        # A connection must not cross a fork, not even to be closed there: the parent's are kept, untouched.
        self._inherited, self._idle = self._idle, []
        self._lock = threading.Lock()
        self._turns.start_afresh()
        self._closed = False
