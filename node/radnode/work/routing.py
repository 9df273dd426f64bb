"""What arrives is queued for those who are to have it, before whoever brought it hears of success."""

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from radnode.archive.stored import Outcome, Stored
from radnode.model.route import Route, Sender, destinations
from radnode.work.queue import Order, Queue
from radnode.work.work_file import WorkFile

_ANEW = (Outcome.NEW, Outcome.CONFLICT)


class Router:
    """Routes of one process, which need the work file only where one of them takes something. Thread-safe."""

    def __init__(self, routes: Iterable[Route], work_file: Path) -> None:
        self._routes = tuple(routes)
        self._path = work_file
        self._work: WorkFile | None = None
        self._lock = threading.Lock()

    def route(self, stored: Stored, sender: Sender) -> None:
        """Queue a stored object for every destination that a rule names, on the disk on return.

        The same object once more is not queued twice; one that is new to the archive, or has replaced another, is
        sent even where it was sent before. Raises OutOfResources; then doing it again, as senders do, is right.
        """
        found = destinations(self._routes, sender, stored.header)
        if not found:
            return
        orders = [
            Order(stored.path, stored.header.sop_instance, title, route.name, route.quiet)
            for title, route in found.items()
        ]
        self._queue().enqueue(orders, time.time(), again=stored.outcome in _ANEW)

    def _queue(self) -> Queue:
        with self._lock:
            if self._work is None:
                self._work = WorkFile.open(self._path)
            return Queue(self._work)

    def close(self) -> None:
        """Close the work file."""
        with self._lock:
            work, self._work = self._work, None
        if work is not None:
            work.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
