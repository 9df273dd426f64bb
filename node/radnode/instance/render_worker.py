"""The process in which pictures are made: expendable, because a decoder may crash, hang or eat memory.

Run as `python -m radnode.instance.render_worker DESCRIPTOR`; the descriptor is its end of a stream socket. It says
READY once, then answers each request in turn, and ends when the other end is closed, so also when its parent is killed.
"""

import socket
import sys
from pathlib import Path

from radnode.instance.expendable import GRACE, confine, mortal
from radnode.instance.render import render
from radnode.instance.render_protocol import ANSWER, LENGTH, PICTURE, READY, REFUSALS, Request


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


if __name__ == "__main__":
    confine()
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        serve(parent)
