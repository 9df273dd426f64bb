"""A child of the supervisor: one process that is started, watched and started again."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field

from radnode.cli.backoff import Backoff
from radnode.cli.orders import Orders
from radnode.settings import Settings


@dataclass(frozen=True)
class Job:
    """What a child is for."""

    kind: str
    """dicom or rest."""
    name: str
    listening: socket.socket
    settings: Settings


@dataclass
class Child:
    """The process that does a job, through all its deaths."""

    job: Job
    backoff: Backoff = field(default_factory=Backoff)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due: float | None = 0.0
    """When it is to be started; None while it runs."""
    is_ready: bool = False
    ready_end: int = -1
    """Read end of the pipe in which it says that it serves."""
    alive_end: int = -1
    """Descriptor that becomes readable when the process ends."""
    _its_end: int = -1

    def spawn(self) -> None:
        """Start the process, which loads its code and then waits for its orders.

        It ends by itself when this one dies, because its standard input ends then. It is a process group of its own, so
        that Ctrl-C on a terminal reaches the supervisor alone.
        """
        self.ready_end, self._its_end = os.pipe()
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "radnode.cli.worker", self.job.name],
            stdin=subprocess.PIPE,
            pass_fds=(self.job.listening.fileno(), self._its_end),
            process_group=0,
        )
        self.alive_end = os.pidfd_open(self.process.pid)

    def order(self, now: float) -> None:
        """Let it serve."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.started_at, self.due, self.is_ready = now, None, False
        job = self.job
        orders = Orders(job.kind, job.name, job.listening.fileno(), self._its_end, job.settings)
        os.close(self._its_end)
        try:
            self.process.stdin.write(orders.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return  # it died at once; its end will be noticed like any other

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.process is not None:
            self.process.send_signal(number)

    def died(self, now: float) -> int:
        """Take note of its end: the exit status, and when it is due again."""
        assert self.process is not None
        status = self.process.wait()
        with suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()
        self._close()
        self.process = None
        self.backoff = self.backoff.after(now - self.started_at)
        self.due, self.is_ready = now + self.backoff.delay, False
        return status

    def _close(self) -> None:
        for descriptor in (self.ready_end, self.alive_end):
            if descriptor >= 0:
                os.close(descriptor)
        self.ready_end = self.alive_end = -1
