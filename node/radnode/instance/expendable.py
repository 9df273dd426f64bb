"""How a process lives in which decoders run: bounded in what it may take, and no longer than its parent."""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_MEMORY = 4 * 2**30  # bytes of its own that it may hold; mapped files do not count
MAX_DESCRIPTORS = 64
GRACE = 5.0  # seconds beyond a request's limit
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h
_FIRST_TO_GO = "800"


@contextmanager
def mortal(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Inside, the process ends even in the middle of a decoder: when the parent is dead (SIGIO), or too late (SIGALRM).

    Too late is also when it has used so many seconds of processors (SIGXCPU). The parent is silent until it has the
    answer, so whatever stirs on the connection meanwhile is its end.
    """
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(connection, fcntl.F_SETFL, flags)
        signal.setitimer(signal.ITIMER_REAL, 0)


def confine(memory: int) -> None:
    """Bounds what a decoder may take, for good, and leaves the terminal's interrupt to the parent.

    No file can grow beyond `memory` bytes either: what is deflated is inflated into a temporary one. Where the machine
    is out of memory, this process goes before others do.
    """
    with suppress(OSError):  # it may be mounted so that nobody writes there
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    limits = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_FSIZE: memory,
        resource.RLIMIT_NOFILE: MAX_DESCRIPTORS,
        resource.RLIMIT_CORE: 0,
    }
    for limit, wanted in limits.items():
        _, allowed = resource.getrlimit(limit)
        least = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
        resource.setrlimit(limit, (least, least))
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def resident_memory() -> int:
    """Bytes of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
