"""Sending by DCMTK's storescu: so many processes at once, each its own share, every acknowledgement counted."""

import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.programs import environment, find_program
from benchmarks.serving import Failed, Running

_SUCCESS = b"Received Store Response (Success)"


@dataclass(frozen=True)
class Pushed:
    """So many objects acknowledged in so many seconds; the senders' own CPU seconds."""

    instances: int
    seconds: float
    sender_cpu: float


def shares(files: Sequence[Path], senders: int) -> list[list[Path]]:
    """Equal parts; files of a study stay together where they can."""
    bounds = [len(files) * sender // senders for sender in range(senders + 1)]
    return [list(files[first:last]) for first, last in pairwise(bounds)]


def push(running: Running, files: Sequence[Path], senders: int, folder: Path, *, no_delay: bool) -> Pushed:
    """Send the files. Raises Failed unless every one was acknowledged with Success."""
    storescu = find_program("storescu")
    if storescu is None:
        raise Failed("storescu (DCMTK) is not installed")
    command = [storescu, "-v", "-td", "60", "-aec", running.server.ae_title, "127.0.0.1", str(running.port)]
    logs = [folder / f"storescu{number}.txt" for number in range(senders)]
    processes: list[subprocess.Popen[bytes]] = []
    used, started = _children_cpu(), time.monotonic()
    try:
        for share, log in zip(shares(files, senders), logs, strict=True):
            processes.append(_start([*command, *(path.name for path in share)], share[0].parent, log, no_delay))
        for process in processes:
            process.wait()  # without a timeout, with which it would look only now and then
        seconds = time.monotonic() - started
    finally:
        for process in processes:
            _end(process)
    acknowledged = sum(path.read_bytes().count(_SUCCESS) for path in logs)
    if acknowledged != len(files):
        raise Failed(f"{acknowledged} of {len(files)} acknowledged; {_complaint(logs)}")
    return Pushed(len(files), seconds, _children_cpu() - used)


def _start(command: list[str], folder: Path, log: Path, no_delay: bool) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=environment(no_delay=no_delay),
        )  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _complaint(logs: Sequence[Path]) -> str:
    for path in logs:
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith(("E:", "F:")):
                return line[2:].strip()
    return "storescu says nothing of it"
