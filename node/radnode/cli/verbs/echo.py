"""`radnode echo`: C-ECHO."""

import argparse
import json
import sys

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, called
from radnode.dimse.scu import echo

ABOUT = "Ask a peer whether it answers (C-ECHO)."
EXAMPLES = """\
  radnode echo WORKSTATION1
  radnode echo PACS@10.0.0.5:104 --dicom.ae_title MYTITLE"""


def arguments(parser: Parser) -> None:
    """Only the peer."""
    add_peer(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print how long it took; 1 unless the status was success."""
    peer, caller = called(args, loaded)
    echoed = echo(peer, caller)
    status = f"{echoed.status:04X}"
    if args.json:
        answer = {"peer": peer.title, "status": status, "milliseconds": round(echoed.milliseconds, 1)}
        sys.stdout.write(json.dumps(answer) + "\n")
    else:
        sys.stdout.write(f"{peer.title} answered {status} in {echoed.milliseconds:.1f} ms\n")
    return 0 if echoed.status == 0 else 1
