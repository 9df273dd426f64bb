"""The run: what was asked for is measured, printed, and written where that was asked for too."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from benchmarks import chart, machine, rendering
from benchmarks.certificates import make
from benchmarks.comparing import Case, Means, Measured, Result, Results, compare
from benchmarks.finding import find_table
from benchmarks.idling import idle_share
from benchmarks.instances import ensure, warm
from benchmarks.options import WAYS, parser, scope_of
from benchmarks.page import PAGE, RECEIVING, write_page
from benchmarks.planning import Scope, kinds_of, plan, time_left
from benchmarks.report import report
from benchmarks.retrieving import retrieve_table
from benchmarks.servers import DCMQRSCP, ORTHANC, RADNODE, STORESCP, Server, qrscp
from benchmarks.serving import Failed
from benchmarks.tables import describe, short, summaries

from radnode.cli.progress import progress
from radnode.dimse.scu import CallFailed


@dataclass(frozen=True)
class Folders:
    """Where generated objects stay for the next run, and what is gone after this one."""

    kept: Path
    work: Path


def main(words: Sequence[str] | None = None) -> int:
    """The exit code."""
    words = sys.argv[1:] if words is None else words
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if words[:1] == ["render"]:
            return rendering.main(words[1:])
        return _run(parser().parse_args(words))
    except Failed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130


def _run(options: argparse.Namespace) -> int:
    kept = (options.cache or Path(tempfile.gettempdir()) / "radnode-bench").absolute()
    kept.mkdir(parents=True, exist_ok=True)
    scope, where, began = scope_of(options), machine.describe(kept), time.monotonic()
    servers = _servers(scope, qrscp(options.qrscp_python))
    cases = plan(scope, servers, nagle=WAYS[options.nagle], tls=WAYS[options.tls])
    with tempfile.TemporaryDirectory(prefix="radnode-bench-") as work:
        folders = Folders(kept, Path(work))
        results = _compare(cases, scope.rounds, folders)
        idle = _idle_share(folders) if RADNODE in servers and cases and not options.quick else None
        text = report(results, scope.rounds, where, idle)
        print(text, flush=True)
        tables = (
            _find_tables(scope, servers, folders, options.find_fill_minutes),
            _retrieving(scope, servers, folders),
        )
        for found in chain(*tables):
            print(f"\n{found}", flush=True)
            text = f"{text}\n\n{found}"
    sys.stderr.write(f"took {(time.monotonic() - began) / 60:.0f} min\n")
    if options.json:
        plain = {"machine": where, "idle": str(idle) if isinstance(idle, Failed) else idle, "results": _plain(results)}
        options.json.write_text(json.dumps(plain, indent=1) + "\n")
    if options.write:
        write_page(RECEIVING, text)
        (PAGE.parent / "performance.svg").write_text(chart.svg(summaries(results)))
    return 0


def _servers(scope: Scope, pynetdicoms: Server) -> list[Server]:
    known = (RADNODE, ORTHANC, DCMQRSCP, STORESCP, pynetdicoms)
    wanted = scope.servers or tuple(one.name.lower() for one in known)
    unknown = set(wanted) - {one.name.lower() for one in known}
    if unknown:
        sys.exit(f"no such server: {', '.join(sorted(unknown))}")
    chosen = [one for one in known if one.name.lower() in wanted]
    for missing in (one for one in chosen if not one.is_installed()):
        sys.stderr.write(f"{missing.name} is not installed, and left out\n")
    return [one for one in chosen if one.is_installed()]


def _compare(cases: Mapping[Case, Sequence[Server]], rounds: int, folders: Folders) -> Results:
    files = {key: ensure(kind, count, folders.kept) for key, (kind, count) in kinds_of(list(cases)).items()}
    for some in files.values():
        warm(some)
    total, done, began = rounds * sum(map(len, cases.values())), 0, time.monotonic()
    with progress("Receiving", total=total) as advance:

        def tell(case: Case, number: int, server: Server, result: Result) -> None:
            nonlocal done
            done += 1
            left = time_left(time.monotonic() - began, done, total)
            words = f"{short(result.rate)}/s" if isinstance(result, Measured) else str(result)
            advance(done, total, f"{left}; round {number + 1}, {describe(case)}, {server.name}: {words}")

        return compare(cases, rounds, Means(files, make(folders.work), folders.work), tell)


def _idle_share(folders: Folders) -> float | Failed:
    try:
        return idle_share(folders.work)
    except (Failed, CallFailed) as failed:
        return Failed(str(failed))


def _find_tables(scope: Scope, servers: Sequence[Server], folders: Folders, minutes: float) -> Iterator[str]:
    for instances in scope.find:
        try:
            yield find_table(servers, instances, folders.kept, folders.work, scope.rounds, minutes)
        except (Failed, CallFailed) as failed:
            yield f"C-FIND among {instances:,} instances has no number: {failed}"


def _retrieving(scope: Scope, servers: Sequence[Server], folders: Folders) -> Iterator[str]:
    if scope.retrieve:
        able = [server for server in servers if server in (RADNODE, ORTHANC, DCMQRSCP)]
        try:
            yield retrieve_table(able, folders.kept, folders.work, scope.rounds)
        except (Failed, CallFailed) as failed:
            yield f"C-GET and C-MOVE have no number: {failed}"


def _plain(results: Results) -> dict[str, object]:
    """For JSON: case -> server -> rounds."""
    return {
        case.key: {
            name: [vars(one) if isinstance(one, Measured) else {"failed": str(one)} for one in rounds]
            for name, rounds in servers.items()
        }
        for case, servers in results.items()
    }
