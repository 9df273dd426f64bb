"""The process in which objects are transcoded: expendable, because a decoder may crash, hang or eat memory.

Run as `python -m radnode.instance.transcoding.transcode_worker DESCRIPTOR`; the descriptor is its end of the socket.
It says READY once, then answers each request in turn, and ends when the other end is closed, so also when its parent is
killed.
"""

import os
import socket
import sys
from pathlib import Path
from select import select

from radnode.instance.expendable import GRACE, MAX_MEMORY, confine, mortal
from radnode.instance.transcoding.transcode import transcode
from radnode.instance.transcoding.transcode_protocol import DONE, MAX_MESSAGE, READY, REFUSALS, Request
from radnode.model.uid import UID

IDLE_LIMIT = 60.0  # seconds without a request, after which its memory is better used elsewhere


def answer(request: Request, descriptor: int) -> bytes:
    """What is answered: how many bytes were written, or the words of a refusal."""
    try:
        return DONE + str(transcode(Path(request.path), UID(request.target), descriptor)).encode()
    except tuple(REFUSALS.values()) as refusal:
        kind = next(kind for kind, error in REFUSALS.items() if isinstance(refusal, error))
        return kind + str(refusal).encode()


def serve(connection: socket.socket) -> None:
    """Answer requests until there are no more, or none comes for long."""
    connection.send(READY)
    while True:
        if not select([connection], [], [], IDLE_LIMIT)[0]:
            return
        body, descriptors, _, _ = socket.recv_fds(connection, MAX_MESSAGE, 1)
        if not body:
            return
        request = Request.decode(body)
        with mortal(connection, request.limit + GRACE):
            answered = answer(request, descriptors[0])
        os.close(descriptors[0])
        connection.send(answered)


if __name__ == "__main__":
    confine(MAX_MEMORY)
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        serve(parent)
