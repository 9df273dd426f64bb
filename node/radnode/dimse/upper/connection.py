"""One accepted TCP connection: whole reads and writes, each with a deadline, ended by the wish to stop."""

import contextlib
import select
import socket
import time
from typing import TYPE_CHECKING

from radnode.dimse.upper.endings import ConnectionLost, Silent, Stopped
from radnode.dimse.upper.stopping import Stopping

if TYPE_CHECKING:
    from collections.abc import Iterator

_DISCARD = 65536
_DISCARD_LIMIT = 64 * 1024 * 1024


class Connection:
    """A socket that reads and writes exactly what is asked for, or raises an Ending."""

    def __init__(self, sock: socket.socket, stopping: Stopping | None = None) -> None:
        """Take over a connected socket; `stopping` is the wish to stop of the server that it belongs to, if any."""
        sock.setblocking(False)
        # DCMTK and what is built on it leave Nagle's algorithm on: without prompt ACKs each instance costs them 40 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = sock
        self._stopping = stopping

    def read(self, view: memoryview, deadline: float, *, interruptible: bool) -> None:
        """Fill `view`. An interruptible read ends at once when the node stops, any other at the end of the grace."""
        while view:
            try:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                count = self._socket.recv_into(view)
            except BlockingIOError:
                self._wait(select.POLLIN, deadline, interruptible=interruptible)
                continue
            except OSError as error:
                raise ConnectionLost(str(error)) from error
            if count == 0:
                raise ConnectionLost("closed by the peer")
            view = view[count:]

    def send(self, data: bytes | bytearray, deadline: float) -> None:
        """Send all of `data`."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline, interruptible=False)
            except OSError as error:
                raise ConnectionLost(str(error)) from error

    def readable(self) -> bool:
        """Whether a read would find something, be it only the end."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def part(self, seconds: float) -> None:
        """Let the peer read our last words: send no more, discard what it still sends until it closes, then close."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError, Silent, Stopped):
            self._socket.shutdown(socket.SHUT_WR)
            for _ in self._discarded(deadline):
                pass
        self._socket.close()

    def _discarded(self, deadline: float) -> "Iterator[int]":
        total = 0
        while total < _DISCARD_LIMIT and time.monotonic() < deadline:
            try:
                count = len(self._socket.recv(_DISCARD))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline, interruptible=False)
                continue
            if count == 0:
                return
            total += count
            yield count

    def cut(self) -> None:
        """Make every read and write on it end at once; may be called from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _wait(self, event: int, deadline: float, *, interruptible: bool) -> None:
        stop_at = self._stopping.deadline if self._stopping else None
        if stop_at is not None:
            if interruptible:
                raise Stopped("the node is stopping")
            deadline = min(deadline, stop_at)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise Silent("the peer was silent too long") if stop_at is None else Stopped("the time to finish is over")
        poll = select.poll()
        poll.register(self._socket, event)
        if self._stopping and stop_at is None:
            poll.register(self._stopping, select.POLLIN)
        poll.poll(max(1, int(remaining * 1000)))
