"""A server while it runs: started alone on a port of loopback, measured once it is idle, stopped at the end."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import cpu_seconds
from benchmarks.programs import environment, free_port
from benchmarks.servers import Server

from radnode.dimse.scu import Caller, CallFailed, echo
from radnode.settings import Peer

START, STOP, REST = 30.0, 20.0, 0.3
CALLER = Caller(ae_title="BENCH", timeout=60)


class Failed(Exception):
    """What was to be measured cannot be; the words say why."""


@dataclass(frozen=True)
class Running:
    """Where a server is to be reached, and its first process."""

    server: Server
    port: int
    pid: int

    @property
    def peer(self) -> Peer:
        """For radnode's own service class user."""
        return Peer(title=self.server.ae_title, host="127.0.0.1", port=self.port)

    def rest(self) -> None:
        """Wait until it and all its processes have nothing to do any more."""
        deadline, used = time.monotonic() + START, -1.0
        while (now := cpu_seconds(self.pid)) - used > 0.015 and time.monotonic() < deadline:  # one tick
            used = now
            time.sleep(REST)


@contextmanager
def serve(server: Server, folder: Path, *, no_delay: bool) -> Iterator[Running]:
    """The server over `folder`, ready and idle; everything that it started is gone after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = server.prepare(folder, port)
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
            env=environment(no_delay=no_delay), start_new_session=True,
        )  # fmt: skip
        try:
            running = Running(server, port, process.pid)
            _wait_until_ready(running, process, folder)
            running.rest()
            yield running
        finally:
            _stop(process)


def _wait_until_ready(running: Running, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START
    while True:
        if process.poll() is not None:
            words = (folder / "log.txt").read_text(errors="replace").strip().splitlines()
            raise Failed(f"ended at once: {words[-1] if words else process.returncode}")
        try:
            if echo(running.peer, CALLER).status == 0:
                return
        except CallFailed:
            pass
        if time.monotonic() > deadline:
            raise Failed(f"not ready within {START:.0f} s")
        time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own session: what it forked for associations
    process.wait()
