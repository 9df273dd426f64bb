"""One server after the other, round by round, each on a fresh folder, so that noise of the machine hits all alike."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.instances import Kind
from benchmarks.processes import PeakMemory, cpu_seconds
from benchmarks.pushing import Pushed, push
from benchmarks.servers import Server
from benchmarks.serving import Failed, Running, serve

LONGEST = 4.0
"""Seconds that a measurement takes about at most: of a slow server fewer objects are counted."""


@dataclass(frozen=True)
class Case:
    """What is sent to each server: so many senders at once, Nagle's algorithm on or (`no_delay`) off."""

    kind: Kind
    senders: int
    no_delay: bool

    @property
    def key(self) -> str:
        """Its name in JSON."""
        return f"{self.kind.key}-{self.senders}-{'nodelay' if self.no_delay else 'nagle'}"


@dataclass(frozen=True)
class Measured:
    """One round of one server. CPU is in seconds for each object, memory in bytes of all processes together."""

    rate: float
    cpu: float
    sender_cpu: float
    memory: int
    instances: int


Result = Measured | Failed
Tell = Callable[[Case, int, Server, Result], None]


def compare(
    case: Case, servers: Sequence[Server], files: Sequence[Path], rounds: int, work: Path, tell: Tell
) -> dict[str, list[Result]]:
    """The results of each server by name. One that failed is not asked again, and has no number."""
    results: dict[str, list[Result]] = {server.name: [] for server in servers}
    for number in range(rounds):
        for server in _turned(servers, number):
            if any(isinstance(result, Failed) for result in results[server.name]):
                continue
            result = _measure(case, server, files, work)
            results[server.name].append(result)
            tell(case, number, server, result)
    return results


def _turned(servers: Sequence[Server], number: int) -> Iterator[Server]:
    """In every round another one begins."""
    for place in range(len(servers)):
        yield servers[(place + number) % len(servers)]


def _measure(case: Case, server: Server, files: Sequence[Path], work: Path) -> Result:
    folder = work / "server"
    try:
        with serve(server, folder, no_delay=case.no_delay) as running, PeakMemory(running.pid) as memory:
            pushed, cpu = _push_some(case, running, files, work)
    except Failed as failed:
        return failed
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()  # what is still to be written must not be the next server's burden
    each = 1 / pushed.instances
    return Measured(
        pushed.instances / pushed.seconds, cpu * each, pushed.sender_cpu * each, memory.bytes, pushed.instances
    )


def _push_some(case: Case, running: Running, files: Sequence[Path], work: Path) -> tuple[Pushed, float]:
    """A tenth that does not count, then of the rest as many as fit into the time; and the server's CPU seconds."""

    def counted(some: Sequence[Path]) -> tuple[Pushed, float]:
        before = cpu_seconds(running.pid)
        pushed = push(running, some, case.senders, work, no_delay=case.no_delay)
        running.rest()
        return pushed, cpu_seconds(running.pid) - before

    first = max(len(files) // 10, case.senders)
    probe = counted(files[:first])
    seconds = probe[0].seconds
    affordable = int(LONGEST / seconds * first)
    rest = files[first : first + affordable]
    if seconds > LONGEST or len(rest) < case.senders:
        return probe
    return counted(rest)
