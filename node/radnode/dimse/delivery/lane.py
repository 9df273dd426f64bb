"""Sending what is due to one destination, batch after batch, over one association at a time.

What came of an object is recorded before the next one goes out: after `kill -9` only the object whose answer had not
come, or was not yet written down, is sent a second time. After a power failure it is those of the last moments, because
that record is not flushed each time.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.delivery.metrics import DeliveryMetrics
from radnode.dimse.delivery.verdict import Judgement, Verdict, delay, judge, printable
from radnode.dimse.scu import Caller, CallFailed, Sent, send
from radnode.dimse.scu.outgoing import Outgoing, outgoing_holding
from radnode.dimse.scu.values import Unsent
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.model.redaction import redact
from radnode.sections.queue import QueueSettings
from radnode.settings import Peer
from radnode.work.queue import Hold, Item, Queue, State

BATCH = 100
"""Objects that are claimed at once, and go over one association."""
_PATIENCE = 1.0
GONE = "deleted or replaced before it was sent"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """What all lanes work with; `caller_for` may raise CallFailed."""

    archive: Archive
    queue: Queue
    settings: QueueSettings
    metrics: DeliveryMetrics
    caller_for: Callable[[Peer], Caller]


class Lane:
    """Sends to one destination, in a thread of its own, until nothing is due there or it has to be left alone."""

    def __init__(self, post: Post, peer: Peer, halt: threading.Event) -> None:
        """`halt` ends it after the object that is on its way."""
        self._post, self._peer, self._halt = post, peer, halt
        self._queue = post.queue
        self._log = log.bind(destination=peer.title)

    def run(self) -> None:
        """Send. Raises nothing that a full disk or a damaged file is the reason of."""
        try:
            while not self._halt.is_set():
                items = self._queue.claim(self._peer.title, time.time(), BATCH)
                if not items:
                    return
                if why := self._bring(items):
                    self._leave_alone(why)
                    return
        except RadnodeError as error:
            self._log.warning("delivery_interrupted", why=str(error))
            self._halt.wait(_PATIENCE)

    def _bring(self, items: list[Item]) -> str:
        """Send a batch; why the destination takes no more, or "". What was not tried waits as before."""
        pending = {self._post.archive.layout.current(item.path): item for item in items}
        started, stored = time.monotonic(), 0
        try:
            objects = self._outgoing(pending)
            for sent in send(self._peer, self._post.caller_for(self._peer), objects):
                judgement = self._settle(sent, pending)
                if judgement.verdict is Verdict.LATER:
                    return judgement.why
                if judgement.verdict is Verdict.SENT:
                    stored += 1
                    self._answers(stored)
                if self._halt.is_set():
                    break
        except CallFailed as failed:
            return printable(str(failed))
        finally:
            self._insist(partial(self._queue.release, list(pending.values())))
            if stored:
                seconds = round(time.monotonic() - started, 3)
                self._log.info("delivery", stored=stored, of=len(items), seconds=seconds)
        return ""

    def _outgoing(self, pending: dict[Path, Item]) -> list[Outgoing]:
        """The objects to send; what the index does not know as current any more is done with, and not pending."""
        archive, objects = self._post.archive, []
        for path, item in list(pending.items()):
            held = archive.holding(item.sop_instance)
            if held is None or held.path != item.path:
                self._record(pending.pop(path), State.DONE, GONE)
            else:
                objects.append(outgoing_holding(held, archive.layout.root))
        return objects

    def _settle(self, sent: Sent, pending: dict[Path, Item]) -> Judgement:
        """Write down what came of an object; one that was not even tried is left pending."""
        item = pending[sent.path]
        tries, now = item.attempts + 1, time.time()
        judgement = judge(sent, tries)
        if sent.unsent is Unsent.NOT_TRIED:
            return judgement
        self._post.metrics.tried(self._peer.title, judgement.verdict)
        if judgement.verdict is Verdict.SENT:
            self._record(item, State.DONE, judgement.why)
        else:
            is_late = now - item.enqueued > self._post.settings.give_up_after
            state = State.DEAD if is_late or judgement.verdict is Verdict.NEVER else State.WAITING
            self._record(item, state, judgement.why, due=now + self._delay(tries))
            told = {"instance": redact(item.sop_instance), "why": judgement.why}
            self._log.warning("not_delivered", **told, tries=tries, state=state.value)
        del pending[sent.path]
        return judgement

    def _answers(self, stored: int) -> None:
        """The first object of a batch that the destination took ends its being left alone."""
        if stored == 1 and self._queue.held(self._peer.title):
            self._queue.hold(self._peer.title, None)

    def _record(self, item: Item, state: State, error: str, *, due: float = 0.0) -> None:
        self._insist(partial(self._queue.settle, item, state, time.time(), due=due, error=error))

    def _insist(self, write: Callable[[], None]) -> None:
        """Write, and where the disk is full wait for room: what is not written down would be sent twice."""
        while True:
            try:
                return write()
            except OutOfResources as why:
                self._log.warning("delivery_not_recorded", why=str(why))
                if self._halt.wait(_PATIENCE):
                    raise

    def _leave_alone(self, why: str) -> None:
        """The destination takes nothing now; what has waited for it too long is given up."""
        title, now = self._peer.title, time.time()
        before = self._queue.held(title)
        tries = before.attempts + 1 if before else 1
        self._queue.hold(title, Hold(tries, now + self._delay(tries), why))
        dead = self._queue.give_up(title, now - self._post.settings.give_up_after, why, now)
        self._log.warning("destination_left_alone", why=why, tries=tries, given_up=dead)

    def _delay(self, tries: int) -> float:
        return delay(tries, self._post.settings.first_delay, self._post.settings.longest_delay, random.random())
