"""Compare the pictures that radnode and Orthanc make of the same files.

    scripts/bench render --quick                      # does everything work? about three minutes
    scripts/bench render                              # everything, about forty minutes on two cores
    scripts/bench render --sets ct,cr --clients 8 --rounds 3
    scripts/bench render --write --json pictures.json # and write docs/performance.md

radnode and, for each of its ways, an Orthanc of its own are filled with the same generated files. In each round all
start anew and one at a time is asked over HTTP, connections kept: first each picture once (cold: the files are in the
page cache, no picture in any other), then the same ones again (warm). Ctrl-C stops everything.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import machine
from benchmarks.galleries import CONTENDERS, Open, fill
from benchmarks.instances import Kind, ensure, warm
from benchmarks.page import PICTURES, write_page
from benchmarks.picture_tables import markdown
from benchmarks.pictured import SERIES, SETS, Pictures
from benchmarks.picturing import Ask, Found, Results, asks_of, compare
from benchmarks.planning import time_left
from benchmarks.report import heading
from benchmarks.soaking import LARGE, soak, told

from radnode.cli.progress import progress

LEAST = 4
"""Pictures of a set that a quick run asks for."""


def main(words: Sequence[str]) -> int:
    """The exit code. Raises Failed."""
    options = _parser().parse_args(words)
    kept = (options.cache or Path(tempfile.gettempdir()) / "radnode-bench").absolute()
    kept.mkdir(parents=True, exist_ok=True)
    where, began = machine.describe(kept), time.monotonic()
    sets = [_fewer(one) if options.quick else one for one in _chosen(options.sets)]
    clients = [int(word) for word in options.clients.split(",")]
    rounds = options.rounds or (1 if options.quick else 5)
    asks = asks_of(sets, clients, thumbnails=not options.no_thumbnails)
    with tempfile.TemporaryDirectory(prefix="radnode-bench-") as work:
        results = _measured(asks, _files(asks, kept), rounds, Path(work))
        text = f"{heading(rounds, where)}\n\n{markdown(results)}"
        if options.soak:
            text += f"\n\n{told(soak(_large(kept), options.soak, Path(work) / 'soak'), options.soak)}"
    print(text, flush=True)
    sys.stderr.write(f"took {(time.monotonic() - began) / 60:.0f} min\n")
    if options.json:
        options.json.write_text(json.dumps({"machine": where, "results": _plain(results)}, indent=1) + "\n")
    if options.write:
        write_page(PICTURES, text)
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "bench render", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    keys = ",".join(one.kind.key for one in SETS)
    made.add_argument("--quick", action="store_true", help="one round of few pictures")
    made.add_argument("--rounds", type=int, help="of which medians are taken (default 5)")
    made.add_argument("--sets", default=keys, help=f"of {keys}, or none (default: all)")
    made.add_argument("--clients", default="1,8", help="how many at once (default 1,8)")
    made.add_argument("--no-thumbnails", action="store_true", help="no thumbnails of a series")
    made.add_argument("--soak", type=float, default=0, metavar="SECONDS", help="and what large pictures take of memory")
    made.add_argument("--cache", type=Path, help="folder that keeps generated objects (default: in the temp folder)")
    made.add_argument("--json", type=Path, metavar="FILE", help="every answer's time and size")
    made.add_argument("--write", action="store_true", help="write docs/performance.md")
    return made


def _chosen(keys: str) -> list[Pictures]:
    wanted = [] if keys == "none" else keys.split(",")
    if unknown := set(wanted) - {one.kind.key for one in SETS}:
        sys.exit(f"no such set: {', '.join(sorted(unknown))}")
    return [one for one in SETS if one.kind.key in wanted]


def _fewer(pictures: Pictures) -> Pictures:
    if pictures.frames > 1:
        return replace(pictures, frames=4 * LEAST)
    return replace(pictures, kind=replace(pictures.kind, count=2 * LEAST))


def _files(asks: Sequence[Ask], kept: Path) -> dict[str, list[Path]]:
    kinds: dict[str, Kind] = {}
    for ask in asks:
        kind = ask.pictures.kind if ask.pictures else SERIES
        kinds[kind.key] = kind
    files = {key: ensure(kind, kind.count, kept) for key, kind in kinds.items()}
    for some in files.values():
        warm(some)
    return files


def _large(kept: Path) -> dict[str, list[Path]]:
    kind = next(one.kind for one in SETS if one.kind.key == LARGE)
    return {LARGE: ensure(kind, kind.count, kept)}


def _measured(asks: Sequence[Ask], files: Mapping[str, Sequence[Path]], rounds: int, work: Path) -> Results:
    with progress("Filling", total=len(CONTENDERS)):
        galleries = fill(CONTENDERS, files, work)
    total, done, began = rounds * len(asks) * len(galleries), 0, time.monotonic()
    with progress("Asking", total=total) as advance:

        def tell(number: int, ask: Ask, one: Open, found: Found) -> None:
            nonlocal done
            done += 1
            left = time_left(time.monotonic() - began, done, total)
            words = f", no number: {found.problem}" if found.problem else ""
            advance(done, total, f"{left}; round {number + 1}, {ask.title}, {one.contender.title}{words}")

        return compare(asks, galleries, rounds, tell)


def _plain(results: Results) -> list[dict[str, object]]:
    return [
        {"pictures": ask.title, "clients": ask.clients, "server": name, **asdict(found)}
        for ask, servers in results.items()
        for name, found in servers.items()
    ]
