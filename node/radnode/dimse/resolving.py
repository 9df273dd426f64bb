"""Addresses of host names, remembered for a while and waited for only so long."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

FRESH = 60.0  # seconds until a name is asked for again
STALE = 600.0  # seconds for which the last answer counts while there is no newer one
WAIT = 3.0  # seconds that a caller whose peer has a name waits for the answer


@dataclass(frozen=True, slots=True)
class _Answer:
    addresses: frozenset[str]
    since: float


class Resolver:
    """Asks a resolver at most once at a time for each name, in a thread of its own, because that cannot be ended."""

    def __init__(
        self,
        resolve: Callable[[str], Iterable[str]],
        *,
        wait: float = WAIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`resolve` gives no address where a name does not resolve."""
        self._resolve = resolve
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[str, _Answer] = {}
        self._asking: dict[str, threading.Event] = {}

    def __call__(self, host: str) -> frozenset[str]:
        """The addresses of `host` as far as they are known within the time; names come from settings, so are few."""
        with self._lock:
            known = self._answers.get(host)
            if known is not None and self._clock() - known.since < FRESH:
                return known.addresses
            done = self._asking.get(host) or self._begin(host)
        done.wait(self._wait)
        with self._lock:
            known = self._answers.get(host)
        return known.addresses if known is not None and self._clock() - known.since < STALE else frozenset()

    def _begin(self, host: str) -> threading.Event:
        """Ask in a thread, which waits for our lock before it says that it has done."""
        done = threading.Event()
        try:
            threading.Thread(target=self._ask, args=(host, done), name=f"resolve {host}", daemon=True).start()
        except RuntimeError:  # no more threads to be had: what is known has to do, and the next caller asks again
            done.set()
        else:
            self._asking[host] = done
        return done

    def _ask(self, host: str, done: threading.Event) -> None:
        found: frozenset[str] = frozenset()
        try:
            found = frozenset(self._resolve(host))
        finally:
            with self._lock:
                if found:
                    self._answers[host] = _Answer(found, self._clock())
                del self._asking[host]
            done.set()
