from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.modality import STEP, began
from support.worklists import entry_of

from radnode.model.uid import UID
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode.work.worklist_ageing import forget_old


def scheduled(days: int) -> dict[str, str]:
    return {"ScheduledProcedureStepStartDate": f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d}"}


@pytest.mark.parametrize(("days", "later", "left"), [(30, 10, 3), (30, 40, 2), (0, 40, 3), (30, 400, 1)])
def test_what_is_long_over_is_forgotten(tmp_path: Path, days: int, later: int, left: int) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        worklist, steps = Worklist(work), ProcedureSteps(work)
        worklist.add(entry_of(steps=(scheduled(0), scheduled(1))))
        planned = worklist.add(entry_of(steps=(scheduled(0), scheduled(200))))
        from_file = worklist.add(entry_of(steps=(scheduled(0),)))
        with work.writing() as connection:
            connection.execute("UPDATE worklist_entries SET source = 'one.wl' WHERE id = ?", (from_file.id,))
        steps.create(UID(STEP), began())
        forget_old(work, days, datetime.now(UTC) + timedelta(days=later))
        entries = [entry.id for entry in worklist.entries(limit=10).entries]
        assert len(entries) == left
        assert from_file.id in entries
        assert (planned.id in entries) == (left > 1)
        assert len(steps.steps()) == (left == 3)
