"""`radnode check`: the archive's files against its index."""

import argparse
import json
import sys
from dataclasses import asdict

from radnode.archive.check import Check, CheckReport
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.progress import progress
from radnode.cli.refusal import shown
from radnode.cli.storage import existing

ABOUT = """\
Compare the archive's files with its index: files without a row, rows without a file, wrong digests, wrong counters,
rows that do not say yet all that is indexed.
A plain check may run beside a serving node. --repair makes files and index agree, and needs the node stopped; with no
index at all it makes one anew from the files. Nothing is deleted: what fits nowhere goes to .radnode/quarantine/.
Exit code 0: nothing is wrong, or all of it was mended and nothing was lost; 1 otherwise."""
EXAMPLES = """\
  radnode check
  radnode check --quick
  radnode check --repair --json"""


def arguments(parser: Parser) -> None:
    """How deep, and whether to mend."""
    parser.add_argument("--repair", action="store_true", help="make files and index agree")
    parser.add_argument("--quick", action="store_true", help="compare sizes, do not read whole files")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print what was found."""
    settings = loaded.settings.archive
    check = Check(existing(settings.root), digests=not args.quick, further=settings.further)
    with progress("checking") as advance:
        for step in check.run(repair=args.repair):
            advance(step.done, step.total or None, step.step)
    report = check.report
    sys.stdout.write((_as_json(report) if args.json else _as_text(report)) + "\n")
    return 0 if report.clean or (report.mended and not report.lost) else 1


def _as_json(report: CheckReport) -> str:
    findings = [asdict(finding) | {"kind": finding.kind.value} for finding in report.findings]
    summary = {"files": report.files, "clean": report.clean, "mended": report.mended, "lost": report.lost}
    return json.dumps(summary | {"findings": findings})


def _as_text(report: CheckReport) -> str:
    lines = []
    for finding in report.findings:
        mended = " (mended)" if finding.repaired else ""
        lines.append(f"{finding.kind.value}: {shown(finding.path, 200)}: {shown(finding.detail)}{mended}")
    if report.clean:
        return "\n".join([*lines, f"{report.files} files: nothing is wrong"])
    result = "all is mended" if report.mended else "run radnode check --repair with the node stopped"
    lost = f", {report.lost} objects are lost" if report.lost else ""
    return "\n".join([*lines, f"{report.files} files, {len(report.findings)} findings: {result}{lost}"])
