"""What was to be done long ago, and what was reported of it: forgotten, or the work file would grow for ever."""

from datetime import UTC, datetime, timedelta

from radnode.work.work_file import WorkFile

_BATCH = 200
"""Rows that one transaction forgets: others write in between."""
_REPORTS = """
DELETE FROM procedure_steps WHERE sop_instance IN (
    SELECT sop_instance FROM procedure_steps WHERE created < :before AND changed < :before LIMIT :most
)
"""
_ENTRIES = """
DELETE FROM worklist_entries WHERE id IN (
    SELECT e.id FROM worklist_entries e WHERE e.changed < :before AND e.source = '' AND NOT EXISTS (
        SELECT 1 FROM worklist_steps s WHERE s.entry = e.id AND s.ScheduledProcedureStepStartDate >= :day
    ) LIMIT :most
)
"""


def forget_old(work: WorkFile, days: int, now: datetime | None = None) -> int:
    """Forget reports, and entries whose steps are all over, that nobody changed for so many days; how many.

    0 days are for ever. What comes from worklist files stays as long as the files do. Raises OutOfResources.
    """
    if not days:
        return 0
    last = (now or datetime.now(UTC)) - timedelta(days=days)
    before = int(last.timestamp()) * 10**9
    values: dict[str, int | str] = {"before": before, "day": f"{last:%Y%m%d}", "most": _BATCH}
    return sum(_forget(work, statement, values) for statement in (_REPORTS, _ENTRIES))


def _forget(work: WorkFile, statement: str, values: dict[str, int | str]) -> int:
    forgotten = 0
    while True:
        with work.writing() as connection:
            count = connection.execute(statement, values).rowcount
        forgotten += count
        if count < _BATCH:
            return forgotten
