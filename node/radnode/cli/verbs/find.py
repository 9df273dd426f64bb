"""`radnode find`: C-FIND."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from radnode.cli.interrupting import stopped_by_interrupt
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.peers import USUAL_KEYS, USUAL_WORKLIST_KEYS, add_peer, add_query, asked, asking, called, checked_keys
from radnode.cli.progress import progress
from radnode.cli.refusal import Refused
from radnode.dimse.scu import Caller, Match, Stopping, find, find_worklist
from radnode.settings import Peer

ABOUT = """\
Search a peer (C-FIND). Each key is matched where it has a value, and returned in any case; without keys the usual
ones of the level are returned. A table on a terminal, one line for each match with tabs elsewhere. Ctrl-C and --limit
send C-CANCEL."""
EXAMPLES = """\
  radnode find PACS PatientID=4711
  radnode find PACS --level series StudyInstanceUID=1.2.3 Modality SeriesDescription
  radnode find PACS@10.0.0.5:104 "PatientName=DOE*" 0008,0020=20250101- --json --limit 10
  radnode find RIS --worklist ScheduledProcedureStepSequence.Modality=CT"""

_OPTIONS = {
    "relational": "negotiate relational queries",
    "fuzzy": "negotiate fuzzy matching of names",
    "combined-date-time": "negotiate that ranges of a date and its time are one",
}
Search = Callable[[Peer, Caller], Iterator[Match]]


def arguments(parser: Parser) -> None:
    """The peer and the query."""
    add_peer(parser)
    add_query(parser)
    parser.add_argument("--worklist", action="store_true", help="search the modality worklist, which has no levels")
    for option, about in _OPTIONS.items():
        parser.add_argument(
            f"--{option}", dest=option.replace("combined-", "").replace("-", "_"), action="store_true", help=about
        )
    parser.add_argument("--limit", type=int, metavar="N", help="be content with N matches")
    parser.add_argument("--json", action="store_true", help="print one JSON document for each match, one a line")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the matches; 1 where that was interrupted."""
    if args.limit is not None and args.limit < 1:
        raise Refused(f"--limit {args.limit}: must be at least 1")
    search, keys = _worklist(args) if args.worklist else _levels(args)
    with stopped_by_interrupt(args.timeout) as stopping:
        peer, caller = called(args, loaded, stopping)
        limiting = _Limiting(search(peer, caller), args.limit, stopping)
        if args.json:
            for match in limiting:
                sys.stdout.write(json.dumps(match.nested, ensure_ascii=False) + "\n")
        elif sys.stdout.isatty():
            _table(list(keys), _counted(limiting, f"searching {peer.title}"))
        else:
            for match in limiting:
                sys.stdout.write("\t".join(_plain(match.get(key, "")) for key in keys) + "\n")
    if limiting.lacked_keys and sys.stderr.isatty():
        sys.stderr.write(f"radnode: {peer.title} does not support every key\n")
    return 1 if limiting.was_interrupted else 0


class _Limiting:
    """Matches up to a limit, at which the peer is asked to stop; what it still sends is passed over."""

    def __init__(self, matches: Iterable[Match], limit: int | None, stopping: Stopping) -> None:
        self._matches, self._limit, self._stopping = matches, limit, stopping
        self.lacked_keys = False
        self.was_interrupted = False

    def __iter__(self) -> Iterator[Match]:
        count = 0
        for match in self._matches:
            self.lacked_keys |= not match.has_all_keys
            if count == self._limit:
                continue
            count += 1
            yield match
            if count == self._limit:
                self._stopping.ask()
        self.was_interrupted = self._stopping.deadline is not None and count != self._limit


def _levels(args: argparse.Namespace) -> tuple[Search, Mapping[str, str]]:
    """How to search by query/retrieve levels, and the keys of the search."""
    query = asked(args)
    keys = _with_usual(USUAL_KEYS[query.level], query.keys)
    return lambda peer, caller: find(peer, caller, query.level, keys, root=query.root, asking=query.asking), keys


def _worklist(args: argparse.Namespace) -> tuple[Search, Mapping[str, str]]:
    if args.root is not None:
        raise Refused("--root: goes without --worklist, which is a model of its own")
    keys = _with_usual(USUAL_WORKLIST_KEYS, checked_keys(args, None))
    return lambda peer, caller: find_worklist(peer, caller, keys, asking=asking(args)), keys


def _with_usual(usual: Iterable[str], keys: Mapping[str, str]) -> Mapping[str, str]:
    """The keys, after the usual ones unless they say themselves what is to be returned."""
    return keys if "" in keys.values() else {**dict.fromkeys(usual, ""), **keys}


def _counted(matches: Iterable[Match], title: str) -> Iterator[Match]:
    with progress(title) as advance:
        for number, match in enumerate(matches, start=1):
            advance(number)
            yield match


def _plain(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)


def _table(columns: Sequence[str], matches: Iterable[Match]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*(column.rpartition(".")[2] for column in columns))
    for match in matches:
        table.add_row(*(Text(_plain(match.get(column, ""))) for column in columns))
    Console().print(table)
