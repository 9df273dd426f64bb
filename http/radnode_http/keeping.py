"""Work that may wait until nobody is served any more for a moment: few things at a time, one thread, a bounded heap."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

QUIET = 0.05
"""Seconds without anything new after which the work is done."""
MUCH = 32 * 2**20
"""Bytes that may wait without haste. Twice as many are all that is held; what comes then is dropped."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done behind the requests: `size` bytes are held until then, and `settle` is called in any case.

    `work` blocks, in a thread; `settle` is for the event loop's.
    """

    size: int
    work: Callable[[], object]
    settle: Callable[[], object]


class Keeping:
    """Does what is due while it is quiet, or where much waits. For the event loop's thread."""

    def __init__(self) -> None:
        self._due: deque[Due] = deque()
        self._size = 0
        self._newest = 0.0
        self._in_haste = False
        self._task: asyncio.Task[None] | None = None

    def add(self, due: Due) -> None:
        """Have it done later, or never, where too much waits already."""
        if self._size > 2 * MUCH:
            due.settle()
            return
        self._due.append(due)
        self._size += due.size
        self._newest = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Wait until all is done."""
        self._in_haste = True
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        while self._due:
            if (seconds := self._patience()) > 0:
                await asyncio.sleep(seconds)
                continue
            batch = [self._due.popleft() for _ in range(min(_AT_ONCE, len(self._due)))]
            try:
                await asyncio.to_thread(_do, batch)
            finally:
                self._size -= sum(due.size for due in batch)
                for due in batch:
                    due.settle()

    def _patience(self) -> float:
        """Seconds to wait for more."""
        if self._in_haste or self._size > MUCH:
            return 0
        return self._newest + QUIET - asyncio.get_running_loop().time()


def _do(batch: Iterable[Due]) -> None:
    for due in batch:
        due.work()
