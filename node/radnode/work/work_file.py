"""The SQLite file of what is to be done, in the current schema of all its parts."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import structlog
from sqlite_utils import Database

from radnode.archive.sqlite_file import Manner, SqliteFile
from radnode.model.errors import OutOfResources
from radnode.work import schema

_MANNER = Manner(
    "The work file",
    if_damaged="stop the node, and move the file away or restore it",
    if_gone="start the node again",
)
log = structlog.get_logger()


class WorkFile:
    """Thread-safe; several processes may have one open."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _MANNER)
        self._making = threading.Lock()
        self._is_current = False

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
        with self._file.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside BEGIN IMMEDIATE; leaving commits, on the disk on return; an exception rolls back."""
        with self.writing_unflushed() as connection:
            yield connection
        self._file.flush()

    @contextmanager
    def writing_unflushed(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, for what may be forgotten by a power failure (not by `kill -9`); `writing` flushes it too."""
        self._make_current()
        with self._file.writing_unflushed() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection that is not borrowed just now, and those when they come back."""
        self._file.close()

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
                self._file.forget()
                raise
            self._is_current = True

    def _make(self) -> None:
        self._file.make()
        with self._file.alone_if_empty(), self._file.reading() as connection:
            current = schema.is_current(Database(connection))
        if not current:
            with self._file.writing_unflushed() as connection:
                schema.migrate(Database(connection))
            self._file.flush()
