"""The courier's errands, each run by itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class _Errand(Protocol):
    def run(self, stop: threading.Event) -> None: ...


@contextmanager
def run_by_courier(errand: _Errand) -> Iterator[None]:
    """The errand runs while the block does, and has ended behind it."""
    stop = threading.Event()
    thread = threading.Thread(target=errand.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
