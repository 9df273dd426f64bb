"""The process in which pictures are made and reports read: expendable, because that may crash, hang or eat memory.

Run as `python -m radnode.instance.pictures.render_worker DESCRIPTOR MEMORY USES`: its end of a stream socket, the
bytes that it may hold, and the requests that it answers. It says READY once, then answers each request in turn, and
ends when the other end is closed, so also when its parent is killed; or when it is worn out, by requests or by what it
still holds behind one. Its last answer says so.
"""

import gc
import socket
import sys
from pathlib import Path

from radnode.instance.expendable import GRACE, confine, mortal, resident_memory
from radnode.instance.pictures.cine import read_frame_facts
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.instance.pictures.render_protocol import (
    ANSWER,
    LENGTH,
    READY,
    REFUSALS,
    Request,
    as_last,
    encode_made,
    encode_refusal,
)
from radnode.instance.words.report_wish import PresentedReport, ReportWish


def answer(request: Request) -> bytes:
    """The encoded answer: what is wished for, or the words of a refusal."""
    path, wish = Path(request.path), request.wish
    try:
        if isinstance(wish, ReportWish):
            return encode_made(_presented(path, wish))
        return encode_made(render(path, wish) if isinstance(wish, PictureWish) else read_frame_facts(path))
    except tuple(REFUSALS.values()) as refusal:
        return encode_refusal(refusal)


def _presented(path: Path, wish: ReportWish) -> PresentedReport:
    # its reader is loaded only where a report is wanted
    from radnode.instance.words.presented import present  # noqa: PLC0415

    return present(path, wish)


def serve(connection: socket.socket, uses: int, resident: int) -> None:
    """Answer requests until there are no more, or so many, or more bytes than `resident` are held behind an answer."""
    connection.sendall(ANSWER.pack(READY, 0, 0))
    with connection.makefile("rb") as requests:
        for left in reversed(range(uses)):
            if len(head := requests.read(LENGTH.size)) < LENGTH.size:
                return
            request = Request.decode(requests.read(*LENGTH.unpack(head)))
            with mortal(connection, request.limit + GRACE):
                answered = answer(request)
            worn_out = not left or resident_memory() > resident
            connection.sendall(as_last(answered) if worn_out else answered)
            if worn_out:
                return


if __name__ == "__main__":
    descriptor, memory, allowed = map(int, sys.argv[1:])
    confine(memory)
    gc.freeze()  # what is loaded stays: nobody needs to look at it again
    with socket.socket(fileno=descriptor) as parent:
        serve(parent, allowed, memory // 4)
