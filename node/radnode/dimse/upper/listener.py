"""Accepting connections on listening sockets that several processes may share."""

import errno
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.stopping import Stopping

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_OURS = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EFAULT}
"""What says that the listening socket is none; every other error is the caller's connection's, gone already."""
_BREATH = 100  # milliseconds until the next try when descriptors or memory have run out
_COURTESY = 2  # milliseconds, at most, in which a process that has less to do may take a caller first


@dataclass(frozen=True, slots=True)
class Door:
    """A socket that is bound and listening, and what becomes of what it accepts."""

    listening: socket.socket
    connect: Callable[[socket.socket, Stopping], Connection] = Connection


class Listener:
    """Yields connections until the node stops, and leaves them to other processes that have fewer."""

    def __init__(
        self, doors: Sequence[Door], stopping: Stopping, relieve: Callable[[], None], load: Callable[[], int]
    ) -> None:
        """`relieve` is called when nothing more can be opened; `load` says how many connections there are here."""
        for door in doors:
            door.listening.setblocking(False)
        self._doors = {door.listening.fileno(): door for door in doors}
        self._stopping = stopping
        self._relieve = relieve
        self._load = load

    def __iter__(self) -> Iterator[tuple[socket.socket, str, Door]]:
        """Accepted sockets with the caller's IP address, and where they came in."""
        poll = select.poll()
        for descriptor in self._doors:
            poll.register(descriptor, select.POLLIN)
        poll.register(self._stopping, select.POLLIN)
        while True:
            ready = poll.poll()
            if load := self._load():
                self._pause(min(load, _COURTESY))
            if self._stopping.deadline is not None:
                return
            for descriptor, _ in ready:
                door = self._doors.get(descriptor)
                accepted = self._accept(door.listening) if door else None
                if door and accepted:
                    yield *accepted, door

    def _accept(self, listening: socket.socket) -> tuple[socket.socket, str] | None:
        try:
            sock, address = listening.accept()
        except OSError as error:
            if error.errno in _OURS:
                raise
            if error.errno not in _EXHAUSTED:
                return None  # another process took it, or the caller is gone, or the way to it (accept(2))
            self._relieve()
            self._pause(_BREATH)
            return None
        return sock, str(address[0])

    def _pause(self, milliseconds: int) -> None:
        """Wait, but no longer than until the node is to stop."""
        pause = select.poll()
        pause.register(self._stopping, select.POLLIN)
        pause.poll(milliseconds)
