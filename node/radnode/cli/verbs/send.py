"""`radnode send`: C-STORE."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from radnode.cli.committing import Committed, have_committed
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import add_peer, called
from radnode.cli.progress import progress
from radnode.cli.refusal import Refused, shown, shown_path
from radnode.dimse.scu import Sent, send

ABOUT = "Send files, and all files in folders, to a peer (C-STORE). The bytes go as they are."
EXAMPLES = """\
  radnode send WORKSTATION1 study/
  radnode send PACS@10.0.0.5:104 a.dcm b.dcm --json
  radnode send VNA study/ --commit                      # and wait until it promises to keep them"""
_LONGEST = 86400


def arguments(parser: Parser) -> None:
    """The peer and what to send."""
    add_peer(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file or a folder")
    parser.add_argument("--commit", action="store_true", help="have the peer commit to what it stored")
    parser.add_argument(
        "--commit-wait", type=float, default=60.0, metavar="S", help="seconds to wait for its report (default 60)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print what was not stored, and the count; 1 unless the peer has everything (and commits to it)."""
    peer, caller = called(args, loaded)
    if not 0 <= args.commit_wait <= _LONGEST:
        raise Refused(f"--commit-wait {args.commit_wait:g}: must be 0 to {_LONGEST} (a day)")
    files = list(files_in(args.paths))
    outcomes: list[Sent] = []
    with progress(f"sending to {peer.title}", total=len(files)) as advance:
        for number, sent in enumerate(send(peer, caller, files), start=1):
            outcomes.append(sent)
            advance(number, len(files))
    stored = [sent.path for sent in outcomes if sent.is_stored]
    failures = [sent for sent in outcomes if not sent.is_stored]
    committed = have_committed(peer, caller, stored, loaded, args.commit_wait) if args.commit else None
    if args.json:
        sys.stdout.write(json.dumps(_document(len(stored), failures, committed)) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(peer.title, len(stored), failures, committed))
    return 1 if failures or (committed and committed.failures) else 0


def _document(stored: int, failures: Sequence[Sent], committed: Committed | None) -> dict[str, object]:
    told = [{"file": str(one.path), "status": _status(one), "comment": one.comment} for one in failures]
    document: dict[str, object] = {"stored": stored, "failed": told}
    if committed is None:
        return document
    return document | {
        "committed": stored - len(committed.failures),
        "not_committed": [{"file": str(path), "why": why} for path, why in committed.failures.items()],
        "transactions": committed.transactions,
    }


def _lines(peer: str, stored: int, failures: Sequence[Sent], committed: Committed | None) -> Iterator[str]:
    for one in failures:
        yield f"{shown_path(one.path)}: {_status(one) or 'not sent'} {shown(one.comment)}".rstrip()
    yield f"{stored} of {stored + len(failures)} stored by {peer}"
    if committed is not None:
        for path, why in committed.failures.items():
            yield f"{shown_path(path)}: not committed: {shown(why)}"
        yield f"{stored - len(committed.failures)} of {stored} committed by {peer}"


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that were named, and all files in the folders, in order. Raises Refused for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path
        else:
            raise Refused(f"{shown_path(path)}: no such file or folder")


def _status(sent: Sent) -> str | None:
    return None if sent.status is None else f"{sent.status:04X}"
