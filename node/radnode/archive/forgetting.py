"""Removing an object with its superseded versions: rows first, then the files that no row names any more."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from radnode.archive import rows
from radnode.archive.describing import describe
from radnode.archive.index import Index
from radnode.archive.layout import FILE_MODE, Layout, disk_errors
from radnode.archive.owners import Owner
from radnode.archive.settling import settle, superseded_paths
from radnode.model.errors import NotFound, OutOfResources, RadnodeError
from radnode.model.file_path import FilePath, parse_file_path

TRASH_SUFFIX = ".trash"
_SEPARATOR = "_"


def forget(layout: Layout, index: Index, owner: Owner, path: FilePath) -> None:
    """Remove the current object at `path`, and its superseded versions. Raises NotFound, OutOfResources.

    Notes in incoming/ name the files first, so that after a crash or a failure recovery finishes what the rows say.
    On a full disk it works too, since it is what makes room: the room that is kept for it is spent then.
    """
    with disk_errors():
        try:
            _forget(layout, index, owner, path)
        except OutOfResources:
            if not layout.spend_reserve():
                raise
            _forget(layout, index, owner, path)
        layout.keep_reserve()


def _forget(layout: Layout, index: Index, owner: Owner, path: FilePath) -> None:
    notes: dict[FilePath, Path] = {}
    try:
        with index.writing() as connection:
            standing = rows.standing_at(connection, path)
            if standing is None:
                raise NotFound("DICOM file not found")
            paths = [path, *superseded_paths(connection, standing.sop_instance)]
            with suppress(OutOfResources, OSError):  # without a note, a crash leaves a file without a row, no more
                for each in paths:
                    notes[each] = _note(owner, each)
            rows.remove_row(connection, standing, lambda other: describe(layout, index.table, other))
            connection.execute("DELETE FROM superseded WHERE sop_instance = ?", (standing.sop_instance,))
    except RadnodeError:
        _remove(notes.values())
        raise
    settle(layout, index, paths)
    _remove(notes.values())


def _remove(notes: Iterable[Path]) -> None:
    for note in notes:
        note.unlink(missing_ok=True)


def is_noted(layout: Layout, path: FilePath) -> bool:
    """Whether somebody is removing what lies at `path`: a note says so until its files are gone."""
    return any(layout.incoming.glob(f"*/{_name_of(path)}*{TRASH_SUFFIX}"))


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
