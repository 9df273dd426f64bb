"""Heavy work by few at a time, so that everybody else is still answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from radnode.model.errors import TooBusy


class Turns:
    """`at_once` do the work, and `places` in all wait for it, do it, or use what was made. For the event loop's thread.

    `why` tells those who find no place.
    """

    def __init__(self, at_once: int, places: int, why: str) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._places = places
        self._why = why

    @asynccontextmanager
    async def place(self) -> AsyncIterator[asyncio.Semaphore]:
        """A place for the time of the block, and what to hold during the work itself. TooBusy where none is left."""
        if not self._places:
            raise TooBusy(self._why)
        self._places -= 1
        try:
            yield self._free
        finally:
            self._places += 1
