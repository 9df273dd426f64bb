"""The worklist: entries from every door, their scheduled steps, and what procedure steps tell of them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from radnode.model.document import Document
from radnode.model.errors import NotFound, ReadOnly
from radnode.work.work_file import WorkFile
from radnode.work.worklist_entry import Entry
from radnode.work.worklist_folder import WorklistFolder
from radnode.work.worklist_matching import WorklistQuery, matching_steps
from radnode.work.worklist_store import ENTRY, delete, entry_of, insert, rewrite, with_steps


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, and where the next ones begin; None at the end."""

    entries: tuple[Entry, ...]
    next: str | None


class Worklist:
    """Thread-safe; what was written is on the disk on return. Every method may raise OutOfResources."""

    def __init__(self, work: WorkFile, folder: Path | None = None) -> None:
        """The worklist files in `folder` are part of it."""
        self._work = work
        self._folder = WorklistFolder(folder, work) if folder else None

    def add(self, document: Document) -> Entry:
        """Keep a new entry."""
        with self._work.writing() as connection:
            return entry_of(connection, insert(connection, document))

    def entry(self, name: str) -> Entry:
        """The entry with that id. Raises NotFound."""
        self._refresh()
        with self._work.reading() as connection:
            return entry_of(connection, name)

    def entries(self, *, limit: int, after: str | None = None) -> EntryPage:
        """Entries in the order in which they were made, `limit` at most, after the one with the id `after`."""
        self._refresh()
        with self._work.reading() as connection:
            sql = f"{ENTRY} WHERE (created, id) > (?, ?) ORDER BY created, id LIMIT ?"
            since = _place(connection, after)
            rows = connection.execute(sql, (*since, limit + 1)).fetchall()
            found = tuple(with_steps(connection, row) for row in rows[:limit])
        return EntryPage(found, found[-1].id if len(rows) > limit else None)

    def replace(self, name: str, document: Document) -> Entry:
        """Let the entry say this from now on. Raises NotFound, or ReadOnly for one that comes from a file."""
        with self._work.writing() as connection:
            _check_own(entry_of(connection, name))
            rewrite(connection, name, document)
            return entry_of(connection, name)

    def remove(self, name: str) -> None:
        """Forget the entry. Raises NotFound, or ReadOnly for one that comes from a file."""
        with self._work.writing() as connection:
            _check_own(entry_of(connection, name))
            delete(connection, name)

    def matching(self, query: WorklistQuery) -> Sequence[int]:
        """The scheduled steps that match, by number, in the order of their times. Raises InvalidQuery."""
        statement = matching_steps(query)
        self._refresh()
        with self._work.reading() as connection:
            return [row[0] for row in connection.execute(statement.sql, statement.parameters)]

    def steps(self, numbers: Iterable[int]) -> Iterator[Document]:
        """What these scheduled steps say, each with one item in its sequence; those that went away are left out."""
        sql = "SELECT document FROM worklist_steps WHERE id = ?"
        with self._work.reading() as connection:
            rows = [row for number in numbers for row in connection.execute(sql, (number,))]
        return (json.loads(row["document"]) for row in rows)

    def refused_files(self) -> Mapping[str, str]:
        """The files of the folder that are no entries, by name, and why."""
        self._refresh()
        with self._work.reading() as connection:
            rows = connection.execute("SELECT name, why FROM worklist_files WHERE why <> '' ORDER BY name").fetchall()
        return {row["name"]: row["why"] for row in rows}

    def _refresh(self) -> None:
        if self._folder is not None:
            self._folder.refresh()


def _check_own(entry: Entry) -> None:
    if entry.source:
        raise ReadOnly("The entry comes from a file of the worklist folder: change or remove that")


def _place(connection: Connection, after: str | None) -> tuple[int, str]:
    if after is None:
        return (-1, "")
    row = connection.execute(f"{ENTRY} WHERE id = ?", (after,)).fetchone()
    if row is None:
        raise NotFound("There is no worklist entry to go on behind")
    return (row["created"], row["id"])
