"""`radnode import`: files and folders into the archive."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.archive.importing import ImportReport, import_paths
from radnode.archive.layout import Layout
from radnode.archive.stored import Stored
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.progress import progress
from radnode.cli.refusal import Refused, shown, shown_path
from radnode.cli.storage import prepare
from radnode.model.route import Door, Sender
from radnode.settings import Settings
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile

ABOUT = """\
Take files, and all files in folders, into the archive. The node may be serving meanwhile, and doing it twice changes
nothing. What was refused is told with the reason; exit code 1 if anything was."""
EXAMPLES = """\
  radnode import study/ more/image.dcm
  radnode import /mnt/cd --processes 4 --json"""


def arguments(parser: Parser) -> None:
    """What to take, and by how many processes."""
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file or a folder")
    parser.add_argument(
        "--processes", type=int, default=0, metavar="N", help="how many at once (default: one per core)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the counts and what was refused."""
    if not 0 <= args.processes <= 64:
        raise Refused(f"--processes {args.processes}: must be 0 to 64")
    for path in args.paths:
        if not path.exists():
            raise Refused(f"{shown_path(path)}: no such file or folder")
    processes = args.processes or len(os.sched_getaffinity(0))
    report = ImportReport()
    with progress("importing") as advance, _sending_on(loaded.settings) as send_on:
        root, further = prepare(loaded.settings.archive.root), loaded.settings.archive.further
        for event in import_paths(root, args.paths, processes=processes, further=further):
            if event.stored:
                send_on(event.stored)
            report.add(event)
            advance(sum(report.counts.values()))
    if args.json:
        refused = [{"file": str(event.path), "why": event.why} for event in report.refused]
        sys.stdout.write(json.dumps({**report.counts, "refused": refused}) + "\n")
    else:
        for event in report.refused:
            sys.stdout.write(f"{shown_path(event.path)}: {shown(event.why)}\n")
        sys.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in report.counts.items()) + "\n")
    return 1 if report.refused else 0


@contextmanager
def _sending_on(settings: Settings) -> Iterator[Callable[[Stored], None]]:
    """What queues an object for whom rules name, which needs the work file only where a rule is about imports."""
    sender = Sender(Door.IMPORT)
    routes = [route for route in settings.routes if sender.name in route.senders]
    if not routes:
        yield lambda _: None
        return
    with WorkFile.open(Layout(prepare(settings.archive.root)).work) as work:
        router = Router(routes, work)
        yield lambda stored: router.route(stored, sender)
