"""Several processes at once, some of which die: nothing that was acknowledged is lost, nothing else is left."""

import os
import random
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from support.archives import assert_sound, counters, image_files, make_archive, store, superseded_files
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome
from radnode.model.errors import NotFound


def start(act: Callable[[], object]) -> int:
    """Run `act` in a process of its own; its id."""
    child = os.fork()
    if child:
        return child
    failed = 1
    try:
        act()
        failed = 0
    finally:
        os._exit(failed)


def join(children: list[int]) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_different_content_under_one_uid_from_several_processes_loses_none(tmp_path: Path) -> None:
    def bring(worker: int) -> None:
        with make_archive(tmp_path) as archive:
            for number in range(5):
                store(archive, make_instance(PatientName=f"NAME^{worker}^{number}"))

    Archive.open(tmp_path).close()
    assert join([start(partial(bring, worker)) for worker in range(4)]) == [0] * 4
    assert len(image_files(tmp_path)) == 1
    assert len(superseded_files(tmp_path)) == 19
    assert counters(tmp_path)["conflicts"] == 19
    assert_sound(tmp_path)


def test_the_same_object_from_several_processes_is_one(tmp_path: Path) -> None:
    def bring() -> None:
        with make_archive(tmp_path) as archive:
            for number in range(10):
                store(archive, make_instance(SOPInstanceUID=f"1.2.{number}"))

    assert join([start(bring) for _ in range(4)]) == [0] * 4
    assert counters(tmp_path)["files"] == 10
    assert counters(tmp_path)["conflicts"] == 0
    assert_sound(tmp_path)


def test_storing_and_forgetting_the_same_objects_at_once(tmp_path: Path) -> None:
    def work(seed: int) -> None:
        choice = random.Random(seed)
        with make_archive(tmp_path) as archive:
            for _ in range(30):
                name = choice.choice(("A", "B"))
                stored = store(archive, make_instance(SOPInstanceUID=f"1.2.{choice.randrange(2)}", PatientName=name))
                if choice.random() < 0.5:
                    try:
                        archive.forget(stored.path)
                    except NotFound:
                        continue

    assert join([start(partial(work, seed)) for seed in range(4)]) == [0] * 4
    assert_sound(tmp_path)


def test_threads_share_one_archive(tmp_path: Path) -> None:
    outcomes: list[Outcome] = []

    def bring(archive: Archive, worker: int) -> None:
        outcomes.extend(store(archive, make_instance(SOPInstanceUID=f"1.{worker}.{n}")).outcome for n in range(10))

    with make_archive(tmp_path) as archive:
        threads = [threading.Thread(target=bring, args=(archive, worker)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == [Outcome.NEW] * 40
    assert_sound(tmp_path)


def bring_and_tell(root: Path, name: str) -> tuple[int, int]:
    """A process that stores until it is killed; its id, and the pipe in which it names what it was promised."""
    read, write = os.pipe()

    def bring() -> None:
        with make_archive(root) as archive:
            archive.recover()
            for number in range(10_000):
                stored = store(archive, make_instance(SOPInstanceUID=f"{name}.{number}"))
                os.write(write, f"{stored.path}\n".encode())

    child = start(bring)
    os.close(write)  # so that the pipe ends with the child
    return child, read


def test_what_was_acknowledged_before_a_kill_is_there_whoever_sweeps(tmp_path: Path) -> None:
    choice = random.Random(7)
    promised: list[str] = []
    Archive.open(tmp_path).close()
    for turn in range(4):
        children = [bring_and_tell(tmp_path, f"1.{turn}.{number}") for number in range(3)]
        for child, read in children:
            with os.fdopen(read) as told:
                promised += [told.readline() for _ in range(choice.randrange(1, 12))]
                os.kill(child, signal.SIGKILL)
                promised += told.readlines()
        assert join([child for child, _ in children]) == [-signal.SIGKILL] * 3
    with make_archive(tmp_path) as archive:
        archive.recover()
    assert len(promised) >= 12
    assert {line.strip() for line in promised if line.endswith("\n")} <= image_files(tmp_path)
    assert_sound(tmp_path)
