"""A study as a zip archive that is made while it is sent: never more of it in memory than a piece.

Blocks; each step is for a thread. Members are named by numbers, modality and digest, never by what a patient is called.
"""

import re
import zlib
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from radnode.archive.layout import Layout
from radnode.archive.retrieval import Retrieval, SeriesToRetrieve, Told
from radnode_http.zip_format import ZipFormat

MISSING = "MISSING.txt"
"""The last member, where objects went while the archive was made: it lists their paths."""
_ABOUT_MISSING = "These files were deleted or replaced while this archive was made:\n"
_AT_ONCE = 1024 * 1024
"""Bytes of a file that is read once; larger ones are twice."""
_PIECE = 512 * 1024
_READABLE = re.compile("[A-Z0-9]{1,16}")


class Names:
    """Names of members: `002_CT/00014_1f0c3d5a.dcm`, by series and instance number, modality and digest.

    Plain ASCII, each once, and those of one series after another's.
    """

    def __init__(self) -> None:
        self._series: SeriesToRetrieve | None = None
        self._folder = ""
        self._folders: set[str] = set()
        self._files: set[tuple[int, str]] = set()
        self._place = 0

    def name(self, told: Told) -> str:
        """The next member's name."""
        if told.series != self._series:
            self._begin(told.series)
        number = told.number if 0 <= told.number < 10**9 else 0
        digest = told.holding.path.name
        short = (number, digest[:8])
        name = f"{self._folder}/{number:05}_{digest if short in self._files else short[1]}.dcm"
        self._files.add(short)
        return name

    def _begin(self, series: SeriesToRetrieve) -> None:
        self._series = series
        self._place += 1
        self._files.clear()
        number = series.number if 0 < series.number < 10**6 else self._place
        modality = series.modality if _READABLE.fullmatch(series.modality) else "OT"
        self._folder = f"{number:03}_{modality}"
        if self._folder in self._folders:
            self._folder += f"_{self._place}"
        self._folders.add(self._folder)


def packed(retrieval: Retrieval, layout: Layout) -> Generator[bytes, None, None]:
    """The zip archive, in pieces of half a megabyte to one and a half; close it where it is left.

    Raises OutOfResources, OSError.
    """
    piece = bytearray()
    for part in _parts(retrieval, layout):
        piece += part
        del part  # a client may take its time for what is yielded: no more is held meanwhile than has to be
        if len(piece) >= _PIECE:
            whole = bytes(piece)
            piece.clear()
            yield whole
    yield bytes(piece)


def _parts(retrieval: Retrieval, layout: Layout) -> Iterator[bytes]:
    zipped, names, missing = ZipFormat(), Names(), []
    for told in retrieval.told():
        try:
            file = _open(layout.current(told.holding.path))
        except FileNotFoundError:
            missing.append(f"{told.holding.path}\n")
            continue
        with file:
            yield from _member(zipped, names.name(told), file)
    if missing:
        text = "".join((_ABOUT_MISSING, *missing)).encode()
        yield zipped.before(MISSING, len(text), zlib.crc32(text)) + text
    yield zipped.end()


def _open(path: Path) -> BinaryIO:
    return path.open("rb", buffering=0)


def _member(zipped: ZipFormat, name: str, file: BinaryIO) -> Iterator[bytes]:
    """A stored file does not change while it is open, so it is read twice, or once where it is small."""
    content = file.read(_AT_ONCE)
    if len(content) < _AT_ONCE:
        yield zipped.before(name, len(content), zlib.crc32(content))
        yield content
        return
    del content
    file.seek(0)
    yield zipped.before(name, *_measured(_rest(file)))
    file.seek(0)
    yield from _rest(file)


def _rest(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _measured(pieces: Iterable[bytes]) -> tuple[int, int]:
    """Size and CRC-32."""
    size = crc = 0
    for piece in pieces:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
    return size, crc
