"""The index of the archive: its SQLite file in the current schema."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlite_utils import Database

from radnode.archive import fitting, schema
from radnode.archive.sqlite_file import Manner, SqliteFile
from radnode.archive.watching import GivenUp, watched
from radnode.model.attribute_table import STANDARD_TABLE
from radnode.model.attributes import Attribute

_MANNER = Manner(
    "The index",
    if_damaged="run radnode check --repair",
    if_gone="stop the node and run radnode check --repair",
    pragmas=(
        "cache_size = -16000",  # KiB for each connection: the upper levels of the indexes of a million rows
        "wal_autocheckpoint = 4000",  # pages: an object writes ten, mostly the same ones as the one before
        "automatic_index = OFF",  # there is an index for what is asked; one that is made for a query costs more
    ),
)
Parameters = Sequence[object] | Mapping[str, object]
_REBUILDING = 1


class Index:
    """The index at `path`; thread-safe, several processes may use one, and a forked child gets its own connections."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table = STANDARD_TABLE
        """The attributes that it has, once `migrate` has looked."""
        self._file = SqliteFile(path, _MANNER)

    def migrate(self, *, rebuilding: bool = False, further: tuple[Attribute, ...] = ()) -> None:
        """Make the file where there is none and bring it to the current schema; `rebuilding` marks a new one.

        `further` attributes are added to those that it has; what was added once stays. Raises OutOfResources if it
        cannot be opened, is no index, or was made by a newer radnode.
        """
        self._file.make()
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
        self._file.close()

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

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for SELECTs, borrowed; each sees the state of its own moment."""
        return self._file.reading()

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

    def writing_unflushed(self) -> AbstractContextManager[sqlite3.Connection]:
        """As `writing`, for those who call `flush` themselves before they tell anybody."""
        return self._file.writing_unflushed()

    def flush(self) -> None:
        """Let everything that was committed until now, by whatever process, be on the disk on return.

        Whoever answers for what others may just have committed has to flush as well. Raises OutOfResources.
        """
        self._file.flush()
