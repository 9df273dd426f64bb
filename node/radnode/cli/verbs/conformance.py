"""`radnode conformance`: the conformance statement."""

import argparse
import sys
from pathlib import Path

from radnode.cli.conformance.statement import statement
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser

ABOUT = """\
Print the DICOM conformance statement (PS3.2) of a node with these settings, in Markdown."""
EXAMPLES = """\
  radnode conformance > conformance.md
  radnode conformance --config /etc/radnode.toml --write conformance.md"""


def arguments(parser: Parser) -> None:
    """Only where to."""
    parser.add_argument("--write", metavar="FILE", type=Path, help="write it into this file, in place of what is there")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print or write it."""
    text = statement(loaded.settings)
    if args.write is None:
        sys.stdout.write(text)
    else:
        args.write.write_text(text, "utf-8")
    return 0
