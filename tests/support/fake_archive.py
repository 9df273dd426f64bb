"""An archive in memory, for what a real disk cannot be made to do at a given moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from radnode.archive.holdings import Holding
from radnode.archive.stored import Outcome
from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable
from radnode.model.errors import OutOfResources
from radnode.model.query import Query


@dataclass
class FakeArchive:
    """Keeps what it receives; fails once `room` bytes of an object were written; answers every query with `rows`."""

    room: int | None = None
    rows: list[dict[str, str]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    aborted: int = 0
    open: int = 0
    largest_fragment: int = 0
    table: AttributeTable = STANDARD_TABLE

    def receive(self, transfer_syntax: str, *, sop_class: str, sop_instance: str, limit: int = 0) -> "FakeReceiving":
        self.open += 1
        return FakeReceiving(self, sop_instance)

    def retrieve(self, query: Query) -> "FakeRetrieval":
        return FakeRetrieval()

    def find_pages(
        self, query: Query, *, given_up: Callable[[], bool] | None = None
    ) -> Iterator[list[tuple[str, ...]]]:
        for start in range(0, len(self.rows), 1000):
            page = self.rows[start : start + 1000]
            yield [tuple(row.get(attribute.keyword, "") for attribute in query.returns) for row in page]


class FakeRetrieval:
    """Nothing matches."""

    total = 0
    kinds: Mapping[tuple[str, str], int] = {}

    def __iter__(self) -> Iterator[Holding]:
        return iter(())


@dataclass(frozen=True)
class FakeStored:
    outcome: Outcome = Outcome.NEW


class FakeReceiving:
    def __init__(self, archive: FakeArchive, sop_instance: str) -> None:
        self.archive, self.sop_instance = archive, sop_instance
        self.data = bytearray()
        self.committed = False

    def write(self, fragment: Any) -> None:
        self.data += fragment
        self.archive.largest_fragment = max(self.archive.largest_fragment, len(fragment))
        if self.archive.room is not None and len(self.data) > self.archive.room:
            raise OutOfResources("the disk is full")

    def commit(self) -> FakeStored:
        self.archive.objects[self.sop_instance] = bytes(self.data)
        self.committed = True
        return FakeStored()

    def abort(self) -> None:
        self.archive.aborted += 1

    def __enter__(self) -> "FakeReceiving":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.archive.open -= 1
        if not self.committed:
            self.abort()
