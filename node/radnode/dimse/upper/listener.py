"""Accepting connections on a listening socket that several processes may share."""

import errno
import select
import socket
from collections.abc import Callable, Iterator

from radnode.dimse.upper.stopping import Stopping

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_OURS = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EFAULT}
"""What says that the listening socket is none; every other error is the caller's connection's, gone already."""
_BREATH = 100  # milliseconds until the next try when descriptors or memory have run out


class Listener:
    """Yields connections until the node stops."""

    def __init__(self, listening: socket.socket, stopping: Stopping, relieve: Callable[[], None]) -> None:
        """`listening` is bound and listening; `relieve` is called when nothing more can be opened."""
        listening.setblocking(False)
        self._listening = listening
        self._stopping = stopping
        self._relieve = relieve

    def __iter__(self) -> Iterator[tuple[socket.socket, str]]:
        """Accepted sockets with the caller's IP address."""
        poll = select.poll()
        poll.register(self._listening, select.POLLIN)
        poll.register(self._stopping, select.POLLIN)
        while True:
            poll.poll()
            if self._stopping.deadline is not None:
                return
            accepted = self._accept()
            if accepted is not None:
                yield accepted

    def _accept(self) -> tuple[socket.socket, str] | None:
        try:
            sock, address = self._listening.accept()
        except OSError as error:
            if error.errno in _OURS:
                raise
            if error.errno not in _EXHAUSTED:
                return None  # another process took it, or the caller is gone, or the way to it (accept(2))
            self._relieve()
            pause = select.poll()
            pause.register(self._stopping, select.POLLIN)
            pause.poll(_BREATH)
            return None
        return sock, str(address[0])
