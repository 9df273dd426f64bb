"""The supervisor's loop: children are started, watched, started again when they die, and stopped in order."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import structlog

from radnode.cli.child import Child, Job
from radnode.cli.waking import Waking

log = structlog.get_logger()

GRACE = 25.0
"""Seconds that children have to finish what is in flight."""


class Supervisor:
    """Runs jobs in children, from entering it until it is left.

    Entering starts one child of each kind, which loads its code and waits until `run`; the others follow once those
    serve, so that many workers do not delay the node.
    """

    def __init__(self, jobs: Sequence[Job], waking: Waking) -> None:
        self._children = [Child(job) for job in jobs]
        self._kinds = {child.job.kind for child in self._children}
        self._first = {child.job.kind: child for child in reversed(self._children)}.values()
        self._waking = waking
        self._was_ready = self._has_served = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(waking.descriptor, selectors.EVENT_READ, self._signalled)
        self._signals = 0
        self._is_stopping = False

    def __enter__(self) -> "Supervisor":
        for child in self._first:
            child.spawn()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._running():
            child.signal(signal.SIGKILL)
            child.died(time.monotonic())
        self._selector.close()

    def run(self, *, on_ready: Callable[[bool], None], on_death: Callable[[int], None]) -> bool:
        """Let them serve, until a signal asks to stop (True), or a child dies again and again (False).

        `on_ready` hears whether every job is being done, each time that changes; `on_death` the process id of each
        child that ended.
        """
        self._on_ready, self._on_death = on_ready, on_death
        while not self._signals:
            self._start_due()
            self._wait(self._until_due())
            self._tell_ready()
            hopeless = [child for child in self._children if child.backoff.is_hopeless]
            if hopeless:
                log.error("node_gives_up", child=hopeless[0].job.name, deaths=hopeless[0].backoff.deaths)
                return False
        return True

    def stop(self) -> bool:
        """Have the children finish what is in flight; a further signal ends that. False if some had to be killed."""
        self._is_stopping = True
        asked = self._signals
        self._tell_ready()
        for child in self._children:
            child.job.listening.close()
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while self._running() and time.monotonic() < deadline and self._signals == asked:
            self._wait(deadline - time.monotonic())
        late = self._running()
        for child in late:
            log.warning("child_killed", child=child.job.name)
            child.signal(signal.SIGKILL)
        while self._running():
            self._wait(None)
        return not late

    def _running(self) -> list[Child]:
        return [child for child in self._children if child.process is not None]

    def _wanted(self) -> Sequence[Child]:
        return self._children if self._has_served else list(self._first)

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._wanted():
            if child.due is not None and child.due <= now:
                if child.process is None:
                    child.spawn()
                child.order(now)
                self._selector.register(
                    child.ready_end, selectors.EVENT_READ, lambda child=child: self._reported(child)
                )
                self._selector.register(child.alive_end, selectors.EVENT_READ, lambda child=child: self._ended(child))

    def _until_due(self) -> float | None:
        due = [child.due for child in self._wanted() if child.due is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _wait(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fd in self._selector.get_map():  # an earlier event of this round may have ended it
                key.data()

    def _signalled(self) -> None:
        for number in self._waking.read():
            name = signal.Signals(number).name
            if number == signal.SIGHUP:
                log.info("signal_ignored", signal=name)
            else:
                log.info("signal", signal=name)
                self._signals += 1

    def _reported(self, child: Child) -> None:
        """It said that it serves, or it closed its end because it is about to die."""
        self._selector.unregister(child.ready_end)
        child.is_ready = bool(os.read(child.ready_end, 1))
        if child.is_ready:
            log.info("child_ready", child=child.job.name)

    def _ended(self, child: Child) -> None:
        assert child.process is not None
        pid = child.process.pid
        self._selector.unregister(child.alive_end)
        if child.ready_end in self._selector.get_map():
            self._selector.unregister(child.ready_end)
        status = child.died(time.monotonic())
        if not self._is_stopping:
            log.error("child_died", child=child.job.name, status=status, deaths=child.backoff.deaths)
        self._on_death(pid)

    def _tell_ready(self) -> None:
        """Ready is: each kind of job is done by at least one child."""
        serving = {child.job.kind for child in self._children if child.is_ready}
        is_ready = serving == self._kinds and not self._is_stopping
        self._has_served = self._has_served or is_ready
        if is_ready != self._was_ready:
            self._was_ready = is_ready
            self._on_ready(is_ready)
