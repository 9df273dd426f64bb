"""An acceptor by hand, for what a requestor does when the other side does not quite follow the Standard."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from support.dimse_server import IMPLICIT

from radnode.dimse.upper.associate import ContextAnswer, decode_request, encode_accept
from radnode.dimse.upper.requesting import Address


def received(sock: socket.socket) -> bytes:
    """The next PDU's body."""
    head = sock.recv(6, socket.MSG_WAITALL)
    return sock.recv(int.from_bytes(head[2:], "big"), socket.MSG_WAITALL)


def accept(sock: socket.socket, syntax: str = IMPLICIT) -> None:
    request = decode_request(received(sock))
    sock.sendall(encode_accept(request, [ContextAnswer(1, 0, syntax)], 16384))


@contextmanager
def acceptor(behave: Callable[[socket.socket], object]) -> Iterator[Address]:
    """Someone who takes one connection and does with it what `behave` says, then closes it."""
    said: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            sock, _ = listening.accept()
            with sock:
                sock.settimeout(10)
                said.append(behave(sock))

        thread = threading.Thread(target=take)
        thread.start()
        yield Address("127.0.0.1", listening.getsockname()[1], "ODD", "TESTS")
        thread.join(15)
    assert said, "the acceptor was not treated as it expected"
