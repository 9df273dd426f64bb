"""How much room kept pictures take, and which of them go when it is too much: about the least recently used.

Every shelf holds a like share, so a few shelves, looked at in turn, stand for all: what is the oldest there goes. One
walk over everything that is kept, when a process first puts something there, finds the sum; no picture waits for it.
Where there is very much, both are done in pieces, each behind another picture, so that nobody waits for their end.
"""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from radnode.archive.layout import Layout
from radnode.archive.picture_places import SHELVES, room_taken, shelf

PART_SUFFIX = ".part"
ABANDONED = 3600.0
"""Seconds after which a file that is not whole is nobody's any more."""
_BATCH = 512
"""Entries, at least, among which the oldest are looked for."""
_LONGEST = 2.0
"""Seconds after which the rest is left to the next who puts something there."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A kept picture: when it was last used, what it takes of the disk, its file, and the shelf that this lies on."""

    used: float
    room: int
    file: Path
    shelf: int


def entries_of(layout: Layout, number: int) -> list[Entry]:
    """What lies on a shelf; others may take from it meanwhile. What nobody writes any more is removed."""
    found = []
    for pictures in inside(shelf(layout, number)):
        for file in inside(pictures):
            with suppress(OSError):
                status = file.stat()
                if file.suffix != PART_SUFFIX:
                    found.append(Entry(status.st_mtime, room_taken(status.st_size), file, number))
                elif status.st_mtime < time.time() - ABANDONED:
                    file.unlink()
    return found


def inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there is none."""
    try:
        return [folder / name for name in os.listdir(folder)]  # noqa: PTH208 - half the time of iterdir
    except OSError:
        return []


class Shelves:
    """The shelves below `layout.pictures`, held to `limit` bytes by each process that puts something there."""

    def __init__(self, layout: Layout, limit: int) -> None:
        self._layout = layout
        self._limit = limit
        self._rooms: list[int] = []
        self._hand = 0
        self._counting = threading.Lock()
        self._tidying = threading.Lock()

    def put(self, number: int, size: int) -> None:
        """Count an entry of `size` bytes that was put on a shelf, and remove others where it is too much now.

        One thread at a time does that; others go on at once.
        """
        if self._count(number, room_taken(size)) <= self._limit and len(self._rooms) == SHELVES:
            return
        if self._tidying.acquire(blocking=False):
            try:
                self._tidy()
            finally:
                self._tidying.release()

    def _count(self, number: int, room: int) -> int:
        """All that is taken after this change, as far as anybody has looked."""
        with self._counting:
            if number < len(self._rooms):
                self._rooms[number] += room
            return sum(self._rooms)

    def _tidy(self) -> None:
        until = time.monotonic() + _LONGEST
        while (number := len(self._rooms)) < SHELVES:
            self._rooms.append(sum(entry.room for entry in entries_of(self._layout, number)))
            if time.monotonic() > until:
                return
        for _ in range(SHELVES):
            if self._count(0, 0) <= self._limit:
                return
            self._thin_out(self._batch())
            if time.monotonic() > until:
                return

    def _excess(self) -> int:
        """Bytes that are to go: a sixteenth more than must, so that not every picture has to pay for the next one."""
        return self._count(0, 0) - (self._limit - self._limit // 16)

    def _batch(self) -> list[Entry]:
        """The entries of the next shelves, counted anew: other processes remove from them too."""
        found: list[Entry] = []
        for _ in range(SHELVES):
            number, self._hand = self._hand, (self._hand + 1) % SHELVES
            entries = entries_of(self._layout, number)
            with self._counting:
                self._rooms[number] = sum(entry.room for entry in entries)
            found += entries
            if len(found) >= _BATCH:
                break
        return found

    def _thin_out(self, batch: list[Entry]) -> None:
        """Remove the oldest until the excess is gone: a quarter at most, unless the batch is all there is."""
        most = len(batch) // 4 if len(batch) >= _BATCH else len(batch)
        for entry in sorted(batch)[:most]:
            if self._excess() <= 0:
                return
            with suppress(OSError):
                entry.file.unlink()
                entry.file.parent.rmdir()  # fails where other pictures of the object are left
            self._count(entry.shelf, -entry.room)
