"""One accepted TCP connection: whole reads and writes, each with a deadline, ended by the wish to stop."""

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping

from radnode.dimse.upper.endings import ConnectionLost, Ending, FileUnreadable, Silent, Stopped, Unwanted
from radnode.dimse.upper.stopping import Stopping

_DISCARD = 65536
_DISCARD_LIMIT = 64 * 1024 * 1024
_SLICE = 65536
GLANCE = 0.05
"""Seconds between two looks at whether what a connection is there for is still wanted."""
_NOT_BY_KERNEL = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EOVERFLOW, errno.EIO}
"""What sendfile says of a file that it cannot send; reading it tells whether it is the file or only the way."""


class Connection:
    """A socket that reads and writes exactly what is asked for, or raises an Ending."""

    def __init__(
        self, sock: socket.socket, stopping: Stopping | None = None, is_wanted: Callable[[], bool] | None = None
    ) -> None:
        """Take over a connected socket; `stopping` is the wish to stop of the server that it belongs to, if any.

        `is_wanted` is asked each GLANCE while there is something to wait for; Unwanted ends the wait if it says no.
        """
        sock.setblocking(False)
        # DCMTK and what is built on it leave Nagle's algorithm on: without prompt ACKs each instance costs them 40 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = sock
        self._stopping = stopping
        self._is_wanted = is_wanted
        self._next_glance = 0.0
        self._poll = select.poll()  # kept, because making one for each wait costs more than the wait
        self._poll.register(sock, select.POLLIN)
        self._awaited = select.POLLIN
        self._heeds_stop = stopping is not None
        if stopping is not None:
            self._poll.register(stopping, select.POLLIN)

    def establish(self, deadline: float) -> Mapping[str, str]:
        """Make it ready for PDUs, and tell what the log should say about how it is secured: TCP alone is not."""
        del deadline
        return {}

    def read(self, view: memoryview, deadline: float, *, interruptible: bool) -> int:
        """Wait for bytes, put into `view` what has come, and say how many they are: at least one.

        An interruptible read ends at once when the node stops, any other at the end of the grace.
        """
        while True:
            try:
                count = self._socket.recv_into(view)
            except OSError as error:
                self._wait(self._due(error, select.POLLIN), deadline, interruptible=interruptible)
                continue
            if count == 0:
                raise ConnectionLost("closed by the peer")
            return count

    def send(self, data: bytes | bytearray | memoryview, deadline: float) -> None:
        """Send all of `data`.

        Where it cannot be sent whole the connection is cut: an A-ABORT would be taken for the rest of the PDU, and
        so for a piece of an object.
        """
        try:
            self._send(memoryview(data), deadline)
        except Ending:
            self.cut()
            raise

    def send_file(self, head: bytes, descriptor: int, offset: int, count: int, deadline: float) -> None:
        """Send `head`, then `count` bytes of an open file from `offset` on, which the kernel takes from there itself.

        FileUnreadable where the file ends before or cannot be read; the connection is cut then, as `send` does it.
        """
        try:
            self._send_file(head, descriptor, offset, count, deadline)
        except Ending:
            self.cut()
            raise

    def _send_file(self, head: bytes, descriptor: int, offset: int, count: int, deadline: float) -> None:
        self._send(memoryview(head), deadline, socket.MSG_MORE if count else 0)
        sent = self._send_by_kernel(descriptor, offset, count, deadline)
        self._send_by_slices(b"", descriptor, offset + sent, count - sent, deadline)

    def _send_by_slices(self, head: bytes, descriptor: int, offset: int, count: int, deadline: float) -> None:
        while count:
            piece = _read_slice(descriptor, offset, min(count, _SLICE))
            self._send(memoryview(head + piece), deadline)
            head, offset, count = b"", offset + len(piece), count - len(piece)
        if head:
            self._send(memoryview(head), deadline)

    def _send_by_kernel(self, descriptor: int, offset: int, count: int, deadline: float) -> int:
        """How many bytes it took; fewer than `count` where it cannot send from this file, or the file ends."""
        sent = 0
        while sent < count:
            try:
                taken = os.sendfile(self._socket.fileno(), descriptor, offset + sent, count - sent)
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline, interruptible=False)
                continue
            except OSError as error:
                if error.errno in _NOT_BY_KERNEL:
                    return sent
                raise ConnectionLost(str(error)) from error
            if taken == 0:
                return sent
            sent += taken
        return sent

    def _send(self, view: memoryview, deadline: float, flags: int = 0) -> None:
        while view:
            try:
                view = view[self._socket.send(view, flags) :]
            except OSError as error:
                self._wait(self._due(error, select.POLLOUT), deadline, interruptible=False)

    @property
    def is_stopping(self) -> bool:
        """Whether the node has been asked to stop."""
        return self._stopping is not None and self._stopping.deadline is not None

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether a read would find something, be it only the end; waits at most so long for it."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def part(self, seconds: float) -> None:
        """Let the peer read our last words: send no more, discard what it still sends until it closes, then close."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError, Silent, Stopped, Unwanted):
            self._socket.shutdown(socket.SHUT_WR)
            for _ in self._discarded(deadline):
                pass
        self._socket.close()

    def _discarded(self, deadline: float) -> Iterator[int]:
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

    def _due(self, error: OSError, usual: int) -> int:
        """The event to wait for after `error` before trying again; ConnectionLost where there is none."""
        if isinstance(error, BlockingIOError):
            return usual
        raise ConnectionLost(str(error)) from error

    def _wait(self, event: int, deadline: float, *, interruptible: bool) -> None:
        stop_at = self._stopping.deadline if self._stopping else None
        if stop_at is not None:
            if interruptible:
                raise Stopped("the node is stopping")
            deadline = min(deadline, stop_at)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise Silent("the peer was silent too long") if stop_at is None else Stopped("the time to finish is over")
        if self._heeds_stop and self._stopping and stop_at is not None:
            self._heeds_stop = False  # it is known now, and would end every wait at once
            self._poll.unregister(self._stopping)
        if event != self._awaited:
            self._awaited = event
            self._poll.modify(self._socket, event)
        if event == select.POLLIN:
            # Who waits for our ACK (see above) has sent all that it may, so it is enough to ask for prompt ones here.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if self._is_wanted is not None:
            remaining = min(remaining, self._glanced(self._is_wanted))
        self._poll.poll(max(1, int(remaining * 1000)))

    def _glanced(self, is_wanted: Callable[[], bool]) -> float:
        """Seconds until the next look; Unwanted where this one says so."""
        now = time.monotonic()
        if now >= self._next_glance:
            if not is_wanted():
                raise Unwanted("not wanted any more")
            self._next_glance = now + GLANCE
        return self._next_glance - now


def _read_slice(descriptor: int, offset: int, count: int) -> bytes:
    try:
        piece = os.pread(descriptor, count, offset)
    except OSError as error:
        raise FileUnreadable(error.strerror or "cannot be read") from error
    if not piece:
        raise FileUnreadable("the file has become shorter")
    return piece
