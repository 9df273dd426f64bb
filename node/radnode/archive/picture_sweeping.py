"""Kept pictures of objects that are gone: what no removal has reached is found here, some shelves at a time."""

import shutil
from contextlib import suppress
from pathlib import Path

import structlog

from radnode.archive.archive import Archive
from radnode.archive.index import Index
from radnode.archive.layout import Layout
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
    if not limit or not has_room(layout, reserve):
        _remove_all(layout, "the disk is almost full" if limit else "no room is set for them")
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


def _remove_all(layout: Layout, why: str) -> None:
    """Shelf by shelf: their folder may be a link to another disk."""
    if shelves := inside(layout.pictures):
        _log.info("pictures_removed", why=why)
    for each in shelves:
        shutil.rmtree(each, ignore_errors=True)
    with suppress(OSError):
        layout.pictures.rmdir()


def _is_current(index: Index, pictures: Path) -> bool:
    """Whether the object that a folder is named after is current; the name is the beginning of its digest."""
    return bool(list(index.rows("SELECT 1 FROM instances WHERE name = ? LIMIT 1", (pictures.name,))))
