"""The errand that empties the send queue: lanes to each destination that has something due, each for itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.callers import caller_for
from radnode.dimse.delivery.lane import Lane, Post
from radnode.dimse.delivery.metrics import DeliveryMetrics
from radnode.dimse.scu import Caller
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.settings import Peer, Settings
from radnode.work.queue import Queue
from radnode.work.queue_view import standings
from radnode.work.work_file import WorkFile

TICK = 0.2
"""Seconds between looks at whether anybody has written to the work file; a look costs some microseconds."""
UPKEEP = 3600.0
"""Seconds between rounds of forgetting what was sent long ago."""
COUNTING = 15.0
"""Seconds between looks at how many items there are, for the metrics."""
STRANGER = "the settings name no such peer"
log = structlog.get_logger()


class _Every:
    """Says so often that something is due: at first, and then every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Delivery:
    """For the courier alone: it takes for granted that nobody else sends what is queued."""

    name = "delivery"

    def __init__(self, archive: Archive, work: WorkFile, settings: Settings) -> None:
        """Over an archive and a work file that its process has opened."""
        self._archive, self._work, self._settings = archive, work, settings
        self._queue, self._metrics = Queue(work), DeliveryMetrics()
        self._peers = [peer for peer in settings.peers if peer.is_callable]
        self._lanes: dict[str, list[threading.Thread]] = {peer.title: [] for peer in self._peers}
        self._due: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Send what is due until `stop` is set; what is on its way then comes to its end. Raises OutOfResources."""
        with ExitStack() as stack:
            transcoder = Transcoder(self._settings.transcoding.processes, self._settings.transcoding.timeout)
            stack.callback(transcoder.close)
            post = Post(
                self._archive, self._queue, self._settings.queue, self._metrics, partial(self._caller, transcoder)
            )
            halt = threading.Event()
            stack.callback(self._end_lanes, halt)
            self._queue.resume()
            self._run(post, stop, halt)

    def _run(self, post: Post, stop: threading.Event, halt: threading.Event) -> None:
        upkeep, counting = _Every(UPKEEP), _Every(COUNTING)
        with self._watch() as has_changed:
            while not stop.is_set():
                if has_changed() or any(due <= time.time() for due in self._due.values()):
                    self._start_lanes(post, halt)
                if upkeep.is_due():
                    self._keep_up()
                if counting.is_due():
                    self._metrics.stand(standings(self._work), time.time())
                stop.wait(TICK)

    def _end_lanes(self, halt: threading.Event) -> None:
        halt.set()
        for lanes in self._lanes.values():
            for lane in lanes:
                lane.join()

    def _start_lanes(self, post: Post, halt: threading.Event) -> None:
        """One more lane to each destination that has something due, as long as it may have one more."""
        for peer in self._peers:
            lanes = self._lanes[peer.title] = [lane for lane in self._lanes[peer.title] if lane.is_alive()]
            due = self._due[peer.title] = self._next_due(peer.title)
            if due <= time.time() and len(lanes) < self._settings.queue.associations:
                lane = threading.Thread(target=Lane(post, peer, halt).run, name=f"lane {peer.title}", daemon=True)
                lane.start()
                lanes.append(lane)

    def _next_due(self, title: str) -> float:
        due = self._queue.next_due(title)
        if due is None:
            return float("inf")
        held = self._queue.held(title)
        return max(due, held.due) if held else due

    def _caller(self, transcoder: Transcoder, peer: Peer) -> Caller:
        return replace(caller_for(peer, self._settings, self._settings.queue.timeout), transcoder=transcoder)

    def _keep_up(self) -> None:
        """Forget what was sent long ago, and give up what goes to peers that the settings do not name any more.

        What a clock that was put right would leave waiting for long is due.
        """
        now, settings = time.time(), self._settings.queue
        if self._queue.heed_clock(now, settings.longest_delay):
            log.warning("clock_went_back")
        while self._queue.forget(now - settings.remember):
            continue
        for title in set(self._queue.destinations()).difference(self._lanes):
            dead = self._queue.give_up(title, now - settings.give_up_after, STRANGER, now)
            log.warning("destination_unknown", destination=title, given_up=dead)

    @contextmanager
    def _watch(self) -> Iterator[Callable[[], bool]]:
        """Tells, within the block, whether anybody has written to the work file since it was asked last."""
        seen = -1
        with self._work.reading() as connection:

            def has_changed() -> bool:
                nonlocal seen
                before, seen = seen, int(connection.execute("PRAGMA data_version").fetchone()[0])
                return seen != before

            yield has_changed
