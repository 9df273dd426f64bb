"""Making a TCP connection that can be given up while it is being made."""

import errno
import os
import select
import socket
import time
from collections.abc import Callable

from radnode.dimse.upper.connection import GLANCE
from radnode.dimse.upper.endings import ConnectionLost, Unwanted


def connect(host: str, port: int, timeout: float, is_wanted: Callable[[], bool] | None = None) -> socket.socket:
    """A connected socket; `timeout` seconds are for each address of the host, its name is looked up before them.

    Raises ConnectionLost where there is none to be had, and Unwanted once `is_wanted` says no.
    """
    error: OSError | None = None
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as refused:  # such as IPv6 where there is none
                error = refused
                continue
            error = _tried(sock, address, time.monotonic() + timeout, is_wanted)
            if error is None:
                return sock
    except UnicodeError:
        raise ConnectionLost(f"{host!r} can be no host name") from None
    except OSError as unknown:
        error = unknown
    raise ConnectionLost(f"cannot connect to {host}:{port}: {error.strerror or error if error else ''}") from error


def _tried(
    sock: socket.socket, address: object, deadline: float, is_wanted: Callable[[], bool] | None
) -> OSError | None:
    """What became of connecting; the socket is closed unless it is connected."""
    sock.setblocking(False)
    try:
        number = sock.connect_ex(address)  # type: ignore[arg-type]  # as getaddrinfo says it
        if number == errno.EINPROGRESS:
            _await(sock, deadline, is_wanted)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number == 0:
            return None
        error = OSError(number, os.strerror(number))
    except TimeoutError as late:
        error = late
    except BaseException:
        sock.close()
        raise
    sock.close()
    return error


def _await(sock: socket.socket, deadline: float, is_wanted: Callable[[], bool] | None) -> None:
    """Until it is connected, or is not going to be."""
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    while not poll.poll(GLANCE * 1000):
        if time.monotonic() >= deadline:
            raise TimeoutError("timed out")
        if is_wanted is not None and not is_wanted():
            raise Unwanted("not wanted any more")
