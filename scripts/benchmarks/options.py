"""The command line of scripts/bench."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.planning import ESSENTIAL, FULL, QUICK, Scope

DESCRIPTION = """Compare radnode with other DICOM servers on this machine.

    scripts/bench --quick                             # does everything work? two or three minutes
    scripts/bench --essential                         # what the targets speak of, about twelve minutes on two cores
    scripts/bench                                     # everything, about forty minutes on two cores
    scripts/bench --sets mr,ct --senders 1,4 --servers radnode,orthanc --rounds 3 --find none
    scripts/bench --write --json results.json         # and write docs/performance.md and its chart
    scripts/bench render --help                       # pictures over HTTP, beside Orthanc's

Each server is started alone on loopback with a fresh folder; DCMTK's storescu sends generated objects. Whoever did not
acknowledge every object gets no number. Ctrl-C stops everything. Numbers mean little on a machine that does other work.
"""
WAYS = {"both": (False, True), "off": (False,), "on": (True,)}


def parser() -> argparse.ArgumentParser:
    """What can be said on the command line; None is what the scope says."""
    made = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    scope = made.add_mutually_exclusive_group()
    scope.add_argument("--quick", action="store_true", help="one round of few objects, at most four senders")
    scope.add_argument("--essential", action="store_true", help="radnode, Orthanc and storescp; what the targets need")
    made.add_argument("--rounds", type=int, help="of which medians are taken (default 5)")
    made.add_argument("--sets", help="of mr,ct,mf, or none (default: all)")
    made.add_argument("--servers", help="of radnode,orthanc,dcmqrscp,storescp,qrscp (default: all installed)")
    made.add_argument("--senders", help="how many at once (default 1,4,16; with Nagle or TLS those up to 4)")
    made.add_argument("--nagle", choices=WAYS, default="both", help="as DCMTK is, or TCP_NODELAY=1, or both (default)")
    made.add_argument("--tls", choices=WAYS, default="both", help="over TLS, without, or both (default)")
    made.add_argument(
        "--find", help="C-FIND among so many instances, or none (default 10000,1000000; none if quick or essential)"
    )
    made.add_argument("--no-retrieve", action="store_true", help="no C-GET and C-MOVE")
    made.add_argument(
        "--find-fill-minutes", type=float, default=5, help="how long Orthanc is filled for C-FIND at most (default 5)"
    )
    made.add_argument("--qrscp-python", default=sys.executable, help="interpreter with pynetdicom and SQLAlchemy")
    made.add_argument("--cache", type=Path, help="folder that keeps generated objects (default: in the temp folder)")
    made.add_argument("--json", type=Path, metavar="FILE", help="every round's numbers")
    made.add_argument("--write", action="store_true", help="write docs/performance.md and docs/performance.svg")
    return made


def scope_of(options: argparse.Namespace) -> Scope:
    """What is measured, by the kind of run and what else was said."""
    scope = QUICK if options.quick else ESSENTIAL if options.essential else FULL
    if options.rounds:
        scope = replace(scope, rounds=options.rounds)
    if options.sets:
        scope = replace(scope, sets=() if options.sets == "none" else tuple(options.sets.split(",")))
    if options.servers:
        scope = replace(scope, servers=tuple(options.servers.lower().split(",")))
    if options.senders:
        scope = replace(scope, senders=_numbers(options.senders))
    if options.find:
        scope = replace(scope, find=() if options.find == "none" else _numbers(options.find))
    if options.no_retrieve:
        scope = replace(scope, retrieve=False)
    return scope


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(int(word) for word in words.split(","))
