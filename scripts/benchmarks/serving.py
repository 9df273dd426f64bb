"""A server while it runs: started alone on a port of loopback, measured once it is idle, gone at the end."""

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from benchmarks.certificates import Certificate
from benchmarks.processes import cpu_seconds, family, is_alive
from benchmarks.programs import environment
from benchmarks.servers import Server, Site

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
    tls: Certificate | None = None

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

    def is_up(self) -> bool:
        """Whether it answers: a C-ECHO, or over TLS the handshake."""
        if self.tls:
            return agreed_on(self.port, self.tls) is not None
        try:
            return echo(self.peer, CALLER).status == 0
        except CallFailed:
            return False


def agreed_on(port: int, certificate: Certificate) -> str | None:
    """Version and suite that the server at `port` and OpenSSL's defaults agree on, which DCMTK's senders use too."""
    context = ssl.create_default_context(cafile=certificate.path)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=START) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as sock,
        ):
            suite = sock.cipher()
            return f"{sock.version()} {suite[0] if suite else ''}".strip()
    except OSError:
        return None


@contextmanager
def serve(server: Server, site: Site, *, no_delay: bool, kept: bool = False) -> Iterator[Running]:
    """The server, ready and idle; after the block everything that it started is gone.

    It is killed, which saves the seconds that some need to end, unless what it stored is to be `kept`.
    """
    site.folder.mkdir(parents=True, exist_ok=True)
    command = server.prepare(site)
    with (site.folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=site.folder,
            env=environment(no_delay=no_delay), start_new_session=True,
        )  # fmt: skip
        try:
            running = Running(server, site.port, process.pid, site.tls)
            _wait_until_ready(running, process, site)
            running.rest()
            yield running
        finally:
            _stop(process, kept=kept)


def _wait_until_ready(running: Running, process: "subprocess.Popen[bytes]", site: Site) -> None:
    deadline = time.monotonic() + START
    while not running.is_up():
        if process.poll() is not None:
            words = (site.folder / "log.txt").read_text(errors="replace").strip().splitlines()
            raise Failed(f"ended at once: {words[-1] if words else process.returncode}")
        if time.monotonic() > deadline:
            raise Failed(f"not ready within {START:.0f} s")
        time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]", *, kept: bool) -> None:
    started = family(process.pid)
    if kept:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own session: what it forked too
    process.wait()
    deadline = time.monotonic() + STOP
    while any(map(is_alive, started)) and time.monotonic() < deadline:  # those that began a session of their own
        time.sleep(0.02)
