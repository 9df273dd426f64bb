"""Removing an object with its superseded versions: rows first, then the files that no row names any more."""

from contextlib import suppress
from pathlib import Path

from radnode.archive import rows
from radnode.archive.adopting import describe
from radnode.archive.index import Index
from radnode.archive.layout import FILE_MODE, Layout, disk_errors
from radnode.archive.owners import Owner
from radnode.archive.settling import settle, superseded_paths
from radnode.model.errors import NotFound, OutOfResources
from radnode.model.file_path import FilePath, parse_file_path

TRASH_SUFFIX = ".trash"
_SEPARATOR = "_"


def forget(layout: Layout, index: Index, owner: Owner, path: FilePath) -> None:
    """Remove the current object at `path`, and its superseded versions. Raises NotFound, OutOfResources.

    Notes in incoming/ name the files first, so that after a crash or a failure recovery finishes what the rows say.
    """
    with disk_errors():
        notes: list[Path] = []
        with index.writing() as connection:
            standing = rows.standing_at(connection, path)
            if standing is None:
                raise NotFound("DICOM file not found")
            paths = [path, *superseded_paths(connection, standing.sop_instance)]
            with suppress(OutOfResources, OSError):  # on a full disk, deleting must work above all
                notes.extend(_note(owner, each) for each in paths)
            rows.remove_row(connection, standing, lambda other: describe(layout, other))
            connection.execute("DELETE FROM superseded WHERE sop_instance = ?", (standing.sop_instance,))
        settle(layout, index, paths)
        for note in notes:
            note.unlink(missing_ok=True)


def noted_path(name: str) -> FilePath:
    """The path that a note in incoming/ names. Raises NotFound for another file's name."""
    study, series, digest, *_ = [*name.split(_SEPARATOR), "", ""]
    return parse_file_path(f"studies/{study}/{series}/{digest}.dcm")


def _note(owner: Owner, path: FilePath) -> Path:
    note = owner.new_name(TRASH_SUFFIX, _name_of(path))
    note.touch(FILE_MODE)
    return note


def _name_of(path: FilePath) -> str:
    return _SEPARATOR.join((path.study, path.series, path.name, ""))
