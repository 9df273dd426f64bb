"""Which process does what on an archive: a role is held by one at a time (importing: by several), through a lock.

The lock dies with its process. A repair holds all roles, so nobody else works on the archive then.
"""

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
    """What one process alone may be on an archive; several may import at once, but not while it is repaired."""

    DICOM = "dicom"
    REST = "rest"
    HOUSEKEEPING = "housekeeping"
    IMPORT = "importer"
    REINDEXING = "reindexer"


@contextmanager
def hold(root: Path, role: Role, *, patience: float = PATIENCE, shared: bool = False) -> Iterator[None]:
    """Hold `role` on the archive at `root` within the block. Raises Occupied after `patience` seconds, OutOfResources.

    `shared`: beside others that share it.

    The lock belongs to this process and its forked children; a process that was executed does not have it.
    """
    layout = Layout(root.absolute())
    with disk_errors():
        make_folder(layout.root, parents=True)
        make_folder(layout.private)
        descriptor = os.open(layout.private / f"{role.value}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        _lock(descriptor, role, patience, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, role: Role, patience: float, kind: int) -> None:
    why = (
        f"Another process serves this archive as {role.value}"
        if kind == fcntl.LOCK_EX
        else "The archive is repaired now"
    )
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Occupied(why) from None
            time.sleep(0.05)
        else:
            return
