"""A child of the supervisor: one process that is forked, watched and started again."""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from radnode.cli.backoff import Backoff
from radnode.cli.worker import SIGNALS, Post, Serve, work


@dataclass(frozen=True)
class Job:
    """What a child is for."""

    kind: str
    """dicom, courier, rest or housekeeper."""
    name: str
    """What it is called in the log, and by ps."""
    serve: Serve
    listening: tuple[socket.socket, ...] = ()
    """The sockets that it serves."""
    reload: Callable[[], bool] | None = None
    """What SIGHUP makes it read again, in this process and then in its own; tells whether that was any good."""


@dataclass
class Child:
    """The process that does a job, through all its deaths."""

    job: Job
    backoff: Backoff = field(default_factory=Backoff)
    pid: int | None = None
    started_at: float = 0.0
    due: float | None = 0.0
    """When it is to be started; None while it runs."""
    is_ready: bool = False
    ready_end: int = -1
    """Read end of the pipe in which it says that it serves."""
    alive_end: int = -1
    """Descriptor that becomes readable when the process ends."""

    def start(self, now: float, life: int, let_go: Callable[[], None]) -> None:
        """Fork the process, which has all code loaded; this one must have a single thread.

        `life` becomes readable in it when this process dies; `let_go` closes there what is this process's alone.
        Signals wait meanwhile, so that none reaches the child before it can heed it.
        """
        self.started_at, self.due, self.is_ready = now, None, False
        self.ready_end, its_end = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                work(self.job.name, self.job.serve, Post(its_end, life, self.job.reload), let_go)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.close(its_end)
        self.alive_end = os.pidfd_open(self.pid)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.pid is not None:
            os.kill(self.pid, number)

    def died(self, now: float) -> int:
        """Take note of its end: the exit status (negative: the signal), and when it is due again."""
        assert self.pid is not None
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.close()
        self.pid = None
        self.backoff = self.backoff.after(now - self.started_at)
        self.due, self.is_ready = now + self.backoff.delay, False
        return status

    def close(self) -> None:
        """Close this side's descriptors."""
        for descriptor in (self.ready_end, self.alive_end):
            if descriptor >= 0:
                os.close(descriptor)
        self.ready_end = self.alive_end = -1
