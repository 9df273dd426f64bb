"""The supervisor's loop: children are started, watched, started again when they die, and stopped in order."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType

import structlog

from radnode.cli.child import Child, Job
from radnode.cli.rereading import reread
from radnode.cli.waking import Waking

log = structlog.get_logger()

GRACE = 25.0
"""Seconds that children have to finish what is in flight."""


class Supervisor:
    """Runs jobs in forked children, from entering it until it is left. This process has to stay free of threads."""

    def __init__(self, jobs: Sequence[Job], waking: Waking) -> None:
        self._children = [Child(job) for job in jobs]
        self._kinds = {child.job.kind for child in self._children}
        self._waking = waking
        self._was_ready = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(waking.descriptor, selectors.EVENT_READ, self._signalled)
        self._signals = 0
        self._is_stopping = False
        self._life, self._living = os.pipe()

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._running():
            child.signal(signal.SIGKILL)
            child.died(time.monotonic())
        self._selector.close()
        os.close(self._life)
        os.close(self._living)

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
            for listening in child.job.listening:
                listening.close()
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
        return [child for child in self._children if child.pid is not None]

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now:
                child.start(now, self._life, partial(self._let_go, child))
                self._selector.register(child.ready_end, selectors.EVENT_READ, partial(self._reported, child))
                self._selector.register(child.alive_end, selectors.EVENT_READ, partial(self._ended, child))

    def _let_go(self, mine: Child) -> None:
        """In a forked child: close what is the supervisor's or another child's, above all their sockets.

        The locks of the roles stay: a role is free again when the last process that served it is gone.
        """
        os.close(self._living)
        self._selector.close()
        self._waking.close()
        for child in self._children:
            child.close()
            for listening in set(child.job.listening).difference(mine.job.listening):
                listening.close()

    def _until_due(self) -> float | None:
        due = [child.due for child in self._children if child.due is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _wait(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fd in self._selector.get_map():  # an earlier event of this round may have ended it
                key.data()

    def _signalled(self) -> None:
        for number in self._waking.read():
            name = signal.Signals(number).name
            if number == signal.SIGHUP:
                self._reload(name)
            else:
                log.info("signal", signal=name)
                self._signals += 1

    def _reload(self, signal_name: str) -> None:
        """Read again what there is to read: here, for children to come, and where that was good in those that run."""
        heeding = {child.job.reload for child in self._children if child.job.reload}
        log.info("signal" if heeding else "signal_ignored", signal=signal_name)
        good = {reload for reload in heeding if reread(reload)}
        for child in self._children:
            if child.job.reload in good:
                child.signal(signal.SIGHUP)

    def _reported(self, child: Child) -> None:
        """It said that it serves, or it closed its end because it is about to die."""
        self._selector.unregister(child.ready_end)
        child.is_ready = bool(os.read(child.ready_end, 1))
        if child.is_ready:
            log.info("child_ready", child=child.job.name)

    def _ended(self, child: Child) -> None:
        assert child.pid is not None
        pid = child.pid
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
        if is_ready != self._was_ready:
            self._was_ready = is_ready
            self._on_ready(is_ready)
