"""Kept pictures of objects that are gone: what no removal has reached is found here, some shelves at a time."""

import shutil
from pathlib import Path

import structlog

from radnode.archive.archive import Archive
from radnode.archive.index import Index
from radnode.archive.picture_places import SHELVES, has_room, shelf
from radnode.archive.picture_shelves import entries_of, inside

ROUNDS = 16
"""Rounds after which every shelf was swept."""
_log = structlog.get_logger()


def sweep_pictures(archive: Archive, turn: int, *, limit: int, reserve: int) -> int:
    """Remove pictures of what is no current object, from a share of the shelves that changes with `turn`; how many.

    All of them where none are to be kept (`limit` 0) or less than `reserve` bytes are free. Raises OutOfResources.
    """
    layout = archive.layout
    if not layout.pictures.exists():
        return 0
    if not limit or not has_room(layout, reserve):
        _log.info("pictures_removed", why="no room is set for them" if not limit else "the disk is almost full")
        shutil.rmtree(layout.pictures, ignore_errors=True)
        return 0
    removed = 0
    for number in range(turn % ROUNDS, SHELVES, ROUNDS):
        entries_of(layout, number)  # removes what was never finished
        for pictures in inside(shelf(layout, number)):
            if not _is_current(archive.index, pictures):
                shutil.rmtree(pictures, ignore_errors=True)
                removed += 1
    if removed:
        _log.info("pictures_swept", removed=removed)
    return removed


def _is_current(index: Index, pictures: Path) -> bool:
    """Whether the object that a folder is named after is current; the name is the beginning of its digest."""
    return bool(list(index.rows("SELECT 1 FROM instances WHERE name = ? LIMIT 1", (pictures.name,))))
