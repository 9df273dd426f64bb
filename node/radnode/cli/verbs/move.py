"""`radnode move`: C-MOVE."""

import argparse

from radnode.cli.interrupting import stopped_by_interrupt
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, add_query, asked_by_name, called
from radnode.cli.transfers import RULES, follow
from radnode.dimse.scu import move

ABOUT = f"""\
Have a peer send objects to a destination that it knows (C-MOVE). {RULES}"""
EXAMPLES = """\
  radnode move PACS --to WORKSTATION1 StudyInstanceUID=1.2.3
  radnode move PACS@10.0.0.5:104 --to RADNODE --level patient PatientID=4711"""


def arguments(parser: Parser) -> None:
    """The peer, the query and where to."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--to", metavar="AET", help="AE title of the destination (default: this node's)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the counts; 1 unless there was something and all of it was sent."""
    query = asked_by_name(args)
    with stopped_by_interrupt(args.timeout) as stopping:
        peer, caller = called(args, loaded, stopping)
        destination = args.to or caller.ae_title
        steps = move(peer, caller, query.level, query.keys, destination, root=query.root, asking=query.asking)
        return follow(f"{peer.title} sends to {destination}", steps, as_json=args.json)
