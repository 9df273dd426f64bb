"""Memory of radnode while clients ask for large pictures without a pause, each picture another one."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asking import Errand, ask_apart
from benchmarks.galleries import IMAGE, Open, fill
from benchmarks.pictured import SETS
from benchmarks.processes import PeakMemory, family, peak
from benchmarks.serving import Failed
from benchmarks.tables import short

LARGE = "dx"
_CLIENTS = 8
_AT_ONCE = 64  # pictures of an errand


@dataclass(frozen=True)
class Soaked:
    """Pictures made; bytes of all processes at their peak, of each that makes pictures, and of the largest other."""

    pictures: int
    memory: int
    workers: Sequence[int]
    others: int


def soak(files: Mapping[str, Sequence[Path]], seconds: float, work: Path) -> Soaked:
    """So many seconds of it, with windows that differ, so that none is in a cache. Raises Failed."""
    (gallery,) = fill([IMAGE], files, work)
    with gallery.open() as one, PeakMemory(one.running.pid) as memory:
        deadline, made = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            answers = ask_apart(Errand(one.port, _paths(one, made), _CLIENTS, one.headers))
            if answers.problem:
                raise Failed(answers.problem)
            made += len(answers.sizes)
        peaks = {pid: peak(pid) for pid in family(one.running.pid)}
        workers = [peaks.pop(pid) for pid in list(peaks) if _makes_pictures(pid)]
    return Soaked(made, memory.bytes, workers, max(peaks.values()))


def told(soaked: Soaked, seconds: float) -> str:
    """In words."""
    title = next(one.kind.title for one in SETS if one.kind.key == LARGE)
    workers = " and ".join(short(peak / 1e6) for peak in sorted(soaked.workers))
    return (
        f"{_CLIENTS} clients that asked {seconds:.0f} s for {title}, {soaked.pictures} different pictures: radnode held"
        f" {short(soaked.memory / 1e6)} MB at its peak in all its processes; those that make pictures {workers} MB, the"
        f" largest of the others {short(soaked.others / 1e6)} MB."
    )


def _paths(one: Open, made: int) -> list[str]:
    names = one.names[LARGE]
    asked = range(made, made + _AT_ONCE)
    return [f"{IMAGE.picture(names[number % len(names)])}?window={20000 + number},40000" for number in asked]


def _makes_pictures(pid: int) -> bool:
    return b"render_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
