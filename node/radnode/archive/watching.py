"""A long search of SQLite that its caller can give up, though nothing is found yet."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from radnode.model.errors import Abandoned

GivenUp = Callable[[], bool]
_STEPS = 5_000
"""Instructions of SQLite's machine between two looks at the clock: some hundred rows, less than a millisecond."""
_SECONDS = 0.02
"""Between two questions whether to go on, which may cost a look at a socket."""


@contextmanager
def watched(connection: sqlite3.Connection, given_up: GivenUp | None) -> Iterator[None]:
    """Ask `given_up` time and again while SQLite works for the block. Raises Abandoned, or what `given_up` raises."""
    if given_up is None:
        yield
        return
    watch = _Watch(given_up)
    connection.set_progress_handler(watch, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if watch.failure is not None:
            raise watch.failure from error
        if watch.is_over:
            raise Abandoned("the search was given up") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


class _Watch:
    def __init__(self, given_up: GivenUp) -> None:
        self._given_up = given_up
        self._next = time.monotonic() + _SECONDS
        self.is_over = False
        self.failure: BaseException | None = None

    def __call__(self) -> bool:
        """Whether SQLite is to stop; nothing may be raised through it."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _SECONDS
        try:
            self.is_over = self._given_up()
        except BaseException as failure:  # noqa: BLE001 (it is raised once SQLite has stopped)
            self.failure = failure
        return self.is_over or self.failure is not None
