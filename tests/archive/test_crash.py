"""kill -9 before every step of every act: what was there before or after it is there, whole, and nothing else."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydicom import Dataset
from support.archives import (
    EXPLICIT,
    assert_sound,
    image_files,
    make_archive,
    rows,
    store,
    superseded_files,
    temporary_files,
)
from support.crashing import run_and_kill
from support.instances import encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome

FIRST = make_instance()
SECOND = make_instance(PatientName="ROE^JANE", StudyDescription="CORRECTED")
MOVED = make_instance(StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4", PatientID="OTHER")
Act = Callable[[Archive], object]


def storing(dataset: Dataset) -> Act:
    return lambda archive: store(archive, dataset)


def forgetting(archive: Archive) -> None:
    archive.forget(archive_path(archive))


def archive_path(archive: Archive) -> Any:
    return store(archive, FIRST).path


CASES: dict[str, tuple[list[Act], Act]] = {
    "new": ([], storing(FIRST)),
    "same": ([storing(FIRST)], storing(FIRST)),
    "conflict": ([storing(FIRST)], storing(SECOND)),
    "conflict_elsewhere": ([storing(FIRST)], storing(MOVED)),
    "back_again": ([storing(FIRST), storing(SECOND)], storing(FIRST)),
    "forget": ([storing(SECOND), storing(FIRST)], forgetting),
}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a process's death needs no disk, and these tests flush very often."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=shared, prefix="radnode-crash-") as folder:
        yield Path(folder)


def state(root: Path) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    names = tuple(row["PatientName"] for row in rows(root, "SELECT PatientName FROM patients ORDER BY id"))
    return frozenset(image_files(root)), frozenset(superseded_files(root)), names


def states_around(root: Path, before: list[Act], act: Act) -> tuple[Any, Any]:
    with make_archive(root) as archive:
        for each in before:
            each(archive)
        first = state(root)
        act(archive)
    return first, state(root)


@pytest.mark.parametrize("case", CASES)
def test_a_kill_at_any_step_leaves_the_state_before_or_after(memory: Path, case: str) -> None:
    before, act = CASES[case]
    allowed = states_around(memory / "reference", before, act)
    prepared = memory / "prepared"
    states_around(prepared, before, lambda _: None)

    step, ended = 0, False
    met = set()
    while not ended:
        step += 1
        root = memory / str(step)
        shutil.copytree(prepared, root)
        ended = run_and_kill(partial(Archive.open, root), act, step)
        with make_archive(root) as archive:
            archive.recover()
            archive.recover()
        assert_sound(root)
        assert state(root) in allowed, step
        met.add(state(root))
    assert step > 5
    assert met == set(allowed)


@pytest.mark.parametrize("step", range(1, 40, 3))
def test_a_kill_while_an_archive_is_made_leaves_one_that_can_be_made(tmp_path: Path, step: int) -> None:
    run_and_kill(lambda: None, lambda _: Archive.open(tmp_path), step)
    with make_archive(tmp_path) as archive:
        archive.recover()
        store(archive, FIRST)
    assert_sound(tmp_path)


def test_what_a_dead_process_received_is_swept_and_what_a_living_one_receives_stays(tmp_path: Path) -> None:
    def die_receiving(dying: Archive) -> None:
        dying.receive(EXPLICIT, sop_class=FIRST.SOPClassUID, sop_instance=FIRST.SOPInstanceUID).write(b"dying")
        os.kill(os.getpid(), signal.SIGKILL)

    encoded = encode_dataset(FIRST)
    with (
        make_archive(tmp_path) as archive,
        archive.receive(EXPLICIT, sop_class=FIRST.SOPClassUID, sop_instance=FIRST.SOPInstanceUID) as receiving,
    ):
        receiving.write(encoded[:100])
        assert not run_and_kill(partial(Archive.open, tmp_path), die_receiving, 10**9)
        assert len(temporary_files(tmp_path)) == 2
        with make_archive(tmp_path) as sweeper:
            recovered = sweeper.recover()
        assert (recovered.adopted, recovered.removed) == (0, 1)
        receiving.write(encoded[100:])
        assert receiving.commit().outcome is Outcome.NEW
    assert_sound(tmp_path)


def test_a_forked_child_has_its_own_folder_and_does_not_keep_the_parents_alive(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive, archive.receive_file() as receiving:
        receiving.write(b"x")
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                store(archive, FIRST)
                os.write(write, b"stored")
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert os.read(read, 10) == b"stored"
        os.close(read)
        os.close(write)
        receiving.abort()
        with make_archive(tmp_path) as sweeper:
            sweeper.recover()
    assert_sound(tmp_path)
    assert list((tmp_path / ".radnode" / "incoming").iterdir()) == []
