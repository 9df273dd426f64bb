"""Folders in memory that a node has for itself while it runs, and the removal of those whose node is no more."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
PREFIX = "radnode-metrics-"
LOCK = "in-use.lock"


@contextmanager
def claimed() -> Iterator[Path | None]:
    """A fresh folder until the block ends; None where the system has no such place.

    After a kill it counts as in use until all that were forked from this process have ended too.
    """
    try:
        folder, lock = _claim()
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep() -> None:
    """Remove folders of this user that nobody uses any more; one without a lock may be in use, and stays."""
    for folder in MEMORY.glob(PREFIX + "*"):
        with suppress(OSError):
            _remove_unused(folder)


def _claim() -> tuple[Path, int]:
    while True:
        folder = Path(mkdtemp(prefix=PREFIX, dir=MEMORY))
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            folder.rmdir()
            raise
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / LOCK).exists():
            return folder, lock
        os.close(lock)  # swept between two calls, before it was locked


def _remove_unused(folder: Path) -> None:
    if folder.lstat().st_uid != os.geteuid():
        return
    lock = os.open(folder / LOCK, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
