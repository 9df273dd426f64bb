"""The folder in which this node's processes keep their metrics for each other (Prometheus' multiprocess mode)."""

import os
import shutil
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare(private: Path, role: str) -> Path:
    """A fresh folder below `private`; this process and its children find it in their environment.

    It is named after a role that this process holds, so no living process uses what is removed. Must come before
    anything imports prometheus_client.
    """
    folder = private / "metrics" / role
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[VARIABLE] = str(folder)
    return folder


def forget(folder: Path, pid: int) -> None:
    """Drop the gauges of a process that is no more."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only once the folder is known

    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
