"""The SQLite file of what is to be done: connections, reading, and the one way to write."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Self

import structlog
from sqlite_utils import Database

from radnode.archive.folding import teach
from radnode.archive.layout import disk_errors, sync
from radnode.archive.sqlite_files import FileIdentity, failures_of, identity_of, make_file
from radnode.archive.turns import Turns
from radnode.model.errors import OutOfResources
from radnode.work import schema

BUSY_TIMEOUT = 30.0
"""Seconds that a write waits for other processes' writes."""
_NAME = "The work file"
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # whoever commits flushes the log itself, when it is the next one's turn already
    "foreign_keys = ON",
    "temp_store = MEMORY",
)
_REMEDY = "stop the node, and move the file away or restore it"
log = structlog.get_logger()


class WorkFile:
    """Thread-safe; several processes may have one open, each opened it itself (never across a fork)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._turns = Turns(path.with_suffix(".lock"), BUSY_TIMEOUT, _NAME)
        self._making = threading.Lock()
        self._is_current = False
        self._file: FileIdentity | None = None
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file at `path`, made where there is none, brought to the current schema. Raises OutOfResources."""
        work = cls(path)
        try:
            work._make_current()
        except OutOfResources:
            work.close()
            raise
        return work

    @classmethod
    def for_serving(cls, path: Path) -> Self:
        """As `open`, but where that fails it is tried again whenever the file is needed, and who needs it is told why.

        What is to be done elsewhere is no reason to refuse an object that nobody else is to have.
        """
        work = cls(path)
        try:
            work._make_current()
        except OutOfResources as error:
            log.error("work_file_unavailable", why=str(error))  # noqa: TRY400 - no traceback: its words say it all
        return work

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECTs, whose rows go by name; each sees the state of its own moment."""
        self._make_current()
        with self._reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside BEGIN IMMEDIATE; leaving commits, on the disk on return; an exception rolls back."""
        with self.writing_unflushed() as connection:
            yield connection
        self._flush()

    @contextmanager
    def writing_unflushed(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for what may be forgotten by a power failure (not by `kill -9`); `writing` flushes it too."""
        self._make_current()
        with self._writing() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection that is not borrowed just now, and those when they come back."""
        with self._lock:
            self._closed = True
        self._drop_idle()
        self._turns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_current(self) -> None:
        if self._is_current:
            return
        with self._making:
            if self._is_current:
                return
            try:
                self._make()
            except OutOfResources:
                self._drop_idle()  # another file may have the name by the next try
                raise
            self._is_current = True

    def _make(self) -> None:
        make_file(self._path, _NAME)
        with self._alone_if_empty(), self._reading() as connection:
            current = schema.is_current(Database(connection))
        if not current:
            with self._writing() as connection:
                schema.migrate(Database(connection))
            self._flush()

    def _alone_if_empty(self) -> AbstractContextManager[None]:
        """SQLite does not wait for others who turn a new file's journal to WAL as well: it fails."""
        with disk_errors():
            return nullcontext() if self._path.stat().st_size else self._turns.taken()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with failures_of(_NAME, _REMEDY):
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._turns.taken(), self._reading() as connection:
            self._check_file()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def _flush(self) -> None:
        # There is no log once the last connection was closed: that has put everything into the file itself.
        with disk_errors(), suppress(FileNotFoundError):
            sync(self._log, only_data=True)

    def _check_file(self) -> None:
        """What is written to a file that was removed would be acknowledged, and lost."""
        if identity_of(self._path) != self._file:
            raise OutOfResources(f"{_NAME} was removed or replaced: start the node again")

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise OutOfResources(f"{_NAME} is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",  # never made anew here, without its tables
            uri=True,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.row_factory = sqlite3.Row
            teach(connection)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            if not self._is_current:
                self._file = identity_of(self._path)
            self._check_file()
        except (sqlite3.Error, OutOfResources):
            connection.close()
            raise
        return connection

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
