"""Following a C-GET or C-MOVE to its end."""

import json
import sys
from collections.abc import Iterable

from radnode.cli.progress import progress
from radnode.cli.refusal import shown
from radnode.dimse.scu import Progress


def follow(title: str, steps: Iterable[Progress], *, as_json: bool) -> int:
    """Show progress and print the result; the exit code is 0 where everything was transferred."""
    last = Progress(status=0, remaining=0, completed=0, failed=0, warning=0)
    with progress(title) as advance:
        for last in steps:
            done = last.completed + last.failed + last.warning
            advance(done, done + last.remaining)
    status = f"{last.status:04X}"
    if as_json:
        counts = {"completed": last.completed, "failed": last.failed, "warning": last.warning}
        sys.stdout.write(json.dumps({"status": status, **counts, "comment": last.comment}) + "\n")
    else:
        counted = f"{last.completed} completed, {last.failed} failed, {last.warning} with a warning"
        sys.stdout.write(f"{status}: {counted} {shown(last.comment)}".rstrip() + "\n")
    return 0 if last.status == 0 and not last.failed else 1
