"""`radnode commitments`: storage commitments that are open or went wrong."""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from radnode.archive.layout import Layout
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused
from radnode.cli.storage import existing
from radnode.cli.tables import print_table
from radnode.model.commitment import REASONS
from radnode.model.errors import OutOfResources
from radnode.work.commitments import Failures, Transaction, listed
from radnode.work.work_file import WorkFile

ABOUT = """\
Show storage commitments (PS3.4 Annex J) that are open, were given up, or failed for some object: those that peers
have asked of this node ("asked by"), and those that it has asked of peers ("asked of"). The node may be serving."""
EXAMPLES = """\
  radnode commitments
  radnode commitments --all --json"""


def arguments(parser: Parser) -> None:
    """What to show, and how."""
    parser.add_argument("--all", action="store_true", help="show also what succeeded, of the last 30 days")
    parser.add_argument("--json", action="store_true", help="print one JSON document, with the objects that failed")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print them."""
    root = existing(loaded.settings.archive.root)
    try:
        with WorkFile.open(Layout(root.absolute()).work) as work, work.reading() as connection:
            found = [(_row(one), failures) for one, failures in listed(connection, everything=args.all)]
    except OutOfResources as error:
        raise Refused(f"archive.root = {root}: {error}") from error
    if args.json:
        rows = [row | {"failures": _failures(failures)} for row, failures in found]
        sys.stdout.write(json.dumps({"commitments": rows}) + "\n")
    elif found:
        print_table([row for row, _ in found])
    else:
        sys.stderr.write("radnode: no commitment is open or went wrong\n")
    return 0


def _row(one: Transaction) -> dict[str, str | int | None]:
    return {
        "since": _time(one.since),
        "direction": "asked of" if one.asked_by_us else "asked by",
        "peer": one.peer,
        "transaction": one.uid,
        "objects": one.objects,
        "failed": one.failed,
        "state": one.state,
        "attempts": one.attempts,
        "due": _time(one.due),
        "why": one.why,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _failures(failures: Failures) -> list[Mapping[str, object]]:
    return [
        {
            "sop_class": reference.sop_class,
            "sop_instance": reference.sop_instance,
            "reason": f"{reason:04X}",
            "meaning": REASONS.get(reason, ""),
        }
        for reference, reason in failures.items()
    ]
