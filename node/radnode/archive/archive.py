"""The archive: every object comes in, is found and goes through here."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from radnode.archive import find, forgetting, listing, recovery, statistics
from radnode.archive.adopting import Intake
from radnode.archive.file_filter import FileFilter
from radnode.archive.find import Page
from radnode.archive.fitting import count_waiting
from radnode.archive.holdings import Holding, holding_of
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.owners import Owner
from radnode.archive.receiving import Receiving
from radnode.archive.recovery import Recovered
from radnode.archive.retrieval import Retrieval
from radnode.archive.rows import Standing, standing_at
from radnode.archive.spooling import Spool, SpoolRoom
from radnode.archive.study_facts import study_facts
from radnode.archive.watching import GivenUp
from radnode.instance.part10 import FileMeta
from radnode.model.attribute_table import AttributeTable
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidIdentity, NotFound, OutOfResources
from radnode.model.file_path import FilePath
from radnode.model.query import Query
from radnode.model.study_facts import StudyFacts
from radnode.model.uid import UID, InvalidUID, parse_uid

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


class Archive:
    """Files and index below one folder; for several threads and several processes at once."""

    def __init__(self, layout: Layout, index: Index) -> None:
        self.layout = layout
        self.index = index
        self._owner = Owner(layout.incoming)
        self._intake = Intake(layout, index)

    @classmethod
    def open(cls, root: Path, *, further: tuple[Attribute, ...] = ()) -> Self:
        """The archive at `root`, made where there is none, its index brought to the current schema.

        `further` attributes are indexed from now on, whoever opens it. Raises OutOfResources with the reason: folder
        not writable, no hard links; index lost, damaged, half rebuilt or of a newer radnode.
        """
        layout = Layout(root.absolute())
        try:
            archive = cls._open(layout, further)
        except OutOfResources:
            # On a full disk it must open too, or nobody could remove anything through it.
            if not layout.spend_reserve():
                raise
            return cls._open(layout, further)
        layout.keep_reserve()
        return archive

    @classmethod
    def _open(cls, layout: Layout, further: tuple[Attribute, ...]) -> Self:
        _prepare(layout)
        if layout.has_lost_its_index():
            raise OutOfResources("There are objects but no index: run radnode check --repair")
        archive = cls(layout, Index(layout.index))
        with ExitStack() as undo:
            undo.callback(archive.close)
            archive.index.migrate(further=further)
            if archive.index.is_rebuilding():
                raise OutOfResources("The index was not rebuilt to its end: run radnode check --repair")
            undo.pop_all()
        return archive

    @property
    def table(self) -> AttributeTable:
        """The attributes that are indexed."""
        return self.index.table

    def count_waiting(self) -> int:
        """About how many rows do not yet say all that is indexed, until they are described anew (`reindexing`)."""
        with self.index.reading() as connection:
            return count_waiting(connection)

    def close(self) -> None:
        """Leave incoming/ and the index. What is being received now fails."""
        self._owner.close()
        self._intake.close()
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, transfer_syntax: UID, *, sop_class: str, sop_instance: str, limit: int = 0) -> Receiving:
        """Begin to receive the data set of a C-STORE, in that transfer syntax; its UIDs must be the announced ones.

        `limit` is in bytes of the data set, 0 is none. Raises InvalidIdentity, OutOfResources.
        """
        announced = FileMeta(
            transfer_syntax, _announced("SOPClassUID", sop_class), _announced("SOPInstanceUID", sop_instance)
        )
        return Receiving(self._owner, self._intake.adopt, self.index.table, limit=limit, announced=announced)

    def receive_file(self, *, limit: int = 0, file_name: str | None = None) -> Receiving:
        """Begin to receive a Part 10 file, at most `limit` bytes (0: no limit), which the sender calls `file_name`.

        A file meta that differs from the data set is logged, not refused. Raises OutOfResources.
        """
        return Receiving(self._owner, self._intake.adopt, self.index.table, limit=limit, file_name=file_name)

    def spool(self, room: SpoolRoom) -> Spool:
        """A file for bytes that are looked at later, on the archive's own file system. Raises OutOfResources."""
        return Spool(self._owner, room)

    def locate(self, path: FilePath) -> Path:
        """The absolute path of a current object's file. Raises NotFound for what the index does not know."""
        self.standing(path)
        return self.layout.current(path)

    def standing(self, path: FilePath) -> Standing:
        """What the index says of the current object at `path`. Raises NotFound, OutOfResources."""
        with self.index.reading() as connection:
            standing = standing_at(connection, path)
        if standing is None:
            raise NotFound("DICOM file not found")
        return standing

    def forget(self, path: FilePath) -> None:
        """Remove the current object at `path` and its superseded versions. Raises NotFound, OutOfResources."""
        forgetting.forget(self.layout, self.index, self._owner, path)

    def find(self, query: Query) -> Iterator[Mapping[str, str]]:
        """Each entity that matches, as keyword -> stored text, "" where nothing is known. Raises InvalidQuery."""
        return find.find(self.index, query)

    def find_pages(self, query: Query, *, given_up: GivenUp | None = None) -> Iterator[Page]:
        """As `find`, in pages of texts in the order of the query's `returns`; Abandoned once `given_up` says so."""
        return find.find_pages(self.index, query, given_up=given_up)

    def holding(self, sop_instance: UID) -> Holding | None:
        """The current object with that SOP Instance UID. Raises OutOfResources."""
        return holding_of(self.index, sop_instance)

    def retrieve(self, query: Query) -> Retrieval:
        """The objects below what the query's unique keys name. Raises InvalidQuery, OutOfResources."""
        return Retrieval(self.layout, self.index, query)

    def list_files(self, wanted: FileFilter, *, limit: int, cursor: str | None) -> listing.FilePage:
        """A page of the files that fit, newest first. Raises InvalidQuery for a cursor that is none."""
        return listing.list_files(self.index, wanted, limit=limit, cursor=cursor)

    def study_facts(self, study: UID) -> StudyFacts | None:
        """What is known of the study with that UID, None where none is held. Raises OutOfResources."""
        return study_facts(self.index, study)

    def statistics(self) -> statistics.Statistics:
        """What the archive holds, from counters."""
        return statistics.read_statistics(self.index)

    def recover(self) -> Recovered:
        """Finish what dead processes had begun; to be called before the archive is served. Raises OutOfResources."""
        return recovery.recover(self.layout, self.index)


def _prepare(layout: Layout) -> None:
    owner = Owner(layout.incoming)
    try:
        layout.prepare()
        owner.try_links()
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise OutOfResources(f"{layout.root}: its file system has no hard links, which are needed") from error
        raise OutOfResources(
            f"The storage folder {layout.root} cannot be used by uid {os.geteuid()}: {error.strerror}"
        ) from error
    finally:
        owner.close()


def _announced(keyword: str, text: str) -> UID:
    try:
        return parse_uid(text)
    except InvalidUID:
        raise InvalidIdentity(keyword, "is no UID") from None
