"""How a process lives in which decoders run: bounded in time and memory, and no longer than its parent."""

import fcntl
import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

MAX_MEMORY = 4 * 2**30  # bytes of address space
GRACE = 5.0  # seconds beyond a request's limit


@contextmanager
def mortal(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Inside, the process ends even in the middle of a decoder: when the parent is dead (SIGIO), or too late (SIGALRM).

    The parent is silent until it has the answer, so whatever stirs on the connection meanwhile is its end.
    """
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    signal.setitimer(signal.ITIMER_REAL, seconds)
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(connection, fcntl.F_SETFL, flags)
        signal.setitimer(signal.ITIMER_REAL, 0)


def confine() -> None:
    """Bounds what a decoder may take, and leaves the terminal's interrupt to the parent."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
