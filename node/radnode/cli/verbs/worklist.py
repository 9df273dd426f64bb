"""`radnode worklist`: what modalities are to do."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from radnode.archive.layout import Layout
from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown, shown_path
from radnode.cli.storage import existing
from radnode.cli.tables import print_table
from radnode.model.document import items_in, text_in
from radnode.model.errors import InvalidEntry, NotDicom, NotFound, OutOfResources, ReadOnly
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode.work.worklist_entry import SEQUENCE, Entry, parse_entry, status_of
from radnode.work.worklist_files import read_worklist_file
from radnode.work.worklist_folder import SUFFIX

ABOUT = """\
Show and change the worklist, which modalities ask for. The node may be serving meanwhile.

  add       make an entry of KEYWORD=VALUE; attributes of the scheduled step go where they belong
  list      each scheduled step, those of worklist files too
  show      whole entries
  remove    forget entries
  import    make entries of worklist files (*.wl), which are not needed any more then"""
EXAMPLES = """\
  radnode worklist add "PatientName=DOE^JOHN" PatientID=4711 ScheduledProcedureStepStartDate=20261122 \\
      ScheduledProcedureStepStartTime=1030 Modality=CT ScheduledStationAETitle=CT1
  radnode worklist add PatientID=4711 ScheduledProcedureStepStartDate=20261122 Modality=MR \\
      RequestedProcedureCodeSequence.CodeValue=MRHEAD
  radnode worklist list --json
  radnode worklist remove 6f1d2c3b4a596877
  radnode worklist import /srv/ris/worklist"""
_ACTS = ("add", "list", "show", "remove", "import")
_PAGE = 500


def arguments(parser: Parser) -> None:
    """What to do with which entries."""
    parser.add_argument("act", metavar="|".join(_ACTS), choices=_ACTS)
    parser.add_argument("words", metavar="KEYWORD=VALUE|ID|FILE", nargs="*", help="as the act needs them")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Do it, and print what there is now."""
    if bool(args.words) is (args.act == "list"):
        raise Refused(f"{args.act}: {'takes no words' if args.words else 'of what?'} (see radnode worklist --help)")
    is_new = args.act in ("add", "import")
    try:
        with _worklist(loaded, is_new=is_new) as worklist:
            return _ACT[args.act](args, worklist)
    except (InvalidEntry, NotFound, ReadOnly) as error:
        raise Refused(f"{args.act}: {shown(str(error))}") from error
    except OutOfResources as error:
        raise Refused(f"archive.root = {loaded.settings.archive.root}: {error}") from error


@contextmanager
def _worklist(loaded: Loaded, *, is_new: bool) -> Iterator[Worklist]:
    """The worklist of the archive, which is made where something is to come into it."""
    settings = loaded.settings
    if is_new:
        open_archive(settings).close()
    root = existing(settings.archive.root)
    with WorkFile.open(Layout(root).work) as work:
        yield Worklist(work, settings.worklist.folder)


def _add(args: argparse.Namespace, worklist: Worklist) -> int:
    given: dict[str, object] = {}
    for word in args.words:
        keyword, equals, value = word.partition("=")
        if not equals:
            raise Refused(f"add {shown(word)}: must be KEYWORD=VALUE, such as PatientID=4711")
        _put(given, keyword.split("."), value)
    return _made(args, [worklist.add(parse_entry(given))])


def _put(given: dict[str, object], path: list[str], value: str) -> None:
    """`value` under a keyword, or under one in the item of a sequence: `Sequence.Attribute`."""
    if len(path) == 1:
        given[path[0]] = value
        return
    items = given.setdefault(path[0], [{}])
    if not isinstance(items, list):
        raise Refused(f"add {shown('.'.join(path))}: {shown(path[0])} cannot be a text and a sequence")
    _put(items[0], path[1:], value)


def _import(args: argparse.Namespace, worklist: Worklist) -> int:
    made, code = [], 0
    for path in _files(args.words):
        try:
            made.append(worklist.add(read_worklist_file(path)))
        except (InvalidEntry, NotDicom, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            sys.stderr.write(f"radnode: {shown_path(path)}: {why}\n")
            code = 1
    _made(args, made)
    return code


def _files(words: Iterable[str]) -> Iterator[Path]:
    for path in map(Path, words):
        yield from sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else (path,)


def _made(args: argparse.Namespace, entries: list[Entry]) -> int:
    if args.json:
        sys.stdout.write(json.dumps({"entries": [_whole(entry) for entry in entries]}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{entry.id}\n" for entry in entries)
    return 0


def _list(args: argparse.Namespace, worklist: Worklist) -> int:
    entries = list(_all(worklist))
    if args.json:
        _made(args, entries)
    else:
        print_table([row for entry in entries for row in _rows(entry)])
    for name, why in worklist.refused_files().items():
        sys.stderr.write(f"radnode: {shown(name)} is no worklist entry: {shown(why)}\n")
    return 0


def _all(worklist: Worklist) -> Iterator[Entry]:
    after: str | None = None
    while True:
        page = worklist.entries(limit=_PAGE, after=after)
        yield from page.entries
        after = page.next
        if after is None:
            return


def _show(args: argparse.Namespace, worklist: Worklist) -> int:
    entries = [worklist.entry(word) for word in args.words]
    told = [_whole(entry) for entry in entries]
    indent = None if args.json else 2
    sys.stdout.write(json.dumps({"entries": told}, ensure_ascii=False, indent=indent) + "\n")
    return 0


def _remove(args: argparse.Namespace, worklist: Worklist) -> int:
    for word in args.words:
        worklist.remove(word)
    sys.stdout.write(json.dumps({"removed": args.words}) + "\n" if args.json else f"{len(args.words)} removed\n")
    return 0


def _whole(entry: Entry) -> Mapping[str, object]:
    return {"id": entry.id, "status": entry.status, "file": entry.source, "attributes": entry.document}


def _rows(entry: Entry) -> Iterator[Mapping[str, str]]:
    for step in items_in(entry.document, SEQUENCE):
        yield {
            "id": entry.id,
            "status": status_of(step),
            "patient_id": text_in(entry.document, "PatientID"),
            "patient_name": text_in(entry.document, "PatientName"),
            "date": text_in(step, "ScheduledProcedureStepStartDate"),
            "time": text_in(step, "ScheduledProcedureStepStartTime"),
            "modality": text_in(step, "Modality"),
            "station": text_in(step, "ScheduledStationAETitle"),
            "accession": text_in(entry.document, "AccessionNumber"),
            "file": entry.source,
        }


_ACT = {"add": _add, "list": _list, "show": _show, "remove": _remove, "import": _import}
