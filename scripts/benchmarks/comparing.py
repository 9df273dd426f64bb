"""One server after the other, round by round, each on a fresh folder, so that noise of the machine hits all alike."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.certificates import Certificate
from benchmarks.instances import Kind
from benchmarks.processes import PeakMemory, cpu_seconds
from benchmarks.programs import free_port
from benchmarks.pushing import Pushed, push
from benchmarks.servers import Server, Site
from benchmarks.serving import Failed, Running, agreed_on, serve

ROOM = 10 << 30
"""Bytes of the disk to leave free; folders of earlier turns stay until then."""
LONGEST = 2.5
"""Seconds that a measurement takes about at most: of a slow server fewer objects are counted."""


@dataclass(frozen=True)
class Case:
    """What is sent: by so many senders at once, Nagle's algorithm on or (`no_delay`) off, over TLS or in plain."""

    kind: Kind
    senders: int
    no_delay: bool
    tls: bool = False

    @property
    def key(self) -> str:
        """Its name in JSON."""
        return f"{self.kind.key}-{self.senders}-{'nodelay' if self.no_delay else 'nagle'}{'-tls' if self.tls else ''}"


@dataclass(frozen=True)
class Measured:
    """One round of one server. CPU is in seconds for each object, memory in bytes of all processes together.

    `tls` is the version and the suite, or nothing.
    """

    rate: float
    cpu: float
    sender_cpu: float
    memory: int
    instances: int
    tls: str = ""


Result = Measured | Failed
Results = Mapping[Case, Mapping[str, Sequence[Result]]]
Tell = Callable[[Case, int, Server, Result], None]
Contestant = TypeVar("Contestant")


@dataclass(frozen=True)
class Means:
    """What to send of each kind (by its key), the certificate of TLS, and a folder of the disk that is measured."""

    files: Mapping[str, Sequence[Path]]
    certificate: Certificate
    work: Path


def compare(plan: Mapping[Case, Sequence[Server]], rounds: int, means: Means, tell: Tell) -> Results:
    """The results of each case by server, one of each round. One that failed is not asked that again.

    A round goes through all cases, so that a minute in which the machine is slow spoils one round of a few, not all
    rounds of one; what is compared with each other is measured one right after the other.
    """
    results: dict[Case, dict[str, list[Result]]] = {
        case: {server.name: [] for server in servers} for case, servers in plan.items()
    }
    for number in range(rounds):
        for case, servers in plan.items():
            for server in turned(servers, number):
                found = results[case][server.name]
                if any(isinstance(result, Failed) for result in found):
                    continue
                found.append(_measure(case, server, means, _fresh_folder(means.work)))
                tell(case, number, server, found[-1])
    return results


def needed(case: Case) -> int:
    """How many objects a case takes at most; each sender has one to begin with and one to be measured."""
    return max(case.kind.count, 2 * case.senders + 1)


def turned(servers: Sequence[Contestant], number: int) -> Iterator[Contestant]:
    """In every round another one begins, and in every other round they go the other way round."""
    order = [servers[(place + number) % len(servers)] for place in range(len(servers))]
    return iter(order if number % 2 == 0 else order[::-1])


def _fresh_folder(work: Path) -> Path:
    """A place for the next turn, on a disk that is at rest.

    What earlier turns stored is deleted at the end, or when room is needed: ext4 looks long for a free inode where many
    were freed within the last minutes, and that would be the burden of whoever comes next.
    """
    earlier = sorted(work.glob("server-*"), key=lambda folder: folder.stat().st_mtime_ns)
    while earlier and shutil.disk_usage(work).free < ROOM:
        shutil.rmtree(earlier.pop(0), ignore_errors=True)
    os.sync()
    return Path(tempfile.mkdtemp(prefix="server-", dir=work))


def _measure(case: Case, server: Server, means: Means, folder: Path) -> Result:
    site = Site(folder, free_port(), means.certificate if case.tls else None)
    try:
        with serve(server, site, no_delay=case.no_delay) as running, PeakMemory(running.pid) as memory:
            pushed, cpu = _push_some(case, running, means)
            tls = agreed_on(running.port, running.tls) if running.tls else None
    except Failed as failed:
        return failed
    each = 1 / pushed.instances
    return Measured(
        pushed.instances / pushed.seconds,
        cpu * each,
        pushed.sender_cpu * each,
        memory.bytes,
        pushed.instances,
        tls or "",
    )


def _push_some(case: Case, running: Running, means: Means) -> tuple[Pushed, float]:
    """A few that do not count, then of the rest as many as fit into the time; and the server's CPU seconds.

    The very first goes alone: dcmqrscp fails where several at once begin its index.
    """

    def counted(some: Sequence[Path]) -> tuple[Pushed, float]:
        before = cpu_seconds(running.pid)
        pushed = push(running, some, case.senders, means.work, no_delay=case.no_delay)
        running.rest()
        return pushed, cpu_seconds(running.pid) - before

    files = means.files[case.kind.key][: needed(case)]
    push(running, files[:1], 1, means.work, no_delay=case.no_delay)
    first = max(len(files) // (20 if case.no_delay else 40), case.senders) + 1
    probe = counted(files[1:first])
    seconds = probe[0].seconds
    rest = files[first : first + int(LONGEST / seconds * (first - 1))]
    if seconds > LONGEST or len(rest) < case.senders:
        return probe
    return counted(rest)
