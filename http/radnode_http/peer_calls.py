"""Calls to peers beside the event loop: few at once, so that silent peers cannot keep the others' threads."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from radnode.dimse.callers import caller_for
from radnode.dimse.scu import Caller, Cancelled, Echoed, NoAnswer, Stopping, echo, find
from radnode.model.level import Level, Root
from radnode.settings import Peer, Settings
from radnode_http.answers.peers import PeerMatch
from radnode_http.errors import Refusal
from radnode_http.params.peers import PeerQuery
from radnode_http.peer_queries import keeps, keys_of, match_of

AT_ONCE = 8
GRACE = 2.0
"""Seconds that a peer has to come to an end once nobody wants more."""
LONGEST = 4
"""Times the patience with silence that a search may take in all, however much the peer says."""
T = TypeVar("T")


class PeerCalls:
    """Makes calls in threads of its own, and ends them when the application does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(AT_ONCE, "peers")
        self._count = 0
        self._lock = threading.Lock()
        self._live: set[Stopping] = set()
        self._closed = False

    async def echo(self, peer: Peer) -> Echoed:
        """The answer to a C-ECHO. Raises CallFailed, and Refusal (503) where too many calls are under way."""
        return await self._beside(lambda: self._echo(peer))

    async def query(self, peer: Peer, level: Level, query: PeerQuery) -> tuple[list[PeerMatch], bool]:
        """At most `query.limit` matches, and whether those were all; raises as `echo`."""
        return await self._beside(lambda: self._query(peer, level, query))

    def close(self) -> None:
        """End the calls that are under way; new ones are refused."""
        with self._lock:
            self._closed = True
            for stopping in self._live:
                stopping.ask()
        self._threads.shutdown(wait=False)

    async def _beside(self, call: Callable[[], T]) -> T:
        if self._count >= AT_ONCE:
            raise Refusal(503, "Too many peers are being called")
        self._count += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._count -= 1

    def _echo(self, peer: Peer) -> Echoed:
        with self._calling(peer) as (caller, _):
            return echo(peer, caller)

    def _query(self, peer: Peer, level: Level, query: PeerQuery) -> tuple[list[PeerMatch], bool]:
        keep = keeps(query)
        matches: list[PeerMatch] = []
        root = Root.PATIENT if level is Level.PATIENT else Root.STUDY
        deadline = time.monotonic() + LONGEST * self._settings.asking.timeout
        with self._calling(peer) as (caller, stopping):
            try:
                for found in find(peer, caller, level, keys_of(query, level), root=root):
                    match = match_of(found, level)
                    if len(matches) <= query.limit and keep(match):
                        matches.append(match)
                    if len(matches) > query.limit or time.monotonic() > deadline:
                        stopping.ask()
            except Cancelled:
                if len(matches) <= query.limit:
                    raise
        if len(matches) <= query.limit and time.monotonic() > deadline:
            raise NoAnswer(f"{peer.title} did not come to an end")
        return matches[: query.limit], len(matches) <= query.limit

    @contextmanager
    def _calling(self, peer: Peer) -> Iterator[tuple[Caller, Stopping]]:
        stopping = Stopping(GRACE)
        with self._lock:
            if self._closed:
                stopping.ask()
            self._live.add(stopping)
        try:
            yield caller_for(peer, self._settings, self._settings.asking.timeout, stopping), stopping
        finally:
            with self._lock:
                self._live.discard(stopping)
                stopping.close()
