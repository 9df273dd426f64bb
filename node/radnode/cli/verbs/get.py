"""`radnode get`: C-GET."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.archive.layout import Layout
from radnode.cli.interrupting import stopped_by_interrupt
from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, add_query, asked_by_name, called
from radnode.cli.storage import prepare
from radnode.cli.transfers import RULES, follow
from radnode.dimse.scu import Folder, Taker, get
from radnode.model.route import Door, Sender
from radnode.settings import Peer, Settings
from radnode.work.routed import RoutedArchive
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile

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
        with _folder(args.into) if args.into else _archive(loaded.settings, peer) as into:
            steps = get(peer, caller, query.level, query.keys, into, root=query.root, asking=query.asking)
            return follow(f"fetching from {peer.title}", steps, as_json=args.json)


@contextmanager
def _folder(path: Path) -> Iterator[Taker]:
    path.mkdir(parents=True, exist_ok=True)
    yield Folder(path)


@contextmanager
def _archive(settings: Settings, peer: Peer) -> Iterator[Taker]:
    """The archive, whose new objects are queued for whom rules name, as those that the peer itself sends."""
    with open_archive(settings) as archive:
        if not settings.routes:
            yield archive
            return
        with WorkFile.open(Layout(prepare(settings.archive.root)).work) as work:
            router = Router(settings.routes, work)
            yield RoutedArchive(archive, router, Sender(Door.CALLER, peer.title))
