"""Making the files at a path agree with the index: what no row names goes, and the pictures of what is not current.

Every removal of an image file, whatever for, is this one act, under the index's write lock. Adopting looks under the
same lock whether its file is still there, so a file that a row needs can never go.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from radnode.archive.index import Index
from radnode.archive.layout import Layout, remove_durably
from radnode.archive.picture_places import forget_pictures
from radnode.archive.rows import standing_at
from radnode.model.file_path import FilePath, parse_file_path
from radnode.model.uid import UID


def settle(layout: Layout, index: Index, paths: Iterable[FilePath]) -> None:
    """Remove what lies at these paths, as current or superseded, without a row that says so. Repeatable.

    Raises OutOfResources where the index cannot be locked, OSError where a file cannot be removed.
    """
    for path in paths:
        with index.writing() as connection:
            index.flush()  # no row, for good: one that came back after a power failure would miss its file
            is_current = standing_at(connection, path) is not None
            if not is_current:
                remove_durably(layout.current(path), top=layout.studies)
            if not is_superseded(connection, path):
                remove_durably(layout.superseded(path), top=layout.superseded_root)
        if not is_current:
            forget_pictures(layout, path)


def retract(layout: Layout, index: Index, part: Path, path: FilePath) -> None:
    """Take back the name at `path` that adopting gave the temporary file `part`, unless a row needs it. Repeatable.

    Another file that lies there without a row stays: it may be an object that the index has lost. Raises as settle.
    """
    target = layout.current(path)
    with index.writing() as connection:
        if standing_at(connection, path) is not None:
            return
        if target.exists() and (part == target or not part.samefile(target)):
            return
        index.flush()
        remove_durably(target, top=layout.studies)


def is_superseded(connection: sqlite3.Connection, path: FilePath) -> bool:
    """Whether a superseded object is known to have had that path."""
    return connection.execute("SELECT 1 FROM superseded WHERE path = ?", (str(path),)).fetchone() is not None


def superseded_paths(connection: sqlite3.Connection, sop_instance: UID) -> list[FilePath]:
    """Where the superseded versions of an object lay."""
    found = connection.execute("SELECT path FROM superseded WHERE sop_instance = ? ORDER BY id", (sop_instance,))
    return [parse_file_path(row["path"]) for row in found.fetchall()]
