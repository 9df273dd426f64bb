"""Processes that share the archive's long work, and end with the process that started them, however that ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import spawn
from pathlib import Path
from typing import Protocol, TypeVar

from radnode.model.errors import OutOfResources

_WORTH_PROCESSES = 200
Read = TypeVar("Read")


class ReadAll(Protocol):
    """Does the same with each file, and gives what came of it in their order."""

    def __call__(self, act: Callable[[Path], Read], files: Iterable[Path], /) -> Iterable[Read]:
        """What `act` says of each of `files`."""


@contextmanager
def reading_files(expected: int) -> Iterator[ReadAll]:
    """Reading some files or, by processes of their own, very many. Raises OutOfResources as start_workers."""
    if expected < _WORTH_PROCESSES:
        yield map
        return
    with start_workers(os.cpu_count() or 1) as pool:
        yield lambda act, files: pool.map(act, files, chunksize=25)


def start_workers(processes: int) -> ProcessPoolExecutor:
    """A pool of so many processes. Spawned, not forked: threads and SQLite's connections must not cross.

    Raises OutOfResources where this user may not execute the Python that they would run.
    """
    executable = os.fsdecode(spawn.get_executable())
    if not os.access(executable, os.X_OK, effective_ids=True):
        uid = os.geteuid()
        raise OutOfResources(f"{executable} cannot be executed by uid {uid}, so no process can be started for the work")
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)


def _begin() -> None:
    # Ctrl-C reaches the whole group: the parent alone ends the work, when what is under way is whole.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # the parent's standard output is for its answer: what is logged here goes to standard error
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
