"""Rows of new objects, those of several threads in one transaction: one of them writes, the others wait for it.

Nobody waits for company: rows gather while another transaction is written.
"""

import sqlite3
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from radnode.archive import rows
from radnode.archive.describing import describe
from radnode.archive.families import Families, Family, Words, words_of
from radnode.archive.folders import Folders
from radnode.archive.index import Index
from radnode.archive.layout import Layout, link_durably
from radnode.archive.stored import Arrival, FileFacts


@dataclass(slots=True)
class _Request:
    """An object that waits for its row; `woken` when it has it, or when it is its thread's turn to write."""

    arrival: Arrival
    target: Path
    words: Words
    woken: threading.Lock = field(default_factory=threading.Lock)
    writes: bool = False
    is_new: bool = False
    error: BaseException | None = None
    heard: tuple[int, Family] | None = None


class Enrolling:
    """For several threads at once."""

    def __init__(self, layout: Layout, index: Index, folders: Folders) -> None:
        self._layout = layout
        self._index = index
        self._folders = folders
        self._families = Families()
        self._lock = threading.Lock()
        self._waiting: list[_Request] = []
        self._is_writing = False

    def enrol(self, arrival: Arrival, target: Path) -> bool:
        """Write the row of an object whose file is in its place, `target`; false, and nothing is done, if not new.

        It is safe after `Index.flush`, which is left to the caller, so that flushes of several overlap.

        Raises OutOfResources, OSError.
        """
        request = _Request(arrival, target, words_of(arrival.header))
        request.woken.acquire()
        with self._lock:
            self._waiting.append(request)
            request.writes, self._is_writing = not self._is_writing, True
        if not request.writes:
            request.woken.acquire()
        if request.writes:
            self._write_all()
        if request.error is not None:
            raise request.error
        return request.is_new

    def _write_all(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._write(batch)
        finally:
            self._hand_over()
            for request in batch:
                if not request.writes:
                    request.woken.release()

    def _hand_over(self) -> None:
        """Let the next one write."""
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_writing = following is not None
        if following:
            following.writes = True
            following.woken.release()

    def _write(self, batch: list[_Request]) -> None:
        has_begun = False
        try:
            with self._index.writing_unflushed() as connection:
                has_begun = True
                self._families.begin(connection)
                for request in batch:
                    request.is_new = self._add(connection, request)
        except BaseException as error:  # noqa: BLE001 (each thread raises its own)
            if has_begun and len(batch) > 1:  # whose fault it was shows when each is alone
                for request in batch:
                    self._write([request])
                return
            for request in batch:
                request.error = error
            return
        for request in batch:
            if request.heard:
                self._families.keep(request.words, *request.heard)

    def _add(self, connection: sqlite3.Connection, request: _Request) -> bool:
        arrival, request.heard = request.arrival, None
        if rows.is_known(connection, arrival.header.sop_instance, arrival.path):
            return False
        facts = self._facts(arrival, request.target)
        family = self._families.of(request.words, facts.arrived)
        if family:
            rows.insert_into(connection, family, arrival.header, facts, request.words.description)
        else:
            family = rows.insert_row(
                connection, arrival.header, facts, lambda path: describe(self._layout, self._index.table, path)
            )
            request.heard = facts.arrived, family
        return True

    def _facts(self, arrival: Arrival, target: Path) -> FileFacts:
        """The facts of the file that is in the object's place: another's, where two brought the same at once."""
        try:
            status = target.stat()
        except FileNotFoundError:  # removed meanwhile, or its folder moved; under the index's lock it can go no more
            self._folders.forget(arrival.path)
            link_durably(arrival.part, target, top=self._layout.studies)
            status = target.stat()
        facts = arrival.facts
        if (status.st_size, status.st_mtime_ns) == (facts.size, facts.arrived):
            return facts
        return replace(facts, size=status.st_size, arrived=status.st_mtime_ns)
