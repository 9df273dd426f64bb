"""How a good sender fares beside each attack on one node, and what the attacks leave behind."""

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import certificates
from benchmarks.attacks import Attack, Target, attacking
from benchmarks.processes import PeakMemory
from benchmarks.programs import free_port
from benchmarks.pushing import push
from benchmarks.servers import RADNODE, Site
from benchmarks.serving import Running, serve

FORGIVEN = 40.0
"""Seconds after an attack until the node must hold nothing of it any more: longer than its longest wait."""


@dataclass(frozen=True)
class Beside:
    """One round: instances a second alone and beside, peak memory of all processes, files left in incoming/."""

    alone: float
    beside: float
    memory: int
    left: int


@dataclass(frozen=True)
class Verdict:
    """The medians of an attack's rounds; the ratio is the median of theirs."""

    alone: float
    beside: float
    ratio: float
    memory: int
    left: int


def verdict(rounds: Sequence[Beside]) -> Verdict:
    """What the rounds say together; memory and what is left are the worst."""
    return Verdict(
        statistics.median(one.alone for one in rounds),
        statistics.median(one.beside for one in rounds),
        statistics.median(one.beside / one.alone for one in rounds),
        max(one.memory for one in rounds),
        max(one.left for one in rounds),
    )


def resist(
    attacks: Sequence[Attack], rounds: int, files: Sequence[Path], work: Path, tell: Callable[[Attack, Beside], None]
) -> dict[str, list[Beside]]:
    """Every attack's rounds by its name; the attacks take turns, so that a slow minute hits one round of each."""
    results: dict[str, list[Beside]] = {attack.name: [] for attack in attacks}
    for number in range(rounds):
        for attack in attacks:
            found = one_round(attack, files, work, beside_first=number % 2 == 1)
            results[attack.name].append(found)
            tell(attack, found)
    return results


def one_round(attack: Attack, files: Sequence[Path], work: Path, *, beside_first: bool) -> Beside:
    """Half of the files are sent alone, the other half beside the attack, to a node with an empty archive."""
    tls_port, folder = free_port(), work / "node"
    certificate = certificates.make(work)
    listening = ["--tls.port", str(tls_port), "--tls.certificate_file", str(certificate.path)]
    listening += ["--tls.key_file", str(certificate.key), "--dicom.pdu_timeout", "10"]
    server = replace(RADNODE, prepare=lambda site: [*RADNODE.prepare(site), *listening])
    few, rest = files[:10], files[10:]
    shares = rest[: len(rest) // 2], rest[len(rest) // 2 :]
    try:
        with serve(server, Site(folder, free_port()), no_delay=True) as running, PeakMemory(running.pid) as memory:
            rate(running, few, work)  # does not count: what is new in the archive costs more
            if not beside_first:
                alone = rate(running, shares[0], work)
            with attacking(attack, Target(running.port, tls_port)):
                beside = rate(running, shares[1], work)
            left = left_behind(folder / "storage", FORGIVEN)
            if beside_first:
                running.rest()
                alone = rate(running, shares[0], work)
        return Beside(alone, beside, memory.bytes, left)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rate(running: Running, files: Sequence[Path], work: Path) -> float:
    """Instances a second of one good sender."""
    pushed = push(running, files, 1, work, no_delay=True)
    return pushed.instances / pushed.seconds


def left_behind(root: Path, patience: float) -> int:
    """Files that are in incoming/ still, once there are none or the patience has ended; locks are of the living."""
    end = time.monotonic() + patience
    while True:
        left = [one for one in (root / ".radnode" / "incoming").rglob("*") if one.is_file() and one.suffix != ".lock"]
        if not left or time.monotonic() > end:
            return len(left)
        time.sleep(0.1)
