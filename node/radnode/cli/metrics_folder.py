"""The folder in which this node's processes keep their metrics for each other (Prometheus' multiprocess mode)."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
PREFIX = "radnode-metrics-"


@contextmanager
def prepared(private: Path, role: str) -> Iterator[Path]:
    """A fresh folder until the block ends; this process and its children find it in their environment.

    The files are mapped into memory, and who writes to such a map on a full disk is killed (SIGBUS). So the folder is
    in memory where the system has such a place, with a link to it below `private`, else there itself. Both are named
    after a role that this process holds, so no living process uses what is removed. Must come before anything imports
    prometheus_client.
    """
    name = private / "metrics" / role
    _remove(name)
    name.parent.mkdir(parents=True, exist_ok=True)
    folder = _in_memory()
    if folder is None:
        folder = name
        folder.mkdir()
    else:
        name.symlink_to(folder)
    os.environ[VARIABLE] = str(folder)
    try:
        yield folder
    finally:
        _remove(name)


def forget(folder: Path, pid: int) -> None:
    """Drop the gauges of a process that is no more."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only once the folder is known

    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _in_memory() -> Path | None:
    try:
        return Path(mkdtemp(prefix=PREFIX, dir=MEMORY))
    except OSError:
        return None


def _remove(name: Path) -> None:
    """The folder, and where it is a link the folder in memory that it names; a link to elsewhere is not followed."""
    if not name.is_symlink():
        shutil.rmtree(name, ignore_errors=True)
        return
    target = name.readlink()
    if target.parent == MEMORY and target.name.startswith(PREFIX):
        shutil.rmtree(target, ignore_errors=True)
    name.unlink()
