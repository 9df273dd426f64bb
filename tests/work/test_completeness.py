from pathlib import Path

from support.archives import make_archive
from support.modality import STEP, began, ended
from support.worklists import STUDY

from radnode.model.uid import UID
from radnode.work.completeness import completeness_of
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.work_file import WorkFile


def test_every_step_counts_however_many_there_are(work: WorkFile, tmp_path: Path) -> None:
    """What the oldest has made and is not held must not be forgotten behind the newest."""
    steps = ProcedureSteps(work)
    steps.create(UID(STEP), began())
    steps.change(UID(STEP), ended("1.2.1"))
    for number in range(1000):
        steps.create(UID(f"{STEP}.{number}"), began())
    with make_archive(tmp_path / "archive") as archive:
        found = completeness_of(archive, steps, STUDY)
    assert len(found.steps) == 1001
    assert found.missing == ("1.2.1",)
