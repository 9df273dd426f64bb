"""The limits of associations over all worker processes: one locked record of a file for each association."""

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

from radnode.settings import DicomSettings

_FLOCK = "hhqqi0q"
_MARK = 16
_RECORD = 2 * _MARK  # who holds the slot: a mark of its address, a mark of its calling AE title
_GATE = 1 << 40  # a byte far behind all records: whoever counts holds it until its own record is written


class Full(Enum):
    """Which limit leaves no slot."""

    NODE = "all associations"
    ADDRESS = "those of one address"
    CALLER = "those of one calling AE title"
    DISK = "what the disk takes: shares cannot be kept without a record"


class Slots:
    """Places for associations. Each worker process makes its own object on the same file.

    Open file description locks belong to whoever opened the file, so the kernel frees the slots of a process that dies,
    and an object must not be carried over a fork. A record counts only while it is locked.
    """

    def __init__(self, path: Path, limit: int, *, per_address: int = 0, per_caller: int = 0) -> None:
        """Open (or make) the file of slots; OSError where that cannot be done.

        Every process has to give the same limits; 0 is none for one address or one calling AE title. Where there are
        such shares the records get their place on the disk now, so that one that fills up later stops nobody; if there
        is no room already, `take` says so for each slot until there is.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._limit = limit
        self._shares = ((Full.ADDRESS, 0, per_address), (Full.CALLER, _MARK, per_caller))
        self._is_shared_out = bool(per_address or per_caller)
        start = os.getpid() * 7919 % limit  # a place of its own for each process, where the others do not look first
        self._free = [*range(start, limit), *range(start)]
        self._mine: set[int] = set()
        self._lock = threading.Lock()
        if self._is_shared_out:
            with self._counting(), suppress(OSError):
                os.posix_fallocate(self._descriptor, 0, limit * _RECORD)

    @classmethod
    def of(cls, dicom: DicomSettings, path: Path) -> "Slots":
        """The slots that the settings allow."""
        return cls(
            path,
            dicom.max_associations,
            per_address=dicom.max_associations_per_address,
            per_caller=dicom.max_associations_per_caller,
        )

    def take(self, address: str = "", caller: str = "") -> "Slot | Full":
        """A free slot, or the limit that this and the other workers have reached for this address and title."""
        record = _mark(address) + _mark(caller)
        with self._lock, self._counting():
            full = self._exceeded(record) if self._is_shared_out else None
            if full is not None:
                return full
            number = next((one for one in reversed(self._free) if self._set(one, fcntl.F_WRLCK)), None)
            if number is None:
                return Full.NODE
            if self._is_shared_out and not self._wrote(record, number):
                self._set(number, fcntl.F_UNLCK)
                return Full.DISK
            self._free.remove(number)
            self._mine.add(number)
            return Slot(self, number)

    def free(self, number: int) -> None:
        """Give a slot back; only `Slot` calls this."""
        with self._lock:
            self._set(number, fcntl.F_UNLCK)
            self._mine.discard(number)
            self._free.append(number)

    def close(self) -> None:
        """Close the file, which frees every slot of this process."""
        os.close(self._descriptor)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Let no other process take a slot between our count and our record. It is held for microseconds."""
        if not self._is_shared_out:
            yield
            return
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLKW, _flock(fcntl.F_WRLCK, _GATE))
        try:
            yield
        finally:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, _GATE))

    def _exceeded(self, record: bytes) -> Full | None:
        records = os.pread(self._descriptor, self._limit * _RECORD, 0)
        for full, offset, most in self._shares:
            mark = record[offset : offset + _MARK]
            places = range(offset, len(records), _RECORD)
            alike = (place // _RECORD for place in places if records[place : place + _MARK] == mark)
            if most and sum(map(self._is_held, alike)) >= most:
                return full
        return None

    def _wrote(self, record: bytes, number: int) -> bool:
        try:
            return os.pwrite(self._descriptor, record, number * _RECORD) == _RECORD
        except OSError:
            return False

    def _is_held(self, number: int) -> bool:
        if number in self._mine:
            return True
        found = fcntl.fcntl(self._descriptor, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK, number * _RECORD))
        return bool(struct.unpack(_FLOCK, found)[0] != fcntl.F_UNLCK)

    def _set(self, number: int, kind: int) -> bool:
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _flock(kind, number * _RECORD))
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


def _mark(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=_MARK).digest()


def _flock(kind: int, start: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, start, 1, 0)
