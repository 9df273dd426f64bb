"""C-FIND: 1, 325 and 5,000 matches among many, asked by findscu, by radnode's own user, and by one who only counts."""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.counting import count
from benchmarks.filling import Filled, fill
from benchmarks.first_answers import first_answers_table
from benchmarks.programs import environment, find_program, free_port
from benchmarks.servers import ORTHANC, RADNODE, Server, Site
from benchmarks.serving import CALLER, Failed, Running, serve
from benchmarks.tables import short

from radnode.cli.progress import progress
from radnode.dimse.scu import find
from radnode.model.level import Level

QUESTIONS: dict[int, dict[str, str]] = {
    1: {"PatientID": "F0000000"},
    325: {"StudyDate": "20210101-20211231"},
    5000: {"StudyDate": "20200101-20201231"},
}
RETURNED = (
    *("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "StudyDate", "StudyTime"),
    *("AccessionNumber", "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"),
)
"""What a workstation shows in its list of studies."""
MANY = 100_000
"""Instances from which on it is told how soon the first answer comes."""
Ask = Callable[[Running, int], None]


def find_table(servers: Sequence[Server], instances: int, kept: Path, work: Path, rounds: int, minutes: float) -> str:
    """Markdown: medians in milliseconds, association and end of the program included. Raises Failed."""
    asked = [server for server in servers if server in (RADNODE, ORTHANC)]
    filled = [fill(server, instances, kept, work, minutes) for server in asked]
    askers: dict[str, Ask] = {"findscu": _ask_by_findscu, "radnode's own user": _ask, "counted only": _count}
    times: dict[tuple[int, str], list[float]] = {}
    with ExitStack() as stack, progress("C-FIND", total=len(askers) * len(QUESTIONS)) as advance:
        running = [
            stack.enter_context(serve(server, Site(one.folder, free_port()), no_delay=True, kept=True))
            for server, one in zip(asked, filled, strict=True)
        ]
        for matches in QUESTIONS:
            for name, ask in askers.items():
                times[matches, name] = _times(running, matches, ask, rounds)
                advance(len(times))
    table = markdown([server.name for server in asked], filled, times)
    if instances < MANY or RADNODE not in asked:
        return table
    return f"{table}\n\n{first_answers_table(filled[asked.index(RADNODE)], rounds)}"


def markdown(names: Sequence[str], filled: Sequence[Filled], times: dict[tuple[int, str], list[float]]) -> str:
    """The table; its head says how many instances each server had."""
    columns = " | ".join(f"{name}, {_size(one)}" for name, one in zip(names, filled, strict=True))
    lines = [f"| C-FIND of studies, ms | {columns} |", "|---" * (len(names) + 1) + "|"]
    for (matches, asker), measured in times.items():
        found = "1 match" if matches == 1 else f"{matches:,} matches"
        lines.append(f"| {found}, {asker} | {' | '.join(map(short, measured))}{_times_faster(measured)} |")
    return "\n".join(lines)


def _times_faster(measured: Sequence[float]) -> str:
    """How many times as long the last one took as the first, which is radnode."""
    return f" ({measured[-1] / measured[0]:.2f}x)" if len(measured) > 1 and measured[0] else ""


def _size(one: Filled) -> str:
    return f"{one.instances:,} instances in {one.studies:,} studies"


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


def _count(running: Running, matches: int) -> None:
    counted = count(running.port, running.server.ae_title, dict.fromkeys(RETURNED, "") | QUESTIONS[matches])
    if counted.answers != matches:
        raise Failed(f"{running.server.name} found {counted.answers} of {matches}")


def _ask_by_findscu(running: Running, matches: int) -> None:
    keys = [*RETURNED, *(f"{name}={value}" for name, value in QUESTIONS[matches].items())]
    options = [word for key in ("QueryRetrieveLevel=STUDY", *keys) for word in ("-k", key)]
    where = ["-aec", running.server.ae_title, "127.0.0.1", str(running.port)]
    command = [find_program("findscu") or "findscu", "-S", *options, *where]
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(no_delay=True)
    )
    if done.returncode:
        raise Failed(f"findscu failed against {running.server.name}")
