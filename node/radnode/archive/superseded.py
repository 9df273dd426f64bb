"""Superseded versions and their rows, compared and mended."""

import sqlite3
from collections.abc import Iterator

from radnode.archive.findings import Finding, Kind
from radnode.archive.forgetting import is_noted
from radnode.archive.index import Index
from radnode.archive.layout import Layout, settled_file
from radnode.archive.orphans import examine, insert_superseded, misplacement
from radnode.archive.quarantine import quarantine
from radnode.archive.rows import standing_at
from radnode.archive.survey import damage, files_of_study, folders
from radnode.model.file_path import FilePath, parse_file_path


def check_superseded(layout: Layout, index: Index, *, digests: bool, repair: bool) -> Iterator[Finding]:
    """What is wrong with superseded versions; repaired where `repair` says so. Raises OutOfResources."""
    parent = layout.superseded_root / "studies"
    studies, foreign = folders(parent, layout.root)
    yield from foreign
    for study in studies:
        paths, foreign = files_of_study(parent, study, layout.root)
        yield from foreign
        for path in paths:
            yield from _check(layout, index, path, digests=digests, repair=repair)
    for path in [parse_file_path(row[0]) for row in index.rows("SELECT path FROM superseded ORDER BY path")]:
        if not layout.superseded(path).exists() and _row(index, path) is not None:
            if repair:
                _forget(index, path)
            yield Finding(Kind.SUPERSEDED_MISSING, str(path), "its file is not there", repair)


def _check(layout: Layout, index: Index, path: FilePath, *, digests: bool, repair: bool) -> Iterator[Finding]:
    settled = settled_file(layout.superseded(path))  # asked first: its row comes before the other name goes
    row = _row(index, path)
    if row is None:
        if repair:
            yield _take_back(layout, index, path)
        elif settled is not None and _is_left(layout, index, path):
            yield _orphan(path, "the index does not know it")
        return
    why = damage(layout.superseded(path), row["sha256"], row["size"], whole=digests)
    if why and _row(index, path) is None:
        return  # removed meanwhile
    if why and repair:
        quarantine(layout, layout.superseded(path), path)
        _forget(index, path)
    if why:
        yield Finding(Kind.DAMAGED, _shown(path), why, repair)


def _row(index: Index, path: FilePath) -> sqlite3.Row | None:
    return next(iter(list(index.rows("SELECT sha256, size FROM superseded WHERE path = ?", (str(path),)))), None)


def _is_left(layout: Layout, index: Index, path: FilePath) -> bool:
    """Whether nobody is about to remove the file: neither with its object, nor because it is current again."""
    with index.reading() as connection:
        current = standing_at(connection, path) is not None
    return not current and not is_noted(layout, path) and layout.superseded(path).exists()


def _take_back(layout: Layout, index: Index, path: FilePath) -> Finding:
    found = examine(layout.superseded(path), index.table)
    why = found if isinstance(found, str) else misplacement(path, *found)
    if isinstance(found, str) or why:
        quarantine(layout, layout.superseded(path), path)
        return Finding(Kind.MISPLACED, _shown(path), f"{why}; it is in quarantine now", repaired=True)
    with index.writing() as connection:
        insert_superseded(connection, path, *found)
        connection.execute(
            "UPDATE counters SET value = max(value, (SELECT count(*) FROM superseded)) WHERE name = 'conflicts'"
        )
    return _orphan(path, "the index knows it again", repaired=True)


def _forget(index: Index, path: FilePath) -> None:
    with index.writing() as connection:
        connection.execute("DELETE FROM superseded WHERE path = ?", (str(path),))


def _orphan(path: FilePath, detail: str, *, repaired: bool = False) -> Finding:
    return Finding(Kind.SUPERSEDED_ORPHAN, _shown(path), detail, repaired)


def _shown(path: FilePath) -> str:
    return f".radnode/superseded/{path}"
