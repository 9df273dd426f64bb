"""`radnode worklist` and `radnode procedure-steps`."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.modality import STEP, began, ended
from support.worklists import STUDY, entry_of

from radnode.cli.main import main
from radnode.dimse.nested_encoding import encode_nested
from radnode.instance.nested import data_set_of
from radnode.model.uid import UID
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.work_file import WorkFile

WORDS = (
    "PatientName=DOE^JOHN",
    "ScheduledProcedureStepStartDate=20261122",
    "Modality=CT",
    "ScheduledStationAETitle=CT1",
    f"StudyInstanceUID={STUDY}",
    "RequestedProcedureCodeSequence.CodeValue=CTHEAD",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def call(root: Path, *words: str) -> int:
    return main([*words, "--archive.root", str(root)])


def read(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert call(root, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_an_entry_is_added_listed_shown_and_removed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(root, "worklist", "add", *WORDS) == 0
    name = capsys.readouterr().out.strip()
    assert call(root, "worklist", "list") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["id", "status", "patient_id", "patient_name"]
    assert line.split()[:8] == [name, "SCHEDULED", "-", "DOE^JOHN", "20261122", "000000", "CT", "CT1"]
    (entry,) = read(root, capsys, "worklist", "show", name)["entries"]
    assert entry["attributes"]["RequestedProcedureCodeSequence"] == [{"CodeValue": "CTHEAD"}]
    assert entry["attributes"]["ScheduledProcedureStepSequence"][0]["Modality"] == "CT"
    assert read(root, capsys, "worklist", "list") == {"entries": [entry]}
    assert read(root, capsys, "worklist", "remove", name) == {"removed": [name]}
    assert read(root, capsys, "worklist", "list") == {"entries": []}


def test_files_become_entries_and_bad_ones_are_told(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ("files" * 20)
    folder.mkdir()
    for name in ("one.wl", "two.wl"):
        (folder / name).write_bytes(encode_nested(data_set_of(entry_of(PatientID=name)), UID("1.2.840.10008.1.2.1")))
    (folder / "bad.wl").write_bytes(b"nothing of the kind")
    assert call(root, "worklist", "import", str(folder)) == 1
    told = capsys.readouterr()
    assert len(told.out.split()) == 2
    assert "bad.wl" in told.err
    entries = read(root, capsys, "worklist", "list")["entries"]
    assert {entry["attributes"]["PatientID"] for entry in entries} == {"one.wl", "two.wl"}
    assert {entry["file"] for entry in entries} == {""}
    entries = read(root, capsys, "worklist", "list", "--worklist.folder", str(folder))["entries"]
    assert sorted(entry["file"] for entry in entries) == ["", "", "one.wl", "two.wl"]
    assert call(root, "worklist", "list", "--worklist.folder", str(folder)) == 0
    assert "bad.wl is no worklist entry" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("add",), "of what?"),
        (("add", "PatientName"), "KEYWORD=VALUE"),
        (("add", "PatientName=DOE"), "must have a value"),
        (("add", *WORDS, "Bogus=1"), "Bogus is no DICOM keyword"),
        (("add", "PatientName=DOE", "PatientName.CodeValue=1"), "cannot be a text and a sequence"),
        (("list", "x"), "takes no words"),
        (("show", "nothing"), "no worklist entry"),
        (("remove", "nothing"), "no worklist entry"),
    ],
)
def test_mistakes_are_told_in_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], what: str
) -> None:
    call(root, "worklist", "add", *WORDS)
    capsys.readouterr()
    assert call(root, "worklist", *words) == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1


def test_procedure_steps_are_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(root, "worklist", "add", *WORDS, "ScheduledProcedureStepID=S1")
    with WorkFile.open(root / ".radnode" / "work.sqlite") as work:
        ProcedureSteps(work).create(UID(STEP), began())
        ProcedureSteps(work).change(UID(STEP), ended("1.2.1", "1.2.2"))
    capsys.readouterr()
    assert call(root, "procedure-steps") == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == [STEP, "COMPLETED", "4711", "CT"]
    (step,) = read(root, capsys, "procedure-steps", "--study", STUDY, "--status", "completed")["steps"]
    assert (step["instances"], step["attributes"]["PerformedStationAETitle"]) == (2, "CT1")
    assert read(root, capsys, "procedure-steps", "--status", "in-progress") == {"steps": []}
    (entry,) = read(root, capsys, "worklist", "list")["entries"]
    assert entry["status"] == "COMPLETED"
    assert call(root, "procedure-steps", "--study", "x") == 2
