"""Bytes that are looked at later: temporary files beside the objects that come in, swept where their process dies."""

import os
import threading
from pathlib import Path

from radnode.archive.layout import FILE_MODE, disk_errors, sync
from radnode.archive.owners import Owner
from radnode.instance.encodings import Buffer
from radnode.model.errors import OutOfResources

SPOOL_SUFFIX = ".spool"
CROWDED = "Too much is waiting to be stored already"


class SpoolRoom:
    """How many bytes all spools of a process may hold together. Thread-safe."""

    taken: int
    """How many they hold."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.taken = 0
        self._lock = threading.Lock()

    def take(self, size: int, *, by_right: bool = False) -> None:
        """`size` more bytes lie in spools; OutOfResources where there is no room, unless they do so `by_right`."""
        with self._lock:
            if self.taken + size > self._limit and not by_right:
                raise OutOfResources(CROWDED)
            self.taken += size

    def give_back(self, size: int) -> None:
        """`size` bytes have gone."""
        with self._lock:
            self.taken -= size


class Spool:
    """One such file, gone once it is closed, unless it was moved. For one thread at a time."""

    size: int
    """Bytes in it."""

    def __init__(self, owner: Owner, room: SpoolRoom) -> None:
        """Raises OutOfResources."""
        self.size = 0
        self._room = room
        self._descriptor = -1
        with disk_errors():
            self.path: Path | None = owner.new_name(SPOOL_SUFFIX)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            os.fchmod(self._descriptor, FILE_MODE)  # whatever the umask

    def write(self, piece: Buffer) -> None:
        """Take the next bytes. Raises OutOfResources."""
        self._room.take(len(piece))
        self.size += len(piece)
        rest = memoryview(piece)
        with disk_errors():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def empty(self) -> None:
        """What was written is not wanted. Raises OutOfResources."""
        with disk_errors():
            os.ftruncate(self._descriptor, 0)
        self._room.give_back(self.size)
        self.size = 0

    def finish(self) -> None:
        """Nothing more is written."""
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def flush(self) -> None:
        """Once it is finished: its bytes are on the disk on return. Raises OutOfResources."""
        assert self.path is not None
        with disk_errors():
            sync(self.path)

    def move(self, target: Path) -> None:
        """From now on it is `target`, and whoever has that gives its room back. Raises OutOfResources."""
        assert self.path is not None
        with disk_errors():
            self.path.rename(target)
        self.path = None

    def close(self) -> None:
        """Remove it, if it was not moved. Repeatable. Raises OutOfResources."""
        if self._descriptor >= 0:
            self.finish()
        if self.path is None:
            return
        path, self.path = self.path, None
        self._room.give_back(self.size)
        with disk_errors():
            path.unlink(missing_ok=True)
