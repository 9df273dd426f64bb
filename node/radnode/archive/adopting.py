"""Taking a whole object from incoming/ into the archive: file first, row second, each step repeatable.

See docs/decisions/0002-links.md for why names are given by links, and what a crash between two steps leaves.
"""

import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import replace

import structlog

from radnode.archive import rows
from radnode.archive.describing import describe
from radnode.archive.digest import digest_file
from radnode.archive.enrolling import Enrolling
from radnode.archive.folders import Folders
from radnode.archive.index import Index
from radnode.archive.layout import Layout, disk_errors, link_durably, replace_by_link, sync
from radnode.archive.picture_places import forget_pictures
from radnode.archive.rows import Standing, standing_of
from radnode.archive.settling import retract, settle
from radnode.archive.stored import Arrival, Outcome, Stored
from radnode.instance.equality import same_elements
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.redaction import redact

_ATTEMPTS = 1000
_log = structlog.get_logger()


class Intake:
    """What the threads of a process share that take objects in."""

    def __init__(self, layout: Layout, index: Index) -> None:
        self.layout = layout
        self.index = index
        self.folders = Folders(layout)
        self.enrolling = Enrolling(layout, index, self.folders)

    def adopt(self, arrival: Arrival) -> Stored:
        """Make the object safe and known; where its current file lies, and what it met there.

        The temporary file stays the caller's, to be removed now. Raises OutOfResources, and then nothing was kept.
        """
        return _Adopting(self, arrival).adopt()

    def close(self) -> None:
        """Let go of what is kept open."""
        self.folders.close()


class _Adopting:
    """Adopts one object, beside other threads and processes that adopt the same or others."""

    def __init__(self, intake: Intake, arrival: Arrival) -> None:
        self._intake = intake
        self._layout = intake.layout
        self._index = intake.index
        self._arrival = arrival
        self._target = intake.layout.current(arrival.path)
        self._equal: dict[str, bool] = {}  # digests that this object was compared with, since it may happen again

    def adopt(self) -> Stored:
        with disk_errors():
            if self._target.exists():  # most likely the same object once more, which needs no flush
                standing, outcome = self._meet()
                if standing and (outcome is Outcome.EQUAL or (outcome is Outcome.SAME and self._is_whole(standing))):
                    self._make_safe(standing.path)  # whoever brought it may still be at that
                    return self._stored(outcome, standing)
            self._flush()
            try:
                self._place()
                is_new = self._intake.enrolling.enrol(self._arrival, self._target)
                self._make_safe(self._arrival.path)
                return self._stored(Outcome.NEW) if is_new else self._decide()
            except BaseException:
                with suppress(RadnodeError, OSError):
                    retract(self._layout, self._index, self._arrival.part, self._arrival.path)
                raise

    def _flush(self) -> None:
        if self._arrival.descriptor is None:
            sync(self._arrival.part)
        else:
            os.fsync(self._arrival.descriptor)

    def _make_safe(self, path: FilePath) -> None:
        """Let the row and the name be on the disk on return; in this order the file system's journal carries both."""
        self._index.flush()
        self._intake.folders.flush(path)

    def _decide(self) -> Stored:
        """What an object becomes that may not be new."""
        for _ in range(_ATTEMPTS):
            standing, outcome = self._meet()
            if standing and outcome is Outcome.EQUAL:
                retract(self._layout, self._index, self._arrival.part, self._arrival.path)
                return self._stored(outcome, standing)
            if self._write(standing, outcome):
                if outcome is Outcome.SAME:
                    forget_pictures(self._layout, self._arrival.path)  # they may show what was wrong with the file
                self._tidy(standing)
                return self._stored(outcome, standing)
        raise OutOfResources("The object changes faster than it can be stored")

    def _stored(self, outcome: Outcome, standing: Standing | None = None) -> Stored:
        """What has become of it: the object that stood there is the current one, or this one is."""
        header = self._arrival.header
        if standing and outcome in (Outcome.SAME, Outcome.EQUAL):
            return Stored(standing.path, header, outcome, standing.arrived)
        return Stored(self._arrival.path, header, outcome, self._arrival.facts.arrived)

    def _meet(self) -> tuple[Standing | None, Outcome]:
        """What stands under this SOP Instance UID; an outcome that needs files compared still held afterwards."""
        standing = self._standing()
        for _ in range(_ATTEMPTS):
            outcome = self._compare(standing)
            before, standing = standing, self._standing() if outcome is Outcome.EQUAL else standing
            if standing == before:
                return standing, outcome
        raise OutOfResources("The object changes faster than it can be compared")

    def _standing(self) -> Standing | None:
        with self._index.reading() as connection:
            return standing_of(connection, self._arrival.header.sop_instance)

    def _compare(self, standing: Standing | None) -> Outcome:
        if standing is None:
            return Outcome.NEW
        if standing.sha256 == self._arrival.facts.sha256:
            return Outcome.SAME
        if standing.sha256 not in self._equal:
            current = self._layout.current(standing.path)
            self._equal[standing.sha256] = same_elements(current, self._arrival.part)
        return Outcome.EQUAL if self._equal[standing.sha256] else Outcome.CONFLICT

    def _is_whole(self, standing: Standing) -> bool:
        try:
            return self._layout.current(standing.path).stat().st_size == standing.size
        except FileNotFoundError:
            return False

    def _place(self) -> None:
        if self._intake.folders.link(self._arrival.part, self._arrival.path):
            return
        try:
            damaged = digest_file(self._target) != self._arrival.facts.sha256
        except FileNotFoundError:
            return  # removed meanwhile: linked again when the row is written
        except RadnodeError:
            damaged = True
        if damaged:
            _log.warning("damaged_file_replaced", sop_instance=redact(self._arrival.header.sop_instance))
            replace_by_link(self._arrival.part, self._target)

    def _write(self, standing: Standing | None, outcome: Outcome) -> bool:
        """Write the row and see that the file is there; false where another wrote about this object meanwhile."""
        with self._index.writing() as connection:
            if standing_of(connection, self._arrival.header.sop_instance) != standing:
                return False
            if not self._target.exists():
                link_durably(self._arrival.part, self._target, top=self._layout.studies)
            status = self._target.stat()  # of another's file, where two brought the same object at once
            if standing and outcome is Outcome.SAME:
                rows.renew_row(connection, standing, status.st_size, status.st_mtime_ns, self._describe)
                return True
            if standing:
                self._supersede(connection, standing)
            connection.execute("DELETE FROM superseded WHERE path = ?", (str(self._arrival.path),))
            facts = replace(self._arrival.facts, size=status.st_size, arrived=status.st_mtime_ns)
            rows.insert_row(connection, self._arrival.header, facts, self._describe)
        return True

    def _supersede(self, connection: sqlite3.Connection, standing: Standing) -> None:
        current, superseded = self._layout.current(standing.path), self._layout.superseded(standing.path)
        if current.exists():
            superseded.unlink(missing_ok=True)  # a crash left it: the current one is what the row tells of
            link_durably(current, superseded, top=self._layout.superseded_root)
        connection.execute(
            "INSERT OR REPLACE INTO superseded (sop_instance, path, sha256, size, superseded_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (standing.sop_instance, str(standing.path), standing.sha256, standing.size, time.time_ns()),
        )
        rows.remove_row(connection, standing, self._describe)
        rows.count(connection, {"conflicts": 1})

    def _describe(self, path: FilePath) -> Header | None:
        return describe(self._layout, self._index.table, path)

    def _tidy(self, standing: Standing | None) -> None:
        """Remove the second names that a conflict leaves. The object is safe: a failure here is no failure to store."""
        if standing is None or standing.path == self._arrival.path:
            return
        try:
            settle(self._layout, self._index, [standing.path, self._arrival.path])
        except (RadnodeError, OSError) as error:
            _log.warning("superseded_file_left", reason=type(error).__name__)
