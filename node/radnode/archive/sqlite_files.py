"""What our SQLite files have in common: made with radnode's mode, failures told in radnode's words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.archive.layout import FILE_MODE
from radnode.model.errors import OutOfResources

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
FileIdentity = tuple[int, int]
"""Device and inode."""


@contextmanager
def failures_of(what: str, remedy: str) -> Iterator[None]:
    """Raise OutOfResources that says `what` is unavailable, or damaged and the `remedy`.

    Mistakes of the code (constraints, wrong SQL) pass as they are.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _CORRUPT:
            raise OutOfResources(f"{what} is damaged ({error}): {remedy}") from error
        if code in _UNAVAILABLE:
            raise OutOfResources(f"{what} is unavailable ({error})") from error
        raise


def make_file(path: Path, what: str) -> None:
    """Make `what` with radnode's mode: SQLite would take the umask's, and gives its journals the mode of the file.

    One that is there is never opened here: closing it would let go of this process's locks on it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    except OSError as error:
        raise OutOfResources(f"{what} is unavailable ({error.strerror})") from error
    os.fchmod(descriptor, FILE_MODE)
    os.close(descriptor)


def identity_of(path: Path) -> FileIdentity | None:
    """Which file has that name now; None where none has."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
