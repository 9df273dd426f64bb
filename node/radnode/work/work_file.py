"""The SQLite file of what is to be done: connections, reading, and the one way to write."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from sqlite_utils import Database

from radnode.archive.folding import teach
from radnode.archive.layout import disk_errors, sync
from radnode.archive.sqlite_files import failures_of, make_file
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


class WorkFile:
    """Thread-safe; several processes may have one open, each opened it itself (never across a fork)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._turns = Turns(path.with_suffix(".lock"), BUSY_TIMEOUT, _NAME)
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file at `path`, made where there is none, brought to the current schema. Raises OutOfResources."""
        work = cls(path)
        make_file(path, _NAME)
        with work.reading() as connection:
            current = schema.is_current(Database(connection))
        if not current:
            with work.writing() as connection:
                schema.migrate(Database(connection))
        return work

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECTs, whose rows go by name; each sees the state of its own moment."""
        with failures_of(_NAME, _REMEDY):
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside BEGIN IMMEDIATE; leaving commits, on the disk on return; an exception rolls back."""
        with self.writing_unflushed() as connection:
            yield connection
        # There is no log once the last connection was closed: that has put everything into the file itself.
        with disk_errors(), suppress(FileNotFoundError):
            sync(self._log, only_data=True)

    @contextmanager
    def writing_unflushed(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for what may be forgotten by a power failure (not by `kill -9`); `writing` flushes it too."""
        with self._turns.taken(), self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection that is not borrowed just now, and those when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self._turns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise OutOfResources("The work file is closed")
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        teach(connection)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
