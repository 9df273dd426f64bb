"""`radnode reindex`: rows of objects that were stored when less was indexed."""

import argparse
import sys

from radnode.archive.reindexing import reindex
from radnode.archive.roles import Role, hold
from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.progress import progress
from radnode.cli.storage import existing

ABOUT = """\
Read again the headers of objects that were stored when less was indexed: before an upgrade, or before
archive.attributes named more. The node may be serving meanwhile; what is interrupted goes on where it was.
radnode check --repair does it too, with the node stopped."""
EXAMPLES = """\
  radnode reindex
  radnode reindex --config /etc/radnode.toml"""


def arguments(parser: Parser) -> None:
    """There is nothing to choose."""
    del parser


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print how many rows there were."""
    del args
    root, done = existing(loaded.settings.archive.root), 0
    with hold(root, Role.REINDEXING), open_archive(loaded.settings) as archive, progress("reading again") as advance:
        for step in reindex(archive.layout, archive.index):
            done = step.done
            advance(step.done, step.total, step.step)
    sys.stdout.write(f"{done} rows say all that is indexed\n" if done else "no row waits to be read again\n")
    return 0
