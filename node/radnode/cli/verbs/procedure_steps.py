"""`radnode procedure-steps`: what modalities report of what they performed."""

import argparse
import json
import sys

from radnode.archive.layout import Layout
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown
from radnode.cli.storage import existing
from radnode.cli.tables import print_table
from radnode.model.document import text_in
from radnode.model.errors import OutOfResources
from radnode.model.procedure_step import COMPLETED, DISCONTINUED, IN_PROGRESS
from radnode.model.uid import InvalidUID, parse_uid
from radnode.work.procedure_steps import ProcedureStep, ProcedureSteps
from radnode.work.work_file import WorkFile

ABOUT = """\
Show performed procedure steps as modalities report them (MPPS), the newest first. The node may be serving meanwhile."""
EXAMPLES = """\
  radnode procedure-steps
  radnode procedure-steps --status in-progress
  radnode procedure-steps --study 1.2.840.113619.2.55.3 --json"""
_STATES = {"in-progress": IN_PROGRESS, "completed": COMPLETED, "discontinued": DISCONTINUED}
_MOST = 100_000


def arguments(parser: Parser) -> None:
    """Which steps to show, and how."""
    parser.add_argument("--study", metavar="UID", help="steps of this study")
    parser.add_argument("--status", choices=tuple(_STATES), help="steps of this status")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="steps to show at the most (default 100)")
    parser.add_argument("--json", action="store_true", help="print one JSON document, with all attributes")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print them."""
    if not 1 <= args.limit <= _MOST:
        raise Refused(f"--limit {args.limit}: must be 1 to {_MOST}")
    root = existing(loaded.settings.archive.root)
    status = _STATES[args.status] if args.status else None
    try:
        with WorkFile.open(Layout(root).work) as work:
            steps = ProcedureSteps(work).steps(study=_study(args.study), status=status, limit=args.limit)
    except OutOfResources as error:
        raise Refused(f"archive.root = {root}: {error}") from error
    if args.json:
        rows = [{**_row(step), "attributes": step.document} for step in steps]
        sys.stdout.write(json.dumps({"steps": rows}, ensure_ascii=False) + "\n")
    else:
        print_table([_row(step) for step in steps])
    return 0


def _study(text: str | None) -> str | None:
    try:
        return None if text is None else parse_uid(text)
    except InvalidUID:
        raise Refused(f"--study {shown(text or '')}: must be a UID") from None


def _row(step: ProcedureStep) -> dict[str, str | int | None]:
    return {
        "sop_instance_uid": step.sop_instance,
        "status": step.status,
        "patient_id": text_in(step.document, "PatientID"),
        "modality": text_in(step.document, "Modality"),
        "station": text_in(step.document, "PerformedStationAETitle"),
        "date": text_in(step.document, "PerformedProcedureStepStartDate"),
        "time": text_in(step.document, "PerformedProcedureStepStartTime"),
        "study": " ".join(step.studies),
        "instances": len(step.instances),
    }
