"""The folders of series that objects came into lately, kept open: their names were flushed once, with all above them.

An open folder is what a link is made in and what is flushed then, so both mean the same one, whatever happened to its
path meanwhile: in a folder that was removed no link can be made.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from radnode.archive.layout import Layout, link_durably, sync
from radnode.model.file_path import FilePath
from radnode.model.uid import UID

_KEPT = 64  # open folders, as many as series come in at once


class _Folder:
    """An open folder, closed with the last who uses it."""

    def __init__(self, path: Path) -> None:
        self.descriptor = -1
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class Folders:
    """For several threads at once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._open: dict[tuple[UID, UID], _Folder] = {}

    def link(self, source: Path, path: FilePath) -> bool:
        """Let the current object at `path` be the file `source`, which is flushed; false where that name is taken.

        The name is safe after `flush`, the folders above it are on return. Raises OSError.
        """
        series = path.study, path.series
        folder = self._open.get(series)
        if folder is not None:
            try:
                linked = _link(source, f"{path.name}.dcm", folder)
            except FileNotFoundError:  # removed, when it was empty: it will be another one
                self.forget(path)
            else:
                return linked
        target = self._layout.current(path)
        linked = link_durably(source, target, top=self._layout.studies)
        self._keep(series, target.parent)
        return linked

    def flush(self, path: FilePath) -> None:
        """Let the names in the folder of `path` be on the disk on return. Raises OSError."""
        folder = self._open.get((path.study, path.series))
        if folder is not None:
            os.fsync(folder.descriptor)
            return
        with suppress(FileNotFoundError):  # gone with the last object in it
            sync(self._layout.current(path).parent)

    def forget(self, path: FilePath) -> None:
        """Keep the folder of `path` no longer: another may stand in its place."""
        with self._lock:
            self._open.pop((path.study, path.series), None)

    def close(self) -> None:
        """Close them."""
        with self._lock:
            self._open.clear()

    def _keep(self, series: tuple[UID, UID], path: Path) -> None:
        try:
            folder = _Folder(path)
        except OSError:
            return  # removed already, or no descriptor left: the next object takes the longer way
        with self._lock:
            self._open[series] = folder
            if len(self._open) > _KEPT:
                del self._open[next(iter(self._open))]


def _link(source: Path, name: str, folder: _Folder) -> bool:
    try:
        os.link(source, name, dst_dir_fd=folder.descriptor)
    except FileExistsError:
        return False
    return True
