"""The folder in which this node's processes keep their metrics for each other (Prometheus' multiprocess mode)."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.cli import memory_folders

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def prepared(private: Path, role: str) -> Iterator[Path]:
    """A fresh folder until the block ends; this process and its children find it in their environment.

    The files are mapped into memory, and who writes to such a map on a full disk is killed (SIGBUS). So the folder is
    in memory where the system has such a place, with a link to it below `private`, else there itself. What stands
    there is named after a role that this process holds, so no living process uses it. What any node left in memory when
    it was killed is removed first. Must come before anything imports prometheus_client.
    """
    memory_folders.sweep()
    name = private / "metrics" / role
    _remove(name)
    name.parent.mkdir(parents=True, exist_ok=True)
    with memory_folders.claimed() as in_memory:
        folder = in_memory or name
        if in_memory:
            name.symlink_to(in_memory)
        else:
            folder.mkdir()
        os.environ[VARIABLE] = str(folder)
        try:
            yield folder
        finally:
            _remove(name)


def forget(folder: Path, pid: int) -> None:
    """Drop the gauges of a process that is no more."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only once the folder is known

    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _remove(name: Path) -> None:
    """The folder or the link; what a link names may be another node's, for an archive can be copied."""
    if name.is_symlink():
        name.unlink()
    else:
        shutil.rmtree(name, ignore_errors=True)
