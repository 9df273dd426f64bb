"""Names of peers: remembered, waited for only so long, and asked for once at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from support.dimse_server import wait_until

from radnode.dimse.resolving import FRESH, STALE, Resolver


class Names:
    """A name server and a clock that do what the test says."""

    def __init__(self) -> None:
        self.known = {"10.0.0.9"}
        self.asked = 0
        self.now = 1000.0
        self.answers = threading.Event()
        self.answers.set()

    def resolve(self, host: str) -> set[str]:
        self.asked += 1
        self.answers.wait(10)
        return self.known if host == "pacs" else set()

    def resolver(self, wait: float = 10) -> Resolver:
        return Resolver(self.resolve, wait=wait, clock=lambda: self.now)


def test_a_name_is_asked_for_once_in_a_while() -> None:
    names = Names()
    resolver = names.resolver()
    assert resolver("pacs") == resolver("pacs") == {"10.0.0.9"}
    assert names.asked == 1
    names.now += FRESH
    names.known = {"10.0.0.10"}
    assert resolver("pacs") == {"10.0.0.10"}
    assert names.asked == 2


def test_the_last_answer_counts_for_a_while_when_there_is_no_other() -> None:
    names = Names()
    resolver = names.resolver()
    assert resolver("pacs")
    names.known = set()
    names.now += STALE - 1
    assert resolver("pacs") == {"10.0.0.9"}
    names.now += 1
    assert resolver("pacs") == set()


def test_a_name_server_that_is_silent_holds_nobody_for_long_and_is_asked_once() -> None:
    names = Names()
    names.answers.clear()
    resolver = names.resolver(wait=0.05)
    started = time.monotonic()
    assert [resolver("pacs") for _ in range(4)] == [set()] * 4
    assert time.monotonic() - started < 5
    assert names.asked == 1
    names.answers.set()
    wait_until(lambda: resolver("pacs") == {"10.0.0.9"})


@contextmanager
def without_threads() -> Iterator[None]:
    """None can be started, because no memory holds a stack so large."""
    usual = threading.stack_size(1 << 50)
    try:
        yield
    finally:
        threading.stack_size(usual)


def test_where_no_thread_is_to_be_had_the_last_answer_counts_and_the_next_caller_asks_again() -> None:
    names = Names()
    resolver = names.resolver()
    with without_threads():
        assert resolver("pacs") == set()
    assert resolver("pacs") == {"10.0.0.9"}
    names.now += FRESH
    names.known = {"10.0.0.10"}
    with without_threads():
        assert resolver("pacs") == {"10.0.0.9"}
    assert resolver("pacs") == {"10.0.0.10"}


def test_a_name_that_is_none_lets_nobody_in() -> None:
    assert Names().resolver()("nobody") == set()
