"""C-FIND: 1, 500 and 5,000 matches among many, asked by DCMTK's findscu and by radnode's own user."""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.filling import fill
from benchmarks.programs import environment, find_program
from benchmarks.servers import ORTHANC, RADNODE, Server
from benchmarks.serving import CALLER, Failed, Running, serve
from benchmarks.tables import short

from radnode.cli.progress import progress
from radnode.dimse.scu import find
from radnode.model.level import Level

QUESTIONS: dict[int, dict[str, str]] = {
    1: {"PatientID": "F000000"},
    500: {"StudyDate": "20200101"},
    5000: {"StudyDate": "20200101-20201231"},
}
RETURNED = ("PatientName", "StudyInstanceUID", "AccessionNumber", "StudyDescription", "StudyTime")
Ask = Callable[[Running, int], None]


def find_table(servers: Sequence[Server], instances: int, cache: Path, work: Path, rounds: int) -> str:
    """Markdown: medians in milliseconds, association and end of the program included."""
    asked = [server for server in servers if server in (RADNODE, ORTHANC)]
    folders = {server.name: fill(server, instances, cache, work) for server in asked}
    askers: dict[str, Ask] = {"findscu": _ask_by_findscu, "radnode's own user": _ask}
    names = " | ".join(server.name for server in asked)
    lines = [f"| STUDY among {instances:,} instances, ms | {names} |", "|---" * (len(asked) + 1) + "|"]
    with ExitStack() as stack, progress("C-FIND", total=len(askers) * len(QUESTIONS)) as advance:
        running = [stack.enter_context(serve(server, folders[server.name], no_delay=True)) for server in asked]
        for done, (matches, asker) in enumerate((count, name) for count in QUESTIONS for name in askers):
            times = _times(running, matches, askers[asker], rounds)
            lines.append(f"| {matches:,} matches, {asker} | {' | '.join(short(one) for one in times)} |")
            advance(done + 1)
    return "\n".join(lines)


def _times(running: Sequence[Running], matches: int, ask: Ask, rounds: int) -> list[float]:
    """The median of each server, in ms; they take turns, and a first round does not count."""
    times: list[list[float]] = [[] for _ in running]
    for _ in range(rounds + 1):
        for place, one in enumerate(running):
            began = time.perf_counter()
            ask(one, matches)
            times[place].append((time.perf_counter() - began) * 1000)
    return [statistics.median(measured[1:]) for measured in times]


def _ask(running: Running, matches: int) -> None:
    keys = dict.fromkeys(RETURNED, "") | QUESTIONS[matches]
    found = sum(1 for _ in find(running.peer, CALLER, Level.STUDY, keys))
    if found != matches:
        raise Failed(f"{running.server.name} found {found} of {matches}")


def _ask_by_findscu(running: Running, matches: int) -> None:
    keys = [*RETURNED, *(f"{name}={value}" for name, value in QUESTIONS[matches].items())]
    options = [word for key in ("QueryRetrieveLevel=STUDY", *keys) for word in ("-k", key)]
    where = ["-aec", running.server.ae_title, "127.0.0.1", str(running.port)]
    command = [find_program("findscu") or "findscu", "-q", "-S", *options, *where]
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(no_delay=True)
    )
    if done.returncode:
        raise Failed(f"findscu failed against {running.server.name}")
