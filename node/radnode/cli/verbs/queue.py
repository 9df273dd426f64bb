"""`radnode queue`: what is to be sent on."""

import argparse
import json
import sys
import time
from pathlib import Path

from radnode.archive.layout import Layout
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown
from radnode.cli.storage import existing
from radnode.cli.tables import print_table
from radnode.model.level import Level
from radnode.model.uid import UID, InvalidUID, parse_uid
from radnode.work.queue import State
from radnode.work.queue_rows import destination_row, item_row
from radnode.work.queue_view import Selection, drop, items, replay, standings
from radnode.work.work_file import WorkFile

ABOUT = """\
Show what is to be sent on, and decide over it. The node may be serving meanwhile.

  list      each destination: what waits, what is dead, since when, and why it is left alone
  show      single objects: dead ones, or those with these IDs, or in these states
  replay    send dead objects as if they had just come, and try their destinations at once
  drop      take dead objects out of the queue, so that nobody sends them
  add       queue stored objects for a peer, whatever the rules say and also if they were sent before"""
EXAMPLES = """\
  radnode queue list
  radnode queue show --destination PACS --json
  radnode queue replay --destination PACS
  radnode queue replay 17 18
  radnode queue drop --all --state waiting
  radnode queue add WORKSTATION1 --study 1.2.840.113619.2.55.3"""
_LEVELS = {"study": Level.STUDY, "series": Level.SERIES, "instance": Level.IMAGE}
_MOST = 100_000


def arguments(parser: Parser) -> None:
    """What to do with which items."""
    parser.add_argument("act", metavar="list|show|replay|drop|add", choices=("list", "show", "replay", "drop", "add"))
    parser.add_argument("words", metavar="ID|PEER", nargs="*", help="IDs of items; for add, the peer")
    parser.add_argument("--destination", default="", metavar="PEER", help="items for this destination")
    parser.add_argument(
        "--state", action="append", choices=[state.value for state in State], help="items in this state"
    )
    for name in _LEVELS:
        parser.add_argument(f"--{name}", default="", metavar="UID", help=f"items of this {name}; for add, what to send")
    parser.add_argument("--all", action="store_true", help="replay or drop whatever is in the state")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="items to show at the most (default 100)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print what there is, or how many items were concerned; 1 where there were none to decide over."""
    root = existing(loaded.settings.archive.root)
    if args.act == "add":
        return _add(args, loaded, root)
    with WorkFile.open(Layout(root).work) as work:
        if args.act == "list":
            return _list(args, work)
        if args.act == "show":
            return _show(args, work)
        wanted = _selection(args)
        if wanted == Selection(states=wanted.states) and not args.all:
            raise Refused(f"{args.act}: which? Name IDs, --destination, --study or --all")
        count = replay(work, wanted, time.time()) if args.act == "replay" else drop(work, wanted)
    return _told(args, {"replay": "replayed", "drop": "dropped"}[args.act], count)


def _list(args: argparse.Namespace, work: WorkFile) -> int:
    now = time.time()
    rows = [destination_row(one, now) for one in standings(work)]
    if args.json:
        sys.stdout.write(json.dumps({"destinations": rows}) + "\n")
    else:
        print_table(rows)
    return 0


def _show(args: argparse.Namespace, work: WorkFile) -> int:
    if not 1 <= args.limit <= _MOST:
        raise Refused(f"--limit {args.limit}: must be 1 to {_MOST}")
    rows = [item_row(one) for one in items(work, _selection(args), args.limit)]
    if args.json:
        sys.stdout.write(json.dumps({"items": rows}) + "\n")
    else:
        print_table([{key: value for key, value in row.items() if key != "file_path"} for row in rows])
    return 0


def _add(args: argparse.Namespace, loaded: Loaded, root: Path) -> int:
    from radnode.cli.opening import open_archive  # noqa: PLC0415 - looking at the queue needs no DICOM at all
    from radnode.work.ordering import order  # noqa: PLC0415

    if len(args.words) != 1:
        raise Refused("add: needs one peer, and --study, --series or --instance")
    title = args.words[0]
    if title not in {peer.title for peer in loaded.settings.peers if peer.is_callable}:
        raise Refused(f"add {shown(title)}: must be the title of a peer in the settings that can be called")
    named = [(level, getattr(args, name)) for name, level in _LEVELS.items() if getattr(args, name)]
    if len(named) != 1:
        raise Refused("add: needs one of --study, --series and --instance")
    level, text = named[0]
    with open_archive(loaded.settings) as archive, WorkFile.open(Layout(root).work) as work:
        return _told(args, "queued", order(archive, work, title, level, _uid(text)))


def _selection(args: argparse.Namespace) -> Selection:
    if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in args.words):
        raise Refused(f"{shown(' '.join(args.words))}: must be IDs of items, as show prints them")
    if args.series or args.instance:
        raise Refused("--series, --instance: are for add; items are chosen by --study")
    ids = tuple(map(int, args.words))
    states = tuple(map(State, args.state or ())) or (() if ids else (State.DEAD,))
    return Selection(ids, args.destination, states, _uid(args.study) if args.study else "")


def _uid(text: str) -> UID:
    try:
        return parse_uid(text)
    except InvalidUID:
        raise Refused(f"{shown(text)}: must be a UID") from None


def _told(args: argparse.Namespace, done: str, count: int) -> int:
    sys.stdout.write(json.dumps({done: count}) + "\n" if args.json else f"{count} {done}\n")
    return 0 if count else 1
