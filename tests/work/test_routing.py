"""What arrives while the queue cannot be written is queued when its sender tries again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset
from support.archives import make_archive, store
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome
from radnode.model.errors import OutOfResources
from radnode.model.file_path import parse_file_path
from radnode.model.route import Door, Route, Sender
from radnode.work.queue import Queue, State
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile

CT01 = Sender(Door.CALLER, "CT01")


class Entrance:
    """Where objects come in that all go to PACS."""

    def __init__(self, archive: Archive, work: WorkFile) -> None:
        self.archive, self.queue = archive, Queue(work)
        self._router = Router([Route("all", ("*",), {}, ("PACS",))], work)

    def bring(self, dataset: Dataset) -> Outcome:
        stored = store(self.archive, dataset)
        self._router.route(stored, CT01)
        return stored.outcome

    def send(self) -> int:
        """How many objects the courier has for PACS; they are sent."""
        claimed = self.queue.claim("PACS", 1e10, 9)
        for item in claimed:
            self.queue.settle(item, State.DONE, item.enqueued)
        return len(claimed)


@pytest.fixture
def door(tmp_path: Path, work: WorkFile) -> Iterator[Entrance]:
    with make_archive(tmp_path / "store") as archive:
        yield Entrance(archive, work)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """The queue cannot be written."""
    file = folder / "work.sqlite"
    file.rename(folder / "aside")
    yield
    (folder / "aside").rename(file)


def test_an_object_that_is_stored_anew_after_its_deletion(door: Entrance, tmp_path: Path) -> None:
    door.bring(make_instance())
    assert door.send() == 1
    (path,) = (tmp_path / "store").glob("studies/*/*/*.dcm")
    door.archive.forget(parse_file_path(str(path.relative_to(tmp_path / "store"))))
    with unwritable(tmp_path), pytest.raises(OutOfResources):
        door.bring(make_instance())
    assert door.bring(make_instance()) is Outcome.SAME
    assert door.send() == 1
    assert door.bring(make_instance()) is Outcome.SAME
    assert door.send() == 0


def test_an_object_that_replaces_the_one_that_had_replaced_it(door: Entrance, tmp_path: Path) -> None:
    first, second = make_instance(), make_instance(PatientName="Other^Name")
    door.bring(first)
    door.bring(second)
    assert door.send() == 2
    with unwritable(tmp_path), pytest.raises(OutOfResources):
        door.bring(first)
    assert door.bring(first) is Outcome.SAME
    assert door.send() == 1
