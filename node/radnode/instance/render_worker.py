"""The process in which pictures are made: expendable, because a decoder may crash, hang or eat memory.

Run as `python -m radnode.instance.render_worker DESCRIPTOR`; the descriptor is its end of a stream socket. It says
READY once, then answers each request in turn, and ends when the other end is closed, so also when its parent is killed.
"""

import fcntl
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.instance.render import render
from radnode.instance.render_protocol import ANSWER, LENGTH, PICTURE, READY, REFUSALS, Request

MAX_MEMORY = 4 * 2**30  # bytes of address space
GRACE = 5.0  # seconds beyond a request's limit


def answer(request: Request) -> tuple[int, bytes]:
    """The kind of the answer and its bytes: a picture, or the words of a refusal."""
    try:
        return PICTURE, render(Path(request.path), request.format, request.quality)
    except tuple(REFUSALS.values()) as refusal:
        kind = next(kind for kind, error in REFUSALS.items() if isinstance(refusal, error))
        return kind, str(refusal).encode()


def serve(connection: socket.socket) -> None:
    """Answer requests until there are no more."""
    connection.sendall(ANSWER.pack(READY, 0))
    with connection.makefile("rb") as requests:
        while len(head := requests.read(LENGTH.size)) == LENGTH.size:
            request = Request.decode(requests.read(*LENGTH.unpack(head)))
            with mortal(connection, request.limit + GRACE):
                kind, body = answer(request)
            connection.sendall(ANSWER.pack(kind, len(body)) + body)


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


if __name__ == "__main__":
    confine()
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        serve(parent)
