"""Following a C-GET or C-MOVE to its end."""

import json
import sys
from collections.abc import Iterable

from radnode.cli.progress import progress
from radnode.cli.refusal import shown
from radnode.dimse.scu import Progress

RULES = """The key of the level
(PatientID, StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID) names what is wanted, without wildcards; several UIDs
are separated by a backslash. Exit code 0 if all of it was transferred, 1 if something was not or nothing matched.
Ctrl-C sends C-CANCEL."""


def follow(title: str, steps: Iterable[Progress], *, as_json: bool) -> int:
    """Show progress and print the result; 0 where there was something and all of it was transferred."""
    last = Progress(status=0, remaining=0, completed=0, failed=0, warning=0)
    most = 0
    with progress(title) as advance:
        for last in steps:
            done = last.completed + last.failed + last.warning
            most = max(most, done + last.remaining)
            advance(done, done + last.remaining)
    is_nothing = last.status == 0 and last.is_counted and not most
    status = f"{last.status:04X}"
    if as_json:
        counts = {"completed": last.completed, "failed": last.failed, "warning": last.warning}
        sys.stdout.write(json.dumps({"status": status, **counts, "comment": last.comment}) + "\n")
    else:
        counted = f"{last.completed} completed, {last.failed} failed, {last.warning} with a warning"
        result = "nothing matched" if is_nothing else counted
        sys.stdout.write(f"{status}: {result} {shown(last.comment)}".rstrip() + "\n")
    return 0 if last.status == 0 and not last.failed and not is_nothing else 1
