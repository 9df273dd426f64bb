"""Files that the index does not know, taken back into it in the order of their arrival.

The same act mends one forgotten row and rebuilds a whole index: objects in the order in which they came give the same
rows again. Headers are read by several processes, rows are written in large transactions.
"""

import sqlite3
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from radnode.archive import rows
from radnode.archive.adopting import Intake
from radnode.archive.describing import describe
from radnode.archive.digest import digest_of, map_dataset
from radnode.archive.findings import Finding, Kind
from radnode.archive.index import Index
from radnode.archive.layout import Layout, link_durably, remove_durably
from radnode.archive.quarantine import quarantine
from radnode.archive.stored import Arrival, FileFacts
from radnode.archive.workers import reading_files
from radnode.instance.header import read_header
from radnode.model.attribute_table import AttributeTable
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.file_path import FilePath, parse_file_path
from radnode.model.header import Header

_CHUNK = 500
Examined = tuple[Header, FileFacts]


class Backlog:
    """Files to be taken back, in the order of arrival; on disk, since a whole archive may be in it."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._store.execute("CREATE TABLE files (arrived INT, path TEXT, PRIMARY KEY (arrived, path)) WITHOUT ROWID")

    def add(self, arrived: int, path: FilePath) -> None:
        """Note a file that arrived then (nanoseconds since the epoch)."""
        self._store.execute("INSERT OR IGNORE INTO files VALUES (?, ?)", (arrived, str(path)))

    def __len__(self) -> int:
        return int(self._store.execute("SELECT count(*) FROM files").fetchone()[0])

    def __iter__(self) -> Iterator[FilePath]:
        for row in self._store.execute("SELECT path FROM files ORDER BY arrived, path"):
            yield parse_file_path(row[0])

    def close(self) -> None:
        """Let go of the memory and the disk that it takes."""
        self._store.close()


def examine(file: Path, table: AttributeTable) -> Examined | str:
    """What the index must know of a stored file, or why that cannot be said."""
    try:
        transfer_syntax, dataset = map_dataset(file)
        status = file.stat()
        facts = FileFacts(digest_of(dataset, transfer_syntax), status.st_size, status.st_mtime_ns)
        return read_header(dataset, transfer_syntax, table), facts
    except (NotDicom, InvalidIdentity) as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read ({error.strerror})"


def adopt_orphans(layout: Layout, index: Index, backlog: Backlog) -> Iterator[list[Finding]]:
    """Give each file of the backlog its row; what does not belong where it lies goes to quarantine.

    Yields what was done with some hundred files at a time. Raises OutOfResources.
    """
    paths = iter(backlog)
    with reading_files(len(backlog)) as examine_all:
        while chunk := list(islice(paths, _CHUNK)):
            examined = list(examine_all(partial(examine, table=index.table), [layout.current(path) for path in chunk]))
            yield _adopt(layout, index, list(zip(chunk, examined, strict=True)))


def _adopt(layout: Layout, index: Index, found: list[tuple[FilePath, Examined | str]]) -> list[Finding]:
    findings, met = [], []
    with index.writing() as connection:
        for path, what in found:
            why = what if isinstance(what, str) else misplacement(path, *what)
            if isinstance(what, str) or why:
                quarantine(layout, layout.current(path), path)
                findings.append(Finding(Kind.MISPLACED, str(path), f"{why}; it is in quarantine now", repaired=True))
                continue
            findings.append(Finding(Kind.ORPHAN, str(path), "the index knows it again", repaired=True))
            if rows.standing_of(connection, what[0].sop_instance) is None:
                rows.insert_row(connection, *what, lambda other: describe(layout, index.table, other))
            else:
                met.append((path, what))
    for path, (header, facts) in met:
        _meet(layout, index, path, Arrival(layout.current(path), header, facts))
    return findings


def misplacement(path: FilePath, header: Header, facts: FileFacts) -> str:
    """Why a file does not belong at `path`; "" if it does."""
    if facts.name != path.name:
        return "its content is not what its name says"
    return "" if (header.study, header.series) == (path.study, path.series) else "it is of another study or series"


def _meet(layout: Layout, index: Index, path: FilePath, arrival: Arrival) -> None:
    """Two current objects have one SOP Instance UID: the one that arrived later stays current."""
    with index.writing() as connection:
        standing = rows.standing_of(connection, arrival.header.sop_instance)
        sql = "SELECT arrived FROM instances WHERE id = ?"
        arrived = connection.execute(sql, (standing.row_id,)).fetchone()[0] if standing else -1
        if arrived > arrival.facts.arrived:
            link_durably(arrival.part, layout.superseded(path), top=layout.superseded_root)
            insert_superseded(connection, path, arrival.header, arrival.facts)
            remove_durably(arrival.part, top=layout.studies)
            return
    Intake(layout, index).adopt(arrival)


def insert_superseded(connection: sqlite3.Connection, path: FilePath, header: Header, facts: FileFacts) -> None:
    """The row of an object that is superseded."""
    connection.execute(
        "INSERT OR REPLACE INTO superseded (sop_instance, path, sha256, size, superseded_at) VALUES (?, ?, ?, ?, ?)",
        (header.sop_instance, str(path), facts.sha256, facts.size, facts.arrived),
    )
