"""Making the index agree with the files, one suspect at a time. No patient's bytes are deleted."""

import sqlite3
from contextlib import suppress

from radnode.archive import rows
from radnode.archive.describing import describe
from radnode.archive.findings import Finding, Kind
from radnode.archive.forgetting import is_noted
from radnode.archive.index import Index
from radnode.archive.layout import Layout, settled_file
from radnode.archive.picture_places import forget_pictures
from radnode.archive.quarantine import quarantine, set_aside
from radnode.archive.survey import Suspect
from radnode.model.errors import OutOfResources
from radnode.model.file_path import FilePath


def mend(layout: Layout, index: Index, suspect: Suspect) -> Finding:
    """A row without its file goes; a damaged file goes to quarantine, and its row with it. Raises OutOfResources."""
    detail = f"{suspect.detail}; its row is removed"
    if suspect.kind is Kind.DAMAGED:
        with suppress(FileNotFoundError):
            quarantine(layout, layout.current(suspect.path), suspect.path)
        detail = f"{suspect.detail}; it is in quarantine now, its row is removed"
    with index.writing() as connection:
        standing = rows.standing_at(connection, suspect.path)
        if standing is not None:
            rows.remove_row(connection, standing, lambda path: describe(layout, index.table, path))
    forget_pictures(layout, suspect.path)
    return Finding(suspect.kind, str(suspect.path), detail, repaired=True)


def stands(layout: Layout, index: Index, suspect: Suspect) -> bool:
    """Whether a suspect is still one: other processes may have finished what they were at."""
    file = layout.current(suspect.path)
    if suspect.kind is not Kind.ORPHAN:
        if suspect.kind is Kind.MISSING and file.exists():
            return False
        return _is_known(index, suspect.path)  # asked last: removing takes the row before the file
    # In this order: the second name goes after the row has come, the note on removal goes after the file has gone. And
    # it must be one file all the time, not another that has come since.
    settled = settled_file(file)
    handled = settled is None or _is_known(index, suspect.path) or is_noted(layout, suspect.path)
    return not handled and settled_file(file) == settled


def _is_known(index: Index, path: FilePath) -> bool:
    with index.reading() as connection:
        return rows.standing_at(connection, path) is not None


def sound_index(layout: Layout) -> str:
    """Why the index cannot be used and must be made anew; "" where it can. Raises OutOfResources for other failures."""
    if not layout.index.exists():
        return "it is not there"
    index = Index(layout.index)
    try:
        answers = [row[0] for row in index.rows("PRAGMA quick_check(3)")]
        index.migrate()
    except OutOfResources as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError) and "damaged" in str(error):
            return "it is damaged"
        raise
    finally:
        index.close()
    return "" if answers == ["ok"] else "it is damaged"


def renew_index(layout: Layout, why: str) -> Finding:
    """Make a new, empty index; the old one, if there is one, keeps its bytes under another name."""
    detail = f"{why}; it is made anew from the files"
    if layout.index.exists():
        detail += f", the old one is {set_aside(layout)}"
    index = Index(layout.index)
    index.migrate(rebuilding=True)
    index.close()
    return Finding(Kind.INDEX, ".radnode/index.sqlite", detail, repaired=True)
