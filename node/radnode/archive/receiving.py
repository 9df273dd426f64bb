"""An object on its way in: written to incoming/ as it arrives, hashed meanwhile, then adopted or gone.

No more of it than one fragment is held in memory.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import structlog

from radnode.archive.digest import begin_digest, digest_of, map_open
from radnode.archive.layout import FILE_MODE, disk_errors
from radnode.archive.owners import Owner
from radnode.archive.stored import Arrival, FileFacts, Stored
from radnode.instance.encodings import DEFLATED, Buffer
from radnode.instance.header import read_header
from radnode.instance.part10 import FileMeta, FileMetaReader, encode_file_meta
from radnode.model.attribute_table import AttributeTable
from radnode.model.errors import Mismatch, NotDicom, TooLarge
from radnode.model.header import Header
from radnode.model.redaction import redact
from radnode.model.uid import InvalidUID, parse_uid

PART_SUFFIX = ".part"
_WORTH_STARTING = 1 << 17  # bytes
Adopt = Callable[[Arrival], Stored]
_log = structlog.get_logger()


class Receiving:
    """Takes one object's bytes; `commit` makes it safe, everything else leaves nothing. For one thread at a time."""

    received: int
    """Bytes taken so far: of the data set, or of the whole file where a file is received."""

    def __init__(
        self,
        owner: Owner,
        adopt: Adopt,
        table: AttributeTable,
        *,
        limit: int,
        announced: FileMeta | None = None,
        file_name: str | None = None,
    ) -> None:
        self.received = 0
        self._owner = owner
        self._adopt = adopt
        self._table = table
        self._limit = limit
        self._announced = announced
        self._file_name = file_name
        self._reader = FileMetaReader()
        self._descriptor = -1
        self._adopted = False
        self._flushing = self._pending = 0  # bytes that the disk has begun with, and those that it has not
        with disk_errors():
            self._part = owner.new_name(PART_SUFFIX)
            self._descriptor = _create(self._part)
        if announced is not None:
            self._begin(announced)

    def write(self, fragment: Buffer) -> None:
        """Take the next bytes. Raises TooLarge, OutOfResources, NotDicom as soon as it is certain."""
        self.received += len(fragment)
        if self._limit and self.received > self._limit:
            raise TooLarge(f"The object is larger than {self._limit} bytes")
        if self._announced is not None or self._reader.meta is not None:
            self._append(fragment)
            return
        self._reader.feed(fragment)
        if self._reader.meta is not None:
            self._begin(self._reader.meta)
            self._append(self._reader.rest)

    def commit(self) -> Stored:
        """The object has ended: make it safe and known. When this returns it is on disk and in the index.

        Raises NotDicom, Truncated, InvalidIdentity, Mismatch, OutOfResources; nothing is left then.
        """
        try:
            with disk_errors():
                arrival = self._arrive()
            stored = self._adopt(arrival)
            self._adopted = True
        finally:
            self.abort()
        return stored

    def abort(self) -> None:
        """Leave nothing of it, if it was not committed. Repeatable; never raises."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        placed = not self._adopted and os.fstat(descriptor).st_nlink > 1
        os.close(descriptor)
        if placed:
            return  # it could not be taken back just now: what it needs, recovery does
        try:
            self._part.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("temporary_file_left", reason=error.strerror)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def _begin(self, meta: FileMeta) -> None:
        self._meta = meta
        self._digest = begin_digest(meta.transfer_syntax)
        self._written_meta = encode_file_meta(
            _checked(meta.sop_class), _checked(meta.sop_instance), meta.transfer_syntax
        )
        self._unwritten = self._written_meta

    def _append(self, fragment: Buffer) -> None:
        if self._meta.transfer_syntax not in DEFLATED:  # their pad byte is known at the end only
            self._digest.update(fragment)
        head, self._unwritten = self._unwritten, b""
        with disk_errors():
            _write_all(self._descriptor, head, fragment)
            self._pending += len(head) + len(fragment)
            if self._pending >= _WORTH_STARTING:
                self._start_flush()

    def _start_flush(self) -> None:
        """Let the disk begin with what was written, without waiting: the flush at the end takes so much less time.

        Nothing is dropped by this advice, because what is being written to the disk stays in memory.
        """
        os.posix_fadvise(self._descriptor, self._flushing, self._pending, os.POSIX_FADV_DONTNEED)
        self._flushing, self._pending = self._flushing + self._pending, 0

    def _arrive(self) -> Arrival:
        """The object, whole and checked."""
        if self._announced is None and self._reader.meta is None:
            self._begin(self._reader.finish())
        meta = self._meta
        self._start_flush()
        dataset = map_open(self._descriptor)[len(self._written_meta) :]
        if not dataset:
            raise NotDicom("The data set is empty")
        header = read_header(dataset, meta.transfer_syntax, self._table)
        deflated = meta.transfer_syntax in DEFLATED
        sha256 = digest_of(dataset, meta.transfer_syntax) if deflated else self._digest.hexdigest()
        self._check_announced(header)
        arrived = time.time_ns()
        os.utime(self._descriptor, ns=(arrived, arrived))
        status = os.fstat(self._descriptor)
        facts = FileFacts(sha256, status.st_size, status.st_mtime_ns, self._file_name)
        return Arrival(self._part, header, facts, self._descriptor)

    def _check_announced(self, header: Header) -> None:
        differing = [
            (name, said, found)
            for name, said, found in (
                ("SOP Class UID", self._meta.sop_class, header.sop_class),
                ("SOP Instance UID", self._meta.sop_instance, header.sop_instance),
            )
            if said != found
        ]
        if differing and self._announced is not None:
            raise Mismatch(f"{differing[0][0]} of the data set is not the announced one")
        if differing:
            names, said, found = zip(*differing, strict=True)
            _log.warning("file_meta_differs", what=names, said=[*map(redact, said)], found=[*map(redact, found)])
        self._correct_meta(encode_file_meta(header.sop_class, header.sop_instance, self._meta.transfer_syntax))

    def _correct_meta(self, meta: bytes) -> None:
        """Let the file begin with the meta of the data set that it has, where the sender's said something else."""
        if meta == self._written_meta:
            return
        wrong, offset, end = self._part, len(self._written_meta), os.fstat(self._descriptor).st_size
        right = self._owner.new_name(PART_SUFFIX)
        descriptor = _create(right)
        self._part, self._descriptor, old = right, descriptor, self._descriptor
        try:
            _write_all(descriptor, meta)
            while offset < end:
                offset += os.sendfile(descriptor, old, offset, end - offset)
        finally:
            os.close(old)
            wrong.unlink(missing_ok=True)


def _create(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)  # whatever the umask
    return descriptor


def _write_all(descriptor: int, *parts: Buffer) -> None:
    written = os.writev(descriptor, parts)
    for part in parts:
        rest = memoryview(part)[written:]
        written = max(written - len(part), 0)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _checked(text: str) -> str:
    """A UID that may stand in file meta; nothing where the sender's is none."""
    with suppress(InvalidUID):
        return parse_uid(text)
    return ""
