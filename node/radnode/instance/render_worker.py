"""The process in which pictures are made: expendable, because a decoder may crash, hang or eat memory.

Run as `python -m radnode.instance.render_worker DESCRIPTOR`; the descriptor is its end of a stream socket. It says
READY once, then answers each request in turn, and ends when the other end is closed, so also when its parent is killed.
"""

import socket
import sys
from pathlib import Path

from radnode.instance.cine import read_frame_facts
from radnode.instance.expendable import GRACE, confine, mortal
from radnode.instance.picture import PictureWish
from radnode.instance.render import render
from radnode.instance.render_protocol import (
    ANSWER,
    LENGTH,
    READY,
    REFUSALS,
    Request,
    encode_made,
    encode_refusal,
)


def answer(request: Request) -> bytes:
    """The encoded answer: what is wished for, or the words of a refusal."""
    path, wish = Path(request.path), request.wish
    try:
        return encode_made(render(path, wish) if isinstance(wish, PictureWish) else read_frame_facts(path))
    except tuple(REFUSALS.values()) as refusal:
        return encode_refusal(refusal)


def serve(connection: socket.socket) -> None:
    """Answer requests until there are no more."""
    connection.sendall(ANSWER.pack(READY, 0, 0))
    with connection.makefile("rb") as requests:
        while len(head := requests.read(LENGTH.size)) == LENGTH.size:
            request = Request.decode(requests.read(*LENGTH.unpack(head)))
            with mortal(connection, request.limit + GRACE):
                answered = answer(request)
            connection.sendall(answered)


if __name__ == "__main__":
    confine()
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        serve(parent)
