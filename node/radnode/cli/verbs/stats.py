"""`radnode stats`: what the archive holds."""

import argparse
import json
import sys
from dataclasses import asdict

from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.storage import existing

ABOUT = "Count what the archive holds. The node may be serving meanwhile."
EXAMPLES = """\
  radnode stats
  radnode stats --archive.root /data/images --json"""


def arguments(parser: Parser) -> None:
    """Only how to print."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the numbers."""
    existing(loaded.settings.archive.root)
    with open_archive(loaded.settings) as archive:
        counts = asdict(archive.statistics())
    if args.json:
        sys.stdout.write(json.dumps(counts) + "\n")
    else:
        sys.stdout.writelines(f"{name:<12}{count:>16}\n" for name, count in counts.items())
    return 0
