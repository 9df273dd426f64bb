"""Reading a zip archive that anybody may have made: under limits, as data, never as names of files.

Nothing is believed: not how many members there are, how large they become, or where they lie. Members may be stored or
deflated; archives in archives are not opened.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_END, RawIOBase
from pathlib import Path
from typing import BinaryIO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from radnode.model.errors import InvalidZip

PIECE = 256 * 1024
FREE_OF_RATIO = 100 * 1024 * 1024
"""Bytes that may come from whatever little, because they cost little."""
_ENTRY = 384  # bytes of the directory for each member: three times what it usually takes
_DIRECTORY = 64 * 1024 + 22 + PIECE
_LOCAL = 30
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x41
_METHODS = (ZIP_STORED, ZIP_DEFLATED)
_NOT_OBJECTS = ("DICOMDIR", ".DS_STORE", "THUMBS.DB", "DESKTOP.INI")
_DAMAGE = (
    BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, IndexError,
    OverflowError,
)  # fmt: skip
"""What the standard library's reader ends in over damaged archives."""


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How many members an archive may have, how many bytes they may become, and how many for each compressed one."""

    members: int
    total: int
    ratio: int


def looks_zipped(head: bytes) -> bool:
    """Whether bytes of at least 132 begin a zip archive, and no DICOM file (whose preamble may be anything)."""
    return head[:4] in _BEGINNINGS and head[128:132] != b"DICM"


class ZipArchive:
    """An open archive: its files, in its order. For one thread at a time."""

    def __init__(self, path: Path, limits: ZipLimits) -> None:
        """Raises InvalidZip, which says what is wrong with it, and OSError where the file cannot be opened."""
        self._file = _BoundedFile(path.open("rb"), limits.members * _ENTRY + _DIRECTORY)
        try:
            self._zip = ZipFile(self._file)
            _check(self._zip.infolist(), limits)
        except InvalidZip:
            self._file.close()
            raise
        except _DAMAGE:
            self._file.close()
            raise InvalidZip("The zip archive is damaged") from None
        self.files = tuple(info for info in self._zip.infolist() if _may_be_object(info))
        """Those members that may be objects."""

    def pieces(self, info: ZipInfo) -> Iterator[bytes]:
        """A member's bytes, never more than it says that it has. Raises InvalidZip."""
        if info.flag_bits & _ENCRYPTED:
            raise InvalidZip("It is encrypted in the zip archive")
        if info.compress_type not in _METHODS:
            raise InvalidZip(f"Its compression method in the zip archive ({info.compress_type}) is not supported")
        try:
            with self._zip.open(info) as member:
                while piece := member.read(PIECE):
                    yield piece
        except _DAMAGE:
            raise InvalidZip("It is damaged in the zip archive") from None

    def close(self) -> None:
        """Close it."""
        with suppress(*_DAMAGE):
            self._zip.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _BoundedFile(RawIOBase):
    """A file of which no more is read at a time than `most` bytes: what an archive says of its directory is a claim."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self._size = file.seek(0, SEEK_END)
        file.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = max(self._size - self._file.tell(), 0) if size is None or size < 0 else size
        if wanted > self._most:
            raise InvalidZip("The zip archive has too many members")
        return self._file.read(wanted)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _check(members: list[ZipInfo], limits: ZipLimits) -> None:
    if len(members) > limits.members:
        raise InvalidZip("The zip archive has too many members")
    total, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    if total > limits.total:
        raise InvalidZip("The zip archive becomes too large")
    if total > FREE_OF_RATIO and total > limits.ratio * packed:
        raise InvalidZip("The zip archive is compressed too much")
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise InvalidZip("Members of the zip archive overlap")
        end = info.header_offset + _LOCAL + info.compress_size


def _may_be_object(info: ZipInfo) -> bool:
    """Whether it is neither a folder nor what CDs and desktops have beside objects."""
    *folders, name = info.filename.replace("\\", "/").split("/")
    return bool(name) and "__MACOSX" not in folders and not name.startswith("._") and name.upper() not in _NOT_OBJECTS
