"""The SQLite file behind the archive: connections, reading and the one way to write.

Each user borrows a connection for itself, so a slow reader never stands in a writer's transaction, whatever thread
drives it. Writers take BEGIN IMMEDIATE: a transaction that reads first and writes later fails at once in WAL mode,
whatever the timeout, when another process wrote in between.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakMethod

from sqlite_utils import Database

from radnode.archive import fitting, schema
from radnode.archive.folding import teach
from radnode.archive.layout import disk_errors, sync
from radnode.archive.sqlite_files import FileIdentity, failures_of, identity_of, make_file
from radnode.archive.turns import Turns
from radnode.archive.watching import GivenUp, watched
from radnode.model.attribute_table import STANDARD_TABLE
from radnode.model.attributes import Attribute
from radnode.model.errors import OutOfResources

_NAME = "The index"
BUSY_TIMEOUT = 30.0
"""Seconds that a write waits for other processes' writes."""
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # whoever commits flushes the log itself, when it is the next one's turn already
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "cache_size = -16000",  # KiB for each connection: the upper levels of the indexes of a million rows
    "wal_autocheckpoint = 4000",  # pages: an object writes ten, mostly the same ones as the one before
    "automatic_index = OFF",  # there is an index for what is asked; one that is made for a query costs more
)
Parameters = Sequence[object] | Mapping[str, object]
_REBUILDING = 1


class Index:
    """The index at `path`; thread-safe, several processes may use one, and a forked child gets its own connections."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = path.with_name(f"{path.name}-wal")
        self.table = STANDARD_TABLE
        """The attributes that it has, once `migrate` has looked."""
        self._file: FileIdentity | None = None
        self._inherited: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._turns = Turns(path.with_suffix(".lock"), BUSY_TIMEOUT, _NAME)
        self._start_afresh()
        afresh = WeakMethod(self._start_afresh)
        os.register_at_fork(after_in_child=lambda: (act := afresh()) and act())

    def migrate(self, *, rebuilding: bool = False, further: tuple[Attribute, ...] = ()) -> None:
        """Make the file where there is none and bring it to the current schema; `rebuilding` marks a new one.

        `further` attributes are added to those that it has; what was added once stays. Raises OutOfResources if it
        cannot be opened, is no index, or was made by a newer radnode.
        """
        make_file(self.path, _NAME)
        with self.reading() as connection:
            current = schema.version_of(Database(connection)) == len(schema.MIGRATIONS)
            current = current and fitting.fits(connection, further)
        if not current:
            with self.writing() as connection:
                schema.migrate(Database(connection))
                fitting.fit(connection, further)
                if rebuilding:
                    connection.execute(f"PRAGMA user_version = {_REBUILDING}")

        with self.reading() as connection:
            self.table = fitting.fitted_table(connection)

    def is_rebuilding(self) -> bool:
        """Whether rows are missing because a rebuild from the files has not come to its end."""
        with self.reading() as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _REBUILDING)

    def end_rebuilding(self) -> None:
        """Every object has its row again."""
        with self.writing() as connection:
            connection.execute("PRAGMA user_version = 0")

    def close(self) -> None:
        """Close every connection that is not borrowed just now, and those when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self._turns.close()

    def rows(self, sql: str, parameters: Parameters = (), *, given_up: GivenUp | None = None) -> Iterator[sqlite3.Row]:
        """The rows of one SELECT, streamed; close the iterator (or exhaust it) to give the connection back.

        `given_up` is asked every few milliseconds while none is found. Raises Abandoned once it says so, and what it
        raises itself.
        """
        with self.reading() as connection, watched(connection, given_up):
            cursor = connection.execute(sql, parameters)
            try:
                yield from cursor
            finally:
                cursor.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECTs, borrowed; each sees the state of its own moment."""
        with failures_of(_NAME, "run radnode check --repair"):
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def reading_one_state(self) -> Iterator[sqlite3.Connection]:
        """As `reading`, and several SELECTs see one state, whatever others write meanwhile."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside BEGIN IMMEDIATE; leaving commits, on the disk on return; an exception rolls back.

        Raises OutOfResources where the file is not the one that was opened: rows would be written into the void.
        """
        with self.writing_unflushed() as connection:
            yield connection
        self.flush()

    @contextmanager
    def writing_unflushed(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for those who call `flush` themselves before they tell anybody."""
        with self._turns.taken(), self.reading() as connection:
            if identity_of(self.path) != self._file:
                raise OutOfResources(
                    "The index file was removed or replaced: stop the node and run radnode check --repair"
                )
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def flush(self) -> None:
        """Let everything that was committed until now, by whatever process, be on the disk on return.

        Whoever answers for what others may just have committed has to flush as well. Raises OutOfResources.
        """
        # There is no log once the last connection was closed: that has put everything into the index itself.
        with disk_errors(), suppress(FileNotFoundError):
            sync(self._log, only_data=True)

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise OutOfResources("The index is closed")
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
        self._file = self._file or identity_of(self.path)
        connection.row_factory = sqlite3.Row
        teach(connection)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _start_afresh(self) -> None:
        # A connection must not cross a fork, not even to be closed there: the parent's are kept, untouched.
        self._inherited, self._idle = self._idle, []
        self._lock = threading.Lock()
        self._turns.start_afresh()
        self._closed = False
