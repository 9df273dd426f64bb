"""`radnode get`: C-GET."""

import argparse
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from radnode.archive.archive import Archive
from radnode.cli.interrupting import stopped_by_interrupt
from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, add_query, asked_by_name, called
from radnode.cli.transfers import RULES, follow
from radnode.dimse.scu import Folder, get

ABOUT = f"""\
Fetch objects from a peer (C-GET) into the archive of these settings, or into a folder. {RULES}"""
EXAMPLES = """\
  radnode get PACS StudyInstanceUID=1.2.3
  radnode get PACS@10.0.0.5:104 --level series StudyInstanceUID=1.2.3 SeriesInstanceUID=1.2.3.4 --into files/"""


def arguments(parser: Parser) -> None:
    """The peer, the query and where to."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="write files here, not into the archive")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the counts; 1 unless there was something and all of it was fetched."""
    query = asked_by_name(args)
    with stopped_by_interrupt(args.timeout) as stopping:
        peer, caller = called(args, loaded, stopping)
        with _place(args.into, loaded) as into:
            steps = get(peer, caller, query.level, query.keys, into, root=query.root, asking=query.asking)
            return follow(f"fetching from {peer.title}", steps, as_json=args.json)


def _place(folder: Path | None, loaded: Loaded) -> AbstractContextManager[Archive | Folder]:
    if folder is None:
        return open_archive(loaded.settings)
    folder.mkdir(parents=True, exist_ok=True)
    return nullcontext(Folder(folder))
