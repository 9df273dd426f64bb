"""`radnode deidentify`: copies without the patient."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

from pydicom.datadict import keyword_for_tag

from radnode.cli.deidentifying import Copying, CopyReport, copy_all, files_at
from radnode.cli.loading import Loaded
from radnode.cli.opening import open_archive
from radnode.cli.options import Parser
from radnode.cli.progress import progress
from radnode.cli.refusal import Refused, shown, shown_path
from radnode.cli.storage import existing, prepare
from radnode.cli.tables import print_table
from radnode.instance.deidentification.profile import PSEUDONYM_FORM, Dates, Profile, is_pseudonym
from radnode.instance.deidentification.pseudonyms import SECRET_FILE, Pseudonyms
from radnode.model.attributes import BY_KEYWORD
from radnode.model.level import Level
from radnode.model.query import Query, SingleValue
from radnode_http.signing_keys import MIN_SECRET, BadKey, kept_secret

ABOUT = """\
Make de-identified copies by PS3.15 Annex E (Basic Profile and options) of files, folders, or what the archive holds.
Copies lie below --output as study/series/instance.dcm, named by their new UIDs; nothing is ever overwritten, and doing
it twice changes nothing. The same UID, patient and date become the same new ones, by a key that is kept in
.radnode/deid.secret, or in --key-file.
Pixels are NOT cleaned: objects that say that text is burned in, and encapsulated documents, are refused unless
accepted; what may show the patient is told. Look at it before you give it away. See docs/deidentification.md.
Exit code 1 if anything was refused, or there was nothing."""
EXAMPLES = """\
  radnode deidentify --study 1.2.840.113619.2.55.3 --output copies/
  radnode deidentify scans/ --output copies/ --dates modify --retain-patient-characteristics
  radnode deidentify scan.dcm --dry-run"""
_LEVELS = {
    "patient": ("PatientID", Level.PATIENT),
    "study": ("StudyInstanceUID", Level.STUDY),
    "series": ("SeriesInstanceUID", Level.SERIES),
}
_OPTIONS = {
    "retain_safe_private": "keep private elements that are known to be safe",
    "retain_uids": "keep all UIDs, so that copies can be told to be the originals'",
    "retain_device_identity": "keep what names the equipment",
    "retain_institution_identity": "keep what names the institution",
    "retain_patient_characteristics": "keep sex, age, size, weight and the like",
    "clean_descriptors": "keep known words of descriptions instead of none",
    "clean_structured_content": "keep codes and numbers of structured reports instead of nothing",
    "clean_graphics": "keep drawings and regions, without their texts, instead of nothing",
    "accept_burned_in": "copy also what shows the patient by its own account, and voices; documents become empty",
}


def arguments(parser: Parser) -> None:
    """What to copy, where to, and the options of the profile."""
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="a file or a folder")
    for name, (keyword, _) in _LEVELS.items():
        parser.add_argument(
            f"--{name}",
            default="",
            metavar="ID" if name == "patient" else "UID",
            help=f"what the archive holds under this {keyword}",
        )
    parser.add_argument("--output", metavar="FOLDER", type=Path, help="where the copies go")
    parser.add_argument(
        "--dry-run", action="store_true", help="write nothing; tell what would be done with each attribute"
    )
    parser.add_argument(
        "--key-file", metavar="FILE", type=Path, help=f"a secret of {MIN_SECRET} bytes or more instead of the archive's"
    )
    parser.add_argument(
        "--dates",
        choices=("remove", "modify", "keep"),
        default="remove",
        help="remove dates, move those of a patient by one number of days, or keep them (default remove)",
    )
    for name, about in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=about)
    parser.add_argument(
        "--patient-id", default="", metavar="TEXT", help="the new Patient ID (default: made of the key)"
    )
    parser.add_argument(
        "--patient-name", default="", metavar="TEXT", help="the new Patient's Name (default: the new ID)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print what was copied, refused and is to be looked at; with --dry-run, what would be done."""
    if not args.paths and not any(getattr(args, name) for name in _LEVELS):
        raise Refused("which? Name files, folders, --patient, --study or --series")
    copying = Copying(_profile(args), _pseudonyms(args, loaded), _output(args), args.accept_burned_in)
    report = CopyReport()
    with ExitStack() as stack:
        sources = chain(_files(args), _stored(args, loaded, stack))
        with progress("de-identifying") as advance:
            for done in copy_all(sources, copying, report):
                advance(done)
    (_print_json if args.json else _print_text)(report, dry=args.dry_run)
    return 1 if report.refused or not report.counts else 0


def _profile(args: argparse.Namespace) -> Profile:
    for option in ("patient_id", "patient_name"):
        text = getattr(args, option)
        if text and not is_pseudonym(text):
            name = option.replace("_", "-")
            raise Refused(f"--{name} {shown(text)}: must be {PSEUDONYM_FORM}")
    options = {name: getattr(args, name) for name in _OPTIONS if name in Profile.__dataclass_fields__}
    return Profile(
        dates=Dates[args.dates.upper()], patient_id=args.patient_id, patient_name=args.patient_name, **options
    )


def _output(args: argparse.Namespace) -> Path | None:
    """The folder of the copies, made where it is missing; None where none are made."""
    if args.dry_run:
        return None
    if args.output is None:
        raise Refused("--output: is missing, must be the folder for the copies (or --dry-run)")
    output: Path = args.output
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"--output {shown_path(output)}: {error.strerror}") from None
    return output


def _pseudonyms(args: argparse.Namespace, loaded: Loaded) -> Pseudonyms:
    """By the key of the file, or the archive's; nothing is made where nothing is written."""
    if args.dry_run:
        return Pseudonyms(bytes(MIN_SECRET))
    if args.key_file is None:
        try:
            return Pseudonyms(kept_secret(prepare(loaded.settings.archive.root) / ".radnode" / SECRET_FILE).encode())
        except BadKey as error:
            raise Refused(str(error)) from None
    try:
        key: bytes = args.key_file.read_bytes().strip()
    except OSError as error:
        raise Refused(f"--key-file {shown_path(args.key_file)}: {error.strerror}") from None
    if len(key) < MIN_SECRET:
        raise Refused(f"--key-file {shown_path(args.key_file)}: must hold {MIN_SECRET} bytes or more")
    return Pseudonyms(key)


def _files(args: argparse.Namespace) -> Iterator[Path]:
    for path in args.paths:
        if not path.exists():
            raise Refused(f"{shown_path(path)}: no such file or folder")
    return chain.from_iterable(files_at(path, args.output) for path in args.paths)


def _stored(args: argparse.Namespace, loaded: Loaded, stack: ExitStack) -> Iterator[Path]:
    named = [(keyword, level, getattr(args, name)) for name, (keyword, level) in _LEVELS.items() if getattr(args, name)]
    if not named:
        return
    existing(loaded.settings.archive.root)
    archive = stack.enter_context(open_archive(loaded.settings))
    for keyword, level, value in named:
        query = Query(level, ((BY_KEYWORD[keyword], SingleValue(value)),), ())
        for holding in archive.retrieve(query):
            yield archive.layout.current(holding.path)


def _print_json(report: CopyReport, *, dry: bool) -> None:
    said: dict[str, object] = dict(_counts(report, dry=dry))
    said["refused"] = [{"file": str(copy.source), "why": copy.why} for copy in report.refused]
    said["warned"] = [{"file": str(copy.source), "warnings": copy.warnings} for copy in report.warned]
    if dry:
        said["attributes"] = _attributes(report)
    sys.stdout.write(json.dumps(said) + "\n")


def _print_text(report: CopyReport, *, dry: bool) -> None:
    if dry:
        print_table(_attributes(report))
    for copy in report.refused:
        sys.stdout.write(f"{shown_path(copy.source)}: refused: {shown(copy.why, 200)}\n")
    for copy in report.warned:
        sys.stdout.write(f"{shown_path(copy.source)}: look at it: {', '.join(copy.warnings)}\n")
    counts = [f"{count} {outcome}" for outcome, count in _counts(report, dry=dry).items()]
    sys.stdout.write(
        ", ".join([*counts, f"{len(report.refused)} refused, {len(report.warned)} to be looked at"]) + "\n"
    )


def _counts(report: CopyReport, *, dry: bool) -> dict[str, int]:
    return {outcome: report.counts[outcome] for outcome in (("possible",) if dry else ("written", "same"))}


def _attributes(report: CopyReport) -> list[dict[str, str | int]]:
    return [
        {
            "tag": f"({tag >> 16:04X},{tag & 0xFFFF:04X})",
            "keyword": keyword_for_tag(tag),
            "act": act,
            "count": count,
        }
        for (tag, act), count in sorted(report.acts.items())
    ]
