"""`radnode move`: C-MOVE."""

import argparse

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, add_query, asked_by_name, called
from radnode.cli.transfers import RULES, follow
from radnode.dimse.scu import move

ABOUT = f"""\
Have a peer send objects to a destination that it knows (C-MOVE). {RULES}"""
EXAMPLES = """\
  radnode move PACS --to WORKSTATION1 -k StudyInstanceUID=1.2.3
  radnode move PACS@10.0.0.5:104 --to RADNODE --level patient -k PatientID=4711"""


def arguments(parser: Parser) -> None:
    """The peer, the query and where to."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--to", metavar="AET", help="AE title of the destination (default: this node's)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the counts; 1 unless there was something and all of it was sent."""
    peer, caller = called(args, loaded)
    query = asked_by_name(args)
    steps = move(peer, caller, query.level, query.keys, args.to or caller.ae_title, root=query.root)
    return follow(f"{peer.title} sends to {args.to or caller.ae_title}", steps, as_json=args.json)
