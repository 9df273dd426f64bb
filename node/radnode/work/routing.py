"""What arrives is queued for those who are to have it, before whoever brought it hears of success."""

import time
from collections.abc import Iterable

from radnode.archive.stored import Outcome, Stored
from radnode.model.route import Route, Sender, destinations
from radnode.work.queue import Order, Queue
from radnode.work.work_file import WorkFile

_ANEW = (Outcome.NEW, Outcome.CONFLICT)


class Router:
    """Holds routes against what arrives. Thread-safe."""

    def __init__(self, routes: Iterable[Route], work: WorkFile) -> None:
        self._routes = tuple(routes)
        self._queue = Queue(work)

    def route(self, stored: Stored, sender: Sender) -> None:
        """Queue a stored object for every destination that a rule names, on the disk on return.

        The same object once more is not queued twice; one that is new to the archive, or has replaced another, is
        sent even where it was sent before. Raises OutOfResources; then doing it again, as senders do, is right: what
        arrived later than it was queued is queued anew.
        """
        if not self._routes or not (found := destinations(self._routes, sender, stored.header)):
            return
        orders = [
            Order(stored.path, stored.header.sop_instance, title, route.name, route.quiet)
            for title, route in found.items()
        ]
        again = stored.outcome in _ANEW
        self._queue.enqueue(orders, time.time(), again=again, arrived=stored.arrived / 1e9)
