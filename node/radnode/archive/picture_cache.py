"""Pictures that are kept on the disk until their object goes or their room is needed; what is lost is made again.

Several processes may use it at once: files appear whole, by rename. They are not flushed, so each says by a digest
whether it is what was written. Whatever fails here costs a picture's making anew, never a request.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

import structlog

from radnode.archive.archive import Archive
from radnode.archive.layout import FILE_MODE, make_folder
from radnode.archive.picture_entry import decode_entry, encode_entry
from radnode.archive.picture_places import forget_pictures, has_room, pictures_of, shelf_of
from radnode.archive.picture_shelves import PART_SUFFIX, Shelves
from radnode.archive.rows import Standing
from radnode.instance.pictures.picture import Picture
from radnode.model.errors import NotFound, OutOfResources
from radnode.model.file_path import FilePath

_TOUCHED = 3600.0
"""Seconds between two notes that a picture is still used."""
_LARGEST_SHARE = 8
"""The part of all room, as a divisor, that one picture may take."""
_log = structlog.get_logger()


class PictureCache:
    """The pictures of an archive's objects, about `limit` bytes of them; 0: none is kept, none is looked for.

    None is kept either while less than `reserve` bytes are free: the archive's objects need them more.
    """

    def __init__(self, archive: Archive, *, limit: int, reserve: int) -> None:
        self._archive = archive
        self._layout = archive.layout
        self._limit = limit
        self._reserve = reserve
        self._shelves = Shelves(archive.layout, limit)

    def find(self, path: FilePath, key: str) -> Picture | None:
        """The kept picture of the object at `path` with that key. Blocks."""
        if not self._limit:
            return None
        file = pictures_of(self._layout, path) / key
        try:
            content = _read(file)
        except OSError:
            return None
        picture = decode_entry(key, content)
        if picture is None:
            _log.warning("damaged_picture_removed")
            with suppress(OSError):
                file.unlink()
        return picture

    def keep(self, made_of: Standing, key: str, picture: Picture) -> bool:
        """Keep the picture of that object, if there is room, and if it still is what it was made of. Blocks."""
        path = made_of.path
        entry = encode_entry(key, picture)
        if len(entry) > self._limit // _LARGEST_SHARE or not has_room(self._layout, self._reserve + len(entry)):
            return False
        try:
            self._write(pictures_of(self._layout, path), key, entry)
        except OSError as error:
            _log.info("picture_not_kept", why=error.strerror)
            return False
        # Whoever removes an object, or its damaged file, changes its row first, then removes its pictures: what came
        # after them is found out here.
        if not self._is_current(made_of):
            forget_pictures(self._layout, path)
            return False
        self._shelves.put(shelf_of(path), len(entry))
        return True

    def _write(self, folder: Path, key: str, entry: bytes) -> None:
        for each in (self._layout.pictures, folder.parent, folder):
            make_folder(each)
        part = folder / f"{key}.{os.urandom(8).hex()}{PART_SUFFIX}"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
                os.fchmod(descriptor, FILE_MODE)
                file.write(entry)
            part.rename(folder / key)
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise

    def _is_current(self, standing: Standing) -> bool:
        try:
            return self._archive.standing(standing.path) == standing
        except (NotFound, OutOfResources):
            return False


def _read(file: Path) -> bytes:
    """The bytes of an entry, which is noted as used now, once an hour."""
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - half the time of Path.open
        age = time.time() - os.fstat(opened.fileno()).st_mtime
        content = opened.readall()
    if age > _TOUCHED:
        with suppress(OSError):
            os.utime(file)
    return content
