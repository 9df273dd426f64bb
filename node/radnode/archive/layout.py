"""Where everything lies below the archive's root, and folders that appear and go while other processes work there."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from radnode.model.errors import OutOfResources
from radnode.model.file_path import FilePath

FOLDER_MODE = 0o750
FILE_MODE = 0o640
RESERVE = 512 * 1024
"""Bytes kept by: removing an object writes some 100 KB to the index's log."""
_ATTEMPTS = 1000


@dataclass(frozen=True, slots=True)
class Layout:
    """The places below `root`, an absolute path."""

    root: Path

    @property
    def studies(self) -> Path:
        """Below it the current objects."""
        return self.root / "studies"

    @property
    def private(self) -> Path:
        """The folder of what is no image."""
        return self.root / ".radnode"

    @property
    def index(self) -> Path:
        """The SQLite file."""
        return self.private / "index.sqlite"

    @property
    def work(self) -> Path:
        """The SQLite file of what is to be done (`radnode.work`)."""
        return self.private / "work.sqlite"

    @property
    def incoming(self) -> Path:
        """Where objects lie until they are whole, one folder per living process."""
        return self.private / "incoming"

    @property
    def uploads(self) -> Path:
        """Where uploads lie that were acknowledged and are still to be stored, a folder for each job."""
        return self.private / "uploads"

    @property
    def superseded_root(self) -> Path:
        """Below it the objects that others have replaced, under the same relative paths."""
        return self.private / "superseded"

    @property
    def pictures(self) -> Path:
        """Below it pictures of current objects, which are made again where they are lost."""
        return self.private / "pictures"

    def current(self, path: FilePath) -> Path:
        """Where the object of that path lies while it is current."""
        return self.root / str(path)

    def superseded(self, path: FilePath) -> Path:
        """Where the object of that path lies once it is superseded."""
        return self.superseded_root / str(path)

    def has_lost_its_index(self) -> bool:
        """Whether there are objects and nothing to find them by; a new, empty index would hide them."""
        return not self.index.exists() and next(self.studies.iterdir(), None) is not None

    def prepare(self) -> None:
        """Make the folders where they are missing, on the disk on return. Raises OSError."""
        for folder in (self.root, self.studies, self.private, self.incoming, self.superseded_root):
            if make_folder(folder, parents=folder is self.root):
                sync(folder.parent)

    def keep_reserve(self) -> None:
        """Put some room by, if there is any, for the index's work when the disk is full and an object is removed."""
        with suppress(OSError):
            descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE)
            except OSError:
                self._reserve.unlink(missing_ok=True)
            finally:
                os.close(descriptor)

    def spend_reserve(self) -> bool:
        """Give that room back; false where there is none to give."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    @property
    def _reserve(self) -> Path:
        return self.private / "reserve"


class disk_errors:  # noqa: N801 (it is used like a function)
    """What the disk refuses ends as OutOfResources, in words that name no path.

    A class, because a context manager that is made of a generator costs four times as much, for each fragment.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise refused_by_disk(error) from error


def refused_by_disk(error: OSError) -> OutOfResources:
    """What the disk refuses, in words that name no path."""
    return OutOfResources(f"Cannot store: {error.strerror or 'input/output error'}")


def make_folder(folder: Path, *, parents: bool = False) -> bool:
    """Make one folder with radnode's mode, whatever the umask; false where it was there."""
    try:
        folder.mkdir(FOLDER_MODE, parents=parents)
    except FileExistsError:
        return False
    folder.chmod(FOLDER_MODE)
    return True


def sync(path: Path, *, only_data: bool = False) -> None:
    """Flush a file or a folder to the disk; `only_data`: the bytes of a file, without its times."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        (os.fdatasync if only_data else os.fsync)(descriptor)
    finally:
        os.close(descriptor)


def link_durably(source: Path, target: Path, *, top: Path) -> bool:
    """Give `source` the further name `target`, below `top`, on the disk on return; false where that name is taken.

    Other processes may remove empty folders meanwhile. Raises OSError; `source` itself must be flushed already.
    """
    for _ in range(_ATTEMPTS):
        try:
            _make_folders(target.parent, top)
            linked = _link(source, target)
            for folder in _below(target.parent, top):
                sync(folder)
        except FileNotFoundError:
            if not source.exists():
                raise
        else:
            return linked
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))


def replace_by_link(source: Path, target: Path) -> None:
    """Let `target`, which exists, name the file `source` from now on; there is no moment without it. Raises OSError."""
    swap = source.with_suffix(".swap")
    swap.unlink(missing_ok=True)
    swap.hardlink_to(source)
    swap.replace(target)
    swap.unlink(missing_ok=True)  # rename leaves both names where they are one file already
    sync(target.parent)


def remove_durably(target: Path, *, top: Path) -> None:
    """Remove a file if it is there, and the folders between it and `top` that are empty then. Raises OSError."""
    with suppress(FileNotFoundError):
        target.unlink()
        sync(target.parent)
    for folder in _below(target.parent, top)[:-1]:
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return


def settled_file(target: Path) -> int | None:
    """The inode of an image file; None where there is none, or a second name says that something is done with it.

    That is so while it is being taken in, or superseded.
    """
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    return status.st_ino if status.st_nlink == 1 else None


def _make_folders(folder: Path, top: Path) -> None:
    if folder == top:
        return
    try:
        make_folder(folder)
    except FileNotFoundError:
        _make_folders(folder.parent, top)
        make_folder(folder)


def _below(folder: Path, top: Path) -> list[Path]:
    """The folder and its parents up to and with `top`, deepest first."""
    folders = [folder]
    while folders[-1] != top:
        folders.append(folders[-1].parent)
    return folders


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return False
    return True
