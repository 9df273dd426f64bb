"""`radnode send`: C-STORE."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, called
from radnode.cli.progress import progress
from radnode.cli.refusal import Refused, shown
from radnode.dimse.scu import Sent, send

ABOUT = "Send files, and all files in folders, to a peer (C-STORE). The bytes go as they are."
EXAMPLES = """\
  radnode send WORKSTATION1 study/
  radnode send PACS@10.0.0.5:104 a.dcm b.dcm --json"""


def arguments(parser: Parser) -> None:
    """The peer and what to send."""
    add_peer(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file or a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print what was not stored, and the count; 1 unless the peer has everything."""
    peer, caller = called(args, loaded)
    files = list(files_in(args.paths))
    failures: list[Sent] = []
    with progress(f"sending to {peer.title}", total=len(files)) as advance:
        for number, sent in enumerate(send(peer, caller, files), start=1):
            if not sent.is_stored:
                failures.append(sent)
            advance(number, len(files))
    stored = len(files) - len(failures)
    if args.json:
        told = [{"file": str(one.path), "status": _status(one), "comment": one.comment} for one in failures]
        sys.stdout.write(json.dumps({"stored": stored, "failed": told}) + "\n")
    else:
        for one in failures:
            sys.stdout.write(
                f"{shown(str(one.path))}: {_status(one) or 'not sent'} {shown(one.comment)}".rstrip() + "\n"
            )
        sys.stdout.write(f"{stored} of {len(files)} stored by {peer.title}\n")
    return 1 if failures else 0


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that were named, and all files in the folders, in order. Raises Refused for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path
        else:
            raise Refused(f"{shown(str(path))}: no such file or folder")


def _status(sent: Sent) -> str | None:
    return None if sent.status is None else f"{sent.status:04X}"
