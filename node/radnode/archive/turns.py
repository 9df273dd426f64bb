"""Writers' turns at an SQLite file: one thread of one process at a time, without SQLite's own way of waiting.

SQLite's busy handler sleeps longer and longer, up to 100 ms: with four writing processes one object in a hundred waits
for a third of a second. A lock file that is asked for again at once keeps the worst wait near the length of the queue.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.archive.layout import FILE_MODE, disk_errors
from radnode.model.errors import OutOfResources

_STEP = 0.0002


class Turns:
    """Whose turn it is to write, by a lock on the file `path`; `what` is it that they write to."""

    def __init__(self, path: Path, patience: float, what: str) -> None:
        self._path = path
        self._what = what
        self._patience = patience
        self._descriptor = -1
        self.start_afresh()

    def start_afresh(self) -> None:
        """Let go of what a forked child has of its parent's turn; the parent keeps it."""
        self._lock = threading.Lock()
        self._drop()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """It is this thread's turn within the block. Raises OutOfResources after `patience` seconds of waiting."""
        deadline = time.monotonic() + self._patience
        if not self._lock.acquire(timeout=self._patience):
            raise OutOfResources(f"{self._what} is busy")
        try:
            self._wait(deadline)
            try:
                yield
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the file back, once no turn is taken."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _wait(self, deadline: float) -> None:
        if self._descriptor < 0:
            with disk_errors():
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OutOfResources(f"{self._what} is busy") from None
                time.sleep(_STEP)
            else:
                return
