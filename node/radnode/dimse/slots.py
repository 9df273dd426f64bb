"""The limit of associations over all worker processes: one locked byte of a file for each association."""

import errno
import fcntl
import os
import struct
import threading
from pathlib import Path
from types import TracebackType

_FLOCK = "hhqqi0q"


class Slots:
    """Places for associations. Each worker process makes its own object on the same file.

    Open file description locks belong to whoever opened the file, so the kernel frees the slots of a process that dies,
    and an object must not be carried over a fork.
    """

    def __init__(self, path: Path, limit: int) -> None:
        """Open (or make) the file of slots; OSError where that cannot be done."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._free = set(range(limit))
        self._lock = threading.Lock()

    def take(self) -> "Slot | None":
        """A free slot, or None when all are taken by this and the other workers."""
        with self._lock:
            for number in sorted(self._free):
                if self._set(number, fcntl.F_WRLCK):
                    self._free.discard(number)
                    return Slot(self, number)
        return None

    def free(self, number: int) -> None:
        """Give a slot back; only `Slot` calls this."""
        with self._lock:
            self._set(number, fcntl.F_UNLCK)
            self._free.add(number)

    def close(self) -> None:
        """Close the file, which frees every slot of this process."""
        os.close(self._descriptor)

    def _set(self, number: int, kind: int) -> bool:
        wanted = struct.pack(_FLOCK, kind, os.SEEK_SET, number, 1, 0)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, wanted)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        return True


class Slot:
    """One association's place; a context manager that gives it back."""

    def __init__(self, slots: Slots, number: int) -> None:
        self._slots = slots
        self._number = number

    def __enter__(self) -> "Slot":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots.free(self._number)
