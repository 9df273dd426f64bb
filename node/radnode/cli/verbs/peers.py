"""`radnode peers`: who has asked this node for associations, and a file of peers made from that."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers_file import peers_file
from radnode.cli.refusal import Refused, shown, shown_path
from radnode.cli.storage import existing
from radnode.dimse.learning import read_record, record_of
from radnode.dimse.requestors import Record, Requestor

ABOUT = """\
Show who has asked this node for associations while dicom.learn was true, whether it was let in or not, or make a list
of peers for review from that. Nobody is let in by being recorded. The node may be serving meanwhile."""
EXAMPLES = """\
  radnode peers                             # after some days of: radnode serve --dicom.learn true
  radnode peers --json
  radnode peers --write peers.toml          # review it, then add it to the configuration"""
_MODE = 0o640
_COLUMNS = ("title", "address", "called", "associations", "rejections", "asked", "used", "first", "last")


def arguments(parser: Parser) -> None:
    """How to show it."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--json", action="store_true", help="print one JSON document")
    ways.add_argument("--toml", action="store_true", help="print a list of peers, as the configuration has it")
    ways.add_argument("--write", type=Path, metavar="FILE", help="write that list into a new file")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print or write the record."""
    record = _record(existing(loaded.settings.archive.root))
    listed = {peer.title: peer.host for peer in loaded.settings.peers}
    if args.json:
        rows = [_row(one) | {"listed": one.calling in listed} for one in record.requestors]
        sys.stdout.write(json.dumps({"requestors": rows, "dropped": record.dropped}) + "\n")
        return 0
    if args.toml:
        sys.stdout.write(peers_file(record.requestors, listed))
    elif args.write is not None:
        _write(args.write, peers_file(record.requestors, listed))
        sys.stdout.write(f"{args.write}: written, {len(record.requestors)} callers\n")
    else:
        _print(record)
    _warn(record, learns=loaded.settings.dicom.learn)
    return 0


def _record(root: Path) -> Record:
    try:
        return read_record(record_of(root))
    except ValueError as error:
        raise Refused(str(error)) from error


def _row(one: Requestor) -> dict[str, object]:
    return {
        "title": one.calling,
        "address": one.address,
        "called": one.called,
        "associations": one.associations,
        "rejections": one.rejections,
        "asked": sorted(one.asked),
        "used": sorted(one.used),
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "reason": one.reason,
    }


def _print(record: Record) -> None:
    if not record.requestors:
        return
    rows = [_COLUMNS, *(_cells(_row(one)) for one in record.requestors)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def _cells(row: Mapping[str, object]) -> tuple[str, ...]:
    values = (row[column] for column in _COLUMNS)
    return tuple(shown(",".join(value) if isinstance(value, list) else str(value)) or "-" for value in values)


def _write(path: Path, text: str) -> None:
    """A file that is there already is somebody's work: it is not touched."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except FileExistsError:
        raise Refused(f"--write {shown_path(path)}: exists already, and must be a new file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _warn(record: Record, *, learns: bool) -> None:
    if not record.requestors:
        why = "nobody has called" if learns else "dicom.learn is false"
        sys.stderr.write(f"radnode: no callers are recorded ({why})\n")
    if record.dropped:
        sys.stderr.write(f"radnode: there was no room for others, {record.dropped} times\n")
