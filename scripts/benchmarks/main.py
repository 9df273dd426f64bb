"""Compare radnode with other DICOM servers on this machine.

    scripts/bench --quick                             # does everything work? a minute or two
    scripts/bench                                     # medians of five rounds, about forty minutes
    scripts/bench --sets mr,ct --senders 1,4 --servers radnode,orthanc --rounds 3
    scripts/bench --write --json results.json         # and write docs/performance.md and its chart

Each server is started alone on loopback with a fresh folder; DCMTK's storescu sends generated objects. Whoever did not
acknowledge every object gets no number. Ctrl-C stops everything. Numbers mean little on a machine that does other work.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import chart, machine
from benchmarks.comparing import Case, Measured, Result, compare
from benchmarks.finding import find_table
from benchmarks.instances import KINDS, Kind, ensure
from benchmarks.page import replaced
from benchmarks.servers import DCMQRSCP, ORTHANC, RADNODE, STORESCP, Server, qrscp
from benchmarks.serving import Failed
from benchmarks.tables import describe, markdown, short, summaries

from radnode.cli.progress import progress

DOCS = Path(__file__).resolve().parents[2] / "docs"
QUICK = {"mr": 60, "ct": 40, "mf": 4}
NAGLE_KINDS = ("mr", "ct")  # the wait is one for each object, whatever its size


def main(words: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return _run(options)
    except Failed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken (default 5)")
    parser.add_argument("--quick", action="store_true", help="one round of few objects, at most four senders")
    parser.add_argument("--sets", default="mr,ct,mf", help="of mr,ct,mf (default: all)")
    parser.add_argument("--servers", help="of radnode,orthanc,dcmqrscp,storescp,qrscp (default: all installed)")
    parser.add_argument("--senders", help="how many at once (default 1,4,16)")
    parser.add_argument("--nagle", choices=("both", "off", "on"), default="both", help="as DCMTK is, or TCP_NODELAY=1")
    parser.add_argument("--find", action="store_true", help="C-FIND too (radnode and Orthanc)")
    parser.add_argument("--find-instances", type=int, default=10_000, help="for C-FIND (default 10000)")
    parser.add_argument("--qrscp-python", default=sys.executable, help="interpreter with pynetdicom and SQLAlchemy")
    parser.add_argument("--cache", type=Path, help="folder that keeps generated objects (default: in the temp folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round's numbers")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and docs/performance.svg")
    return parser


def _run(options: argparse.Namespace) -> int:
    cache = (options.cache or Path(tempfile.gettempdir()) / "radnode-bench").absolute()
    cache.mkdir(parents=True, exist_ok=True)
    servers, cases = _servers(options), _cases(options)
    where, rounds = machine.describe(cache), 1 if options.quick else options.rounds
    heading = f"{'one round' if rounds == 1 else f'medians of {rounds} rounds'}; "
    heading += ", ".join(f"{name} {value}" for name, value in where.items())
    with tempfile.TemporaryDirectory(prefix="radnode-bench-") as work:
        results = _compare(cases, servers, rounds, cache, Path(work))
        tables = markdown(results)
        print(f"{heading}\n\n{tables}", flush=True)
        if options.find:
            found = find_table(servers, options.find_instances, cache, Path(work), rounds)
            print(f"\n{found}", flush=True)
            tables = f"{tables}\n\n{found}"
    if options.json:
        options.json.write_text(json.dumps({"machine": where, "results": _plain(results)}, indent=1) + "\n")
    if options.write:
        page = DOCS / "performance.md"
        page.write_text(
            replaced(page.read_text(), f"{heading}\n\n![The table as a chart](performance.svg)\n\n{tables}")
        )
        (DOCS / "performance.svg").write_text(chart.svg(summaries(results)))
    return 0


def _servers(options: argparse.Namespace) -> list[Server]:
    known = (RADNODE, ORTHANC, DCMQRSCP, STORESCP, qrscp(options.qrscp_python))
    wanted = (options.servers or "").lower().split(",") if options.servers else [one.name.lower() for one in known]
    unknown = set(wanted) - {one.name.lower() for one in known}
    if unknown:
        sys.exit(f"no such server: {', '.join(sorted(unknown))}")
    chosen = [one for one in known if one.name.lower() in wanted]
    for missing in (one for one in chosen if not one.is_installed()):
        sys.stderr.write(f"{missing.name} is not installed, and left out\n")
    return [one for one in chosen if one.is_installed()]


def _cases(options: argparse.Namespace) -> list[Case]:
    kinds = [_sized(kind, options) for kind in KINDS if kind.key in options.sets.split(",")]
    senders = [int(number) for number in (options.senders or ("1,4" if options.quick else "1,4,16")).split(",")]
    modes = {"both": (True, False), "off": (True,), "on": (False,)}[options.nagle]
    return [
        Case(kind, count, no_delay)
        for kind in kinds
        for no_delay in modes
        if no_delay or kind.key in NAGLE_KINDS
        for count in senders
    ]


def _sized(kind: Kind, options: argparse.Namespace) -> Kind:
    return replace(kind, count=QUICK[kind.key]) if options.quick else kind


def _compare(
    cases: Sequence[Case], servers: Sequence[Server], rounds: int, cache: Path, work: Path
) -> dict[Case, dict[str, list[Result]]]:
    files = {case.kind.key: ensure(case.kind, max(case.kind.count, 2 * case.senders), cache) for case in cases}
    results, done = {}, 0
    total = len(cases) * rounds * len(servers)
    with progress("Receiving", total=total) as advance:

        def tell(case: Case, number: int, server: Server, result: Result) -> None:
            nonlocal done
            done += 1
            words = f"{short(result.rate)}/s" if isinstance(result, Measured) else str(result)
            advance(done, total, f"{describe(case)}, round {number + 1}, {server.name}: {words}")

        for case in cases:
            results[case] = compare(case, servers, files[case.kind.key], rounds, work, tell)
    return results


def _plain(results: dict[Case, dict[str, list[Result]]]) -> dict[str, object]:
    """For JSON: case -> server -> rounds."""
    return {
        case.key: {
            name: [vars(one) if isinstance(one, Measured) else {"failed": str(one)} for one in rounds]
            for name, rounds in servers.items()
        }
        for case, servers in results.items()
    }
