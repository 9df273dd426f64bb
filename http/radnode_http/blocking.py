"""Blocking work beside the event loop, seen to its end."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

AT_ONCE = 6
"""Threads that work in bulk at a time: the others are for those who want one answer now."""
P = ParamSpec("P")
T = TypeVar("T")


async def to_its_end(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As asyncio.to_thread, but when cancelled waits for the thread: what comes next may touch the same file."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain of it; the cancellation is what counts
        raise


async def in_turn(turns: asyncio.Semaphore, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As to_its_end, when its turn comes: for one step of work in bulk."""
    async with turns:
        return await to_its_end(work, *args, **kwargs)
