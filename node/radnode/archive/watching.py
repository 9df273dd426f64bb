"""A long search of SQLite that its caller can give up, though nothing is found yet."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from radnode.model.errors import Abandoned

Part = TypeVar("Part")
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
        if watch.end is not None:
            raise watch.end from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def in_parts(parts: Iterable[Part], given_up: GivenUp | None) -> Iterator[Part]:
    """The parts of a search, none of which takes long; before each, now and then, `given_up` is asked, as above."""
    watch = _Watch(given_up or (lambda: False))
    for part in parts:
        if watch() and watch.end is not None:
            raise watch.end
        yield part


class _Watch:
    def __init__(self, given_up: GivenUp) -> None:
        self._given_up = given_up
        self._next = time.monotonic() + _SECONDS
        self.end: BaseException | None = None
        """What ends the search, once it is over."""

    def __call__(self) -> bool:
        """Whether SQLite is to stop; nothing may be raised through it."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _SECONDS
        try:
            self.end = Abandoned("the search was given up") if self._given_up() else None
        except BaseException as failure:  # noqa: BLE001 (it is raised once SQLite has stopped)
            self.end = failure
        return self.end is not None
