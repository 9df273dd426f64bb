"""`radnode get`: C-GET."""

import argparse
from pathlib import Path

from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, add_query, asked_by_name, called
from radnode.cli.transfers import RULES, follow
from radnode.dimse.scu import Folder, get

ABOUT = f"""\
Fetch objects from a peer (C-GET) into the archive of these settings, or into a folder. {RULES}"""
EXAMPLES = """\
  radnode get PACS -k StudyInstanceUID=1.2.3
  radnode get PACS@10.0.0.5:104 --level series -k StudyInstanceUID=1.2.3 -k SeriesInstanceUID=1.2.3.4 --into files/"""


def arguments(parser: Parser) -> None:
    """The peer, the query and where to."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="write files here, not into the archive")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the counts; 1 unless there was something and all of it was fetched."""
    peer, caller = called(args, loaded)
    query = asked_by_name(args)
    if args.into is not None:
        args.into.mkdir(parents=True, exist_ok=True)
        steps = get(peer, caller, query.level, query.keys, Folder(args.into), root=query.root)
        return follow(f"fetching from {peer.title}", steps, as_json=args.json)
    with open_archive(loaded.settings) as archive:
        steps = get(peer, caller, query.level, query.keys, archive, root=query.root)
        return follow(f"fetching from {peer.title}", steps, as_json=args.json)
