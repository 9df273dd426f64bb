"""The wish to stop, seen by every thread that waits on a socket."""

import os
import time


class Stopping:
    """Asked once, seen for ever after: a descriptor to poll beside a socket, and the deadline of what is in flight."""

    def __init__(self, grace: float) -> None:
        """`grace` is how many seconds an operation in flight may still take once stopping was asked."""
        self._grace = grace
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._deadline: float | None = None

    def fileno(self) -> int:
        """The descriptor: readable from the moment that stopping was asked."""
        return self._descriptor

    @property
    def deadline(self) -> float | None:
        """When work in flight is given up (monotonic clock); None while nobody asked to stop."""
        return self._deadline

    def ask(self) -> None:
        """Stop; asking again changes nothing."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace
            os.eventfd_write(self._descriptor, 1)

    def close(self) -> None:
        """Free the descriptor, once no thread can wait on it any more."""
        os.close(self._descriptor)
