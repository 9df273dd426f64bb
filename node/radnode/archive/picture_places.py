"""Where pictures of stored objects are kept: a folder an object, so that they go with it, on one of 256 shelves.

The shelf is the beginning of the object's digest, which spreads pictures evenly, whatever is stored.
"""

import os
import shutil
from pathlib import Path

from radnode.archive.layout import Layout
from radnode.model.file_path import FilePath

SHELVES = 256
_BLOCK = 4096


def shelf_of(path: FilePath) -> int:
    """The shelf of an object's pictures."""
    return int(path.name[:2], 16)


def shelf(layout: Layout, number: int) -> Path:
    """The folder of a shelf."""
    return layout.pictures / f"{number:02x}"


def pictures_of(layout: Layout, path: FilePath) -> Path:
    """The folder of an object's pictures."""
    return layout.pictures / f"{path.name[:2]}/{path.name}"


def forget_pictures(layout: Layout, path: FilePath) -> None:
    """Remove the pictures of an object. What cannot be removed now, the housekeeper finds."""
    shutil.rmtree(pictures_of(layout, path), ignore_errors=True)


def room_taken(size: int) -> int:
    """What an entry of so many bytes takes of the disk, about: whole blocks, and one for its folder."""
    return (size // _BLOCK + 2) * _BLOCK


def has_room(layout: Layout, reserve: int) -> bool:
    """Whether more than `reserve` bytes are free where the archive lies, which come before any kept picture."""
    try:
        status = os.statvfs(layout.private)
    except OSError:
        return False
    return status.f_bavail * status.f_frsize > reserve
