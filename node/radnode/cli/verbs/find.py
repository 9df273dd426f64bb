"""`radnode find`: C-FIND."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import USUAL_KEYS, add_peer, add_query, asked, called
from radnode.dimse.scu import find

ABOUT = """\
Search a peer (C-FIND). Each --key is matched where it has a value, and returned in any case; without keys the usual
ones of the level are returned. A table on a terminal, one line for each match with tabs elsewhere."""
EXAMPLES = """\
  radnode find PACS -k PatientID=4711
  radnode find PACS --level series -k StudyInstanceUID=1.2.3 -k Modality -k SeriesDescription
  radnode find PACS@10.0.0.5:104 -k "PatientName=DOE*" -k StudyDate=20250101- --json"""


def arguments(parser: Parser) -> None:
    """The peer and the query."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document for each match, one a line")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the matches."""
    peer, caller = called(args, loaded)
    query = asked(args)
    usual = {} if _says_what_to_return(query.keys) else dict.fromkeys(USUAL_KEYS[query.level], "")
    keys = {**usual, **query.keys}
    matches = find(peer, caller, query.level, keys, root=query.root)
    if args.json:
        for match in matches:
            sys.stdout.write(json.dumps(match, ensure_ascii=False) + "\n")
    elif sys.stdout.isatty():
        _table(list(keys), matches)
    else:
        for match in matches:
            sys.stdout.write("\t".join(_plain(match.get(key, "")) for key in keys) + "\n")
    return 0


def _says_what_to_return(keys: Mapping[str, str]) -> bool:
    return "" in keys.values()


def _plain(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)


def _table(columns: Iterable[str], matches: Iterable[Mapping[str, str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*columns)
    for match in matches:
        table.add_row(*(Text(_plain(match.get(column, ""))) for column in columns))
    Console().print(table)
