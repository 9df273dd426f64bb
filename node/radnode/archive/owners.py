"""Who is writing in incoming/: one folder per archive object that receives, held by a lock that dies with its process.

`incoming/<owner>.lock` is made and locked (flock) first; the folder `incoming/<owner>/` exists only below that lock.
Whoever gets the lock of a folder therefore knows that nobody works in it any more. A lock counts only while its file
still has its name: the sweeper removes the name before it lets go.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakMethod

from radnode.archive.layout import FILE_MODE, make_folder

LOCK_SUFFIX = ".lock"
_PROBE_SUFFIX = ".probe"


class Owner:
    """The folder in `incoming` of one archive object, made when it is first needed."""

    def __init__(self, incoming: Path) -> None:
        self._incoming = incoming
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._folder: Path | None = None
        forget = WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (act := forget()) and act())

    def new_name(self, suffix: str, prefix: str = "") -> Path:
        """A name in the folder that no other file has. Raises OSError where the folder cannot be made."""
        with self._lock:
            folder = self._folder or self._claim()
        return folder / f"{prefix}{os.urandom(8).hex()}{suffix}"

    def try_links(self) -> None:
        """See that this process may write and link here. Raises OSError."""
        probe, linked = self.new_name(_PROBE_SUFFIX), self.new_name(_PROBE_SUFFIX)
        probe.touch(FILE_MODE)
        try:
            linked.hardlink_to(probe)
        finally:
            probe.unlink()
        linked.unlink()

    def close(self) -> None:
        """Leave the folder: it goes if it is empty, and is anybody's to sweep if not."""
        with self._lock:
            if self._folder is None or self._descriptor is None:
                return
            release(self._folder, self._descriptor)
            self._folder = self._descriptor = None

    def _claim(self) -> Path:
        while True:
            folder = self._incoming / os.urandom(8).hex()
            descriptor = claim(folder)
            if descriptor is not None:
                break
        try:
            make_folder(folder)
        except OSError:
            release(folder, descriptor)
            raise
        self._folder, self._descriptor = folder, descriptor
        return folder

    def _forget(self) -> None:
        # In a forked child: the folder is the parent's, and its lock must not outlive the parent.
        self._lock = threading.Lock()
        descriptor, self._descriptor, self._folder = self._descriptor, None, None
        if descriptor is not None:
            os.close(descriptor)


def claim(folder: Path) -> int | None:
    """The lock of `folder`, as a descriptor, or None while another holds it. Raises OSError."""
    path = folder.with_name(folder.name + LOCK_SUFFIX)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def release(folder: Path, descriptor: int) -> None:
    """Remove `folder` if it is empty, and then its lock; where files are left both stay, for the next to sweep."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        os.close(descriptor)
        return
    folder.with_name(folder.name + LOCK_SUFFIX).unlink(missing_ok=True)
    os.close(descriptor)


def abandoned(incoming: Path) -> Iterator[Path]:
    """The folders in `incoming` whose owner is dead, each locked while the caller looks at it; emptied ones go then."""
    for name in sorted({entry.name.removesuffix(LOCK_SUFFIX) for entry in incoming.iterdir() if _is_owned(entry)}):
        folder = incoming / name
        descriptor = claim(folder)
        if descriptor is None:
            continue
        try:
            yield folder
        finally:
            release(folder, descriptor)


def _is_owned(entry: Path) -> bool:
    return entry.suffix == LOCK_SUFFIX or entry.is_dir()
