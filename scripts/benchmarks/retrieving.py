"""C-GET and C-MOVE of one study of 200 CT images, asked for by DCMTK's getscu and movescu, which keep nothing."""

import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.instances import RETRIEVED, ensure, warm
from benchmarks.processes import cpu_seconds
from benchmarks.programs import environment, find_program, free_port
from benchmarks.pushing import push
from benchmarks.servers import DESTINATION, MAX_PDU, Server, Site
from benchmarks.serving import Failed, Running, serve
from benchmarks.tables import short
from pydicom import dcmread

from radnode.cli.progress import progress

SERVICES = ("C-GET", "C-MOVE")


@dataclass(frozen=True)
class Retrieved:
    """Seconds from the start of the asking program to its end, and of the server's CPU."""

    seconds: float
    cpu: float


def retrieve_table(servers: Sequence[Server], kept: Path, work: Path, rounds: int) -> str:
    """Markdown: medians, and how many times as long Orthanc took. Raises Failed."""
    files = ensure(RETRIEVED, RETRIEVED.count, kept)
    warm(files)
    study = str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    measured: dict[tuple[str, str], list[Retrieved]] = {}
    with ExitStack() as stack, progress("Retrieving", total=2 * (rounds + 1) * len(servers)) as advance:
        port = stack.enter_context(_destination(work))
        running = [stack.enter_context(_serve(server, port, files, work)) for server in servers]
        done = 0
        for number in range(rounds + 1):  # the first does not count
            for service in SERVICES:
                for one in running:
                    found = _retrieve(service, one, study)
                    measured.setdefault((service, one.server.name), []).extend([found] if number else [])
                    advance(done := done + 1)
    return markdown([server.name for server in servers], measured)


def markdown(names: Sequence[str], measured: dict[tuple[str, str], list[Retrieved]]) -> str:
    """The table; the ratios are of the medians, to Orthanc's."""
    lines = [f"| {RETRIEVED.count} {RETRIEVED.title} of one study, s | {' | '.join(names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for service in SERVICES:
        seconds = {name: statistics.median(one.seconds for one in measured[service, name]) for name in names}
        cpu = {name: statistics.median(one.cpu for one in measured[service, name]) for name in names}
        lines.append(f"| {service} | {' | '.join(_cell(seconds, name) for name in names)} |")
        lines.append(f"| {service}, server CPU | {' | '.join(short(cpu[name]) for name in names)} |")
    return "\n".join(lines)


def _cell(seconds: dict[str, float], name: str) -> str:
    reference = seconds.get("Orthanc")
    times = f" ({reference / seconds[name]:.2f}x)" if reference and name != "Orthanc" else ""
    return f"{short(seconds[name])}{times}"


@contextmanager
def _destination(work: Path) -> Iterator[int]:
    """A storescp that takes everything and keeps nothing: its port."""
    port, storescp = free_port(), find_program("storescp") or "storescp"
    command = [storescp, "--ignore", "--fork", "-pdu", str(MAX_PDU), str(port)]
    with subprocess.Popen(
        command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(no_delay=True)
    ) as process:
        try:
            yield port
        finally:
            process.kill()


@contextmanager
def _serve(server: Server, destination: int, files: Sequence[Path], work: Path) -> Iterator[Running]:
    site = Site(Path(mkdtemp(prefix="retrieve-", dir=work)), free_port(), is_filling=True, destination=destination)
    with serve(server, site, no_delay=True) as running:
        push(running, files, 1, work, no_delay=True)
        running.rest()
        yield running


def _retrieve(service: str, running: Running, study: str) -> Retrieved:
    """Raises Failed unless all came."""
    key = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]
    where = ["-aec", running.server.ae_title, "127.0.0.1", str(running.port)]
    program, how = ("getscu", ["--ignore"]) if service == "C-GET" else ("movescu", ["-aem", DESTINATION])
    used, began = cpu_seconds(running.pid), time.perf_counter()
    done = subprocess.run(
        [find_program(program) or program, "-v", "-pdu", str(MAX_PDU), *how, *key, *where],
        check=False, capture_output=True, text=True, env=environment(no_delay=True),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode or (missed := _missed(service, done.stdout + done.stderr)):
        raise Failed(f"{program} and {running.server.name}: {missed if not done.returncode else done.stderr[-200:]}")
    running.rest()
    return Retrieved(seconds, cpu_seconds(running.pid) - used)


def _missed(service: str, said: str) -> str:
    """What was not as it should, by what the program said; the last word has all completed sub-operations."""
    if service == "C-GET":
        came = said.count("Received C-STORE Request")
        return "" if came == RETRIEVED.count else f"{came} of {RETRIEVED.count} came"
    return "" if "(Success)" in said else "no success"
