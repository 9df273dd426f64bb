"""Where files go that cannot stay where they are: out of the way, never deleted, under the same relative path."""

from itertools import count
from pathlib import Path

from radnode.archive.layout import Layout, disk_errors, make_folder, sync
from radnode.archive.picture_places import forget_pictures
from radnode.model.file_path import FilePath


def quarantine(layout: Layout, file: Path, path: FilePath) -> Path:
    """Move `file`, which was found at `path`, to .radnode/quarantine/; where it is now. Raises OutOfResources.

    Pictures of what lay there are removed.
    """
    with disk_errors():
        folder = layout.private / "quarantine"
        for part in ("", "studies", path.study, path.series):
            folder = folder / part
            if make_folder(folder):
                sync(folder.parent)
        names = (folder / f"{path.name}{suffix}.dcm" for suffix in ("", *(f"-{n}" for n in range(1, 1000))))
        target = next(name for name in names if not name.exists())
        file.rename(target)
        sync(folder)
        sync(file.parent)
    forget_pictures(layout, path)
    return target


def set_aside(layout: Layout) -> str:
    """Give the index file, with its journal, another name; that name. Raises OutOfResources."""
    with disk_errors():
        name = next(name for n in count(1) if not (layout.private / (name := f"index.sqlite.corrupt-{n}")).exists())
        for suffix in ("-wal", "-shm", ""):
            journal = layout.index.with_name(layout.index.name + suffix)
            if journal.exists():
                journal.rename(layout.private / f"{name}{suffix}")
        sync(layout.private)
    return name
