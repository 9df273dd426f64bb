"""How much memory a process that makes pictures may take, where the settings leave that open."""

import os
from contextlib import suppress
from pathlib import Path

LEAST, MOST = 2**30, 4 * 2**30
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def share_of_memory(workers: int, whole: int) -> int:
    """Bytes for each process: together at most half of the machine's, but enough for a large image."""
    return min(MOST, max(LEAST, whole // 2 // max(workers, 1)))


def machine_memory(cgroup: Path = _CGROUP) -> int:
    """Bytes of memory that this process can have: the machine's, or what its control group is given of it."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # there is none, or it says "max"
        return min(whole, int(cgroup.read_text()))
    return whole
