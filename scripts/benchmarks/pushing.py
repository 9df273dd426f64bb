"""Sending by DCMTK's storescu: so many processes at once, each its own share, every acknowledgement counted."""

import os
import resource
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.programs import environment, find_program
from benchmarks.serving import Failed, Running

_LOGGING = """\
log4cplus.rootLogger = INFO, file
log4cplus.appender.file = log4cplus::FileAppender
log4cplus.appender.file.File = ${BENCH_LOG}
log4cplus.appender.file.ImmediateFlush = false
log4cplus.appender.file.layout = log4cplus::PatternLayout
log4cplus.appender.file.layout.ConversionPattern = %D{%s.%q} %p %m%n
"""
"""What storescu -v says, with the second, to the millisecond, at which it says it."""


@dataclass(frozen=True)
class Pushed:
    """So many objects acknowledged in so many seconds; the senders' own CPU seconds."""

    instances: int
    seconds: float
    sender_cpu: float


@dataclass(frozen=True)
class Told:
    """What storescu tells: first object begun, last one acknowledged (both in seconds), how many, what went wrong."""

    began: float
    ended: float
    acknowledged: int
    complaint: str

    @property
    def seconds(self) -> float:
        """From the one to the other: neither the start of a program nor the first association is in it."""
        return max(self.ended - self.began, 0.001)


def told(logs: Iterable[str]) -> Told:
    """The logs of all senders as one."""
    begun, ended, complaint = [], [], ""
    for words in (line.split(maxsplit=2) for log in logs for line in log.splitlines()):
        time, level, message = [*words, "", "", ""][:3]
        if message.startswith("Sending file"):
            begun.append(float(time))
        elif message.startswith("Received Store Response (Success)"):
            ended.append(float(time))
        elif level in ("ERROR", "FATAL") or message.startswith("Received Store Response"):
            complaint = complaint or message.strip()
    return Told(
        min(begun, default=0.0), max(ended, default=0.0), len(ended), complaint or "storescu says nothing of it"
    )


def shares(files: Sequence[Path], senders: int) -> list[list[Path]]:
    """Equal parts; files of a study stay together where they can."""
    bounds = [len(files) * sender // senders for sender in range(senders + 1)]
    return [list(files[first:last]) for first, last in pairwise(bounds)]


def push(running: Running, files: Sequence[Path], senders: int, folder: Path, *, no_delay: bool) -> Pushed:
    """Send the files. Raises Failed unless every one was acknowledged with Success."""
    command = _command(running, folder)
    logs = [folder / f"storescu{number}.txt" for number in range(senders)]
    processes: list[subprocess.Popen[bytes]] = []
    used = _children_cpu()
    try:
        for share, log in zip(shares(files, senders), logs, strict=True):
            log.unlink(missing_ok=True)
            processes.append(_start([*command, *(path.name for path in share)], share[0].parent, log, no_delay))
        for process in processes:
            process.wait()  # without a timeout, with which it would look only now and then
    finally:
        for process in processes:
            _end(process)
    found = told(log.read_text(errors="replace") for log in logs if log.exists())
    if found.acknowledged != len(files):
        raise Failed(f"{found.acknowledged} of {len(files)} acknowledged; {found.complaint}")
    return Pushed(len(files), found.seconds, _children_cpu() - used)


def _command(running: Running, folder: Path) -> list[str]:
    storescu = find_program("storescu")
    if storescu is None:
        raise Failed("storescu (DCMTK) is not installed")
    logging = folder / "logging.cfg"
    logging.write_text(_LOGGING)
    tls = ["+tla", "+cf", str(running.tls.path)] if running.tls else []
    where = ["-aec", running.server.ae_title, "127.0.0.1", str(running.port)]
    return [storescu, "-lc", str(logging), "-td", "60", *tls, *where]


def _start(command: list[str], folder: Path, log: Path, no_delay: bool) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(no_delay=no_delay) | {"BENCH_LOG": os.fspath(log)},
    )  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
