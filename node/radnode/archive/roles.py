"""Which process does what on an archive: each role is held by one at a time, through a lock that dies with it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from radnode.archive.layout import FILE_MODE, Layout, disk_errors, make_folder
from radnode.model.errors import Occupied

PATIENCE = 5.0
"""Seconds that a role's last holder has for ending."""


class Role(Enum):
    """What one process alone may be on an archive."""

    DICOM = "dicom"
    REST = "rest"
    HOUSEKEEPING = "housekeeping"


@contextmanager
def hold(root: Path, role: Role, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold `role` on the archive at `root` within the block. Raises Occupied after `patience` seconds, OutOfResources.

    The lock belongs to this process and its forked children; a process that was executed does not have it.
    """
    layout = Layout(root.absolute())
    with disk_errors():
        make_folder(layout.root, parents=True)
        make_folder(layout.private)
        descriptor = os.open(layout.private / f"{role.value}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        _lock(descriptor, role, patience)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, role: Role, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Occupied(f"Another process serves this archive as {role.value}") from None
            time.sleep(0.05)
        else:
            return
