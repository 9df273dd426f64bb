from pathlib import Path
from typing import Any

import pytest
from support.worklists import entry_of

from radnode.model.document import items_in, text_in
from radnode.model.errors import InvalidEntry, NotFound
from radnode.model.uid import parse_uid
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode.work.worklist_entry import SCHEDULED, parse_entry

FLAT = {
    "PatientName": "DOE^JOHN",
    "ScheduledProcedureStepStartDate": "20261122",
    "Modality": "CT",
    "ScheduledStationAETitle": "CT1",
}


def test_what_is_of_the_step_goes_into_its_sequence_and_identifiers_are_made() -> None:
    entry = parse_entry(FLAT)
    (step,) = items_in(entry, "ScheduledProcedureStepSequence")
    assert {keyword: step[keyword] for keyword in FLAT if keyword != "PatientName"} == {
        keyword: text for keyword, text in FLAT.items() if keyword != "PatientName"
    }
    assert set(entry) == {"PatientName", "StudyInstanceUID", "RequestedProcedureID", "ScheduledProcedureStepSequence"}
    parse_uid(text_in(entry, "StudyInstanceUID"))
    assert 0 < len(text_in(step, "ScheduledProcedureStepID")) <= 16
    assert text_in(step, "ScheduledProcedureStepStatus") == SCHEDULED
    assert text_in(step, "ScheduledProcedureStepStartTime") == "000000"


def test_what_replaces_an_entry_keeps_the_identifiers_that_were_made() -> None:
    before = parse_entry(FLAT)
    after = parse_entry({**FLAT, "PatientName": "DOE^JANE"}, before)
    assert {**after, "PatientName": "DOE^JOHN"} == before


def test_a_sequence_of_one_item_may_be_that_item() -> None:
    step = {keyword: text for keyword, text in FLAT.items() if keyword != "PatientName"}
    entry = parse_entry({"PatientName": "DOE^JOHN", "ScheduledProcedureStepSequence": step})
    assert [item["Modality"] for item in items_in(entry, "ScheduledProcedureStepSequence")] == ["CT"]


def test_numbers_lists_and_nothing_are_values() -> None:
    entry = parse_entry({**FLAT, "PatientWeight": 71.5, "PatientBirthDate": None, "MedicalAlerts": ["A", "B"]})
    assert [entry[one] for one in ("PatientWeight", "PatientBirthDate", "MedicalAlerts")] == ["71.5", "", "A\\B"]


def test_text_is_unicode_whatever_character_set_is_named() -> None:
    entry = parse_entry(
        {**FLAT, "SpecificCharacterSet": "ISO_IR 100", "ReferencedStudySequence": {"SpecificCharacterSet": ""}}
    )
    assert "SpecificCharacterSet" not in entry
    assert items_in(entry, "ReferencedStudySequence") == ({},)


def nested(depth: int) -> dict[str, Any]:
    return {"ScheduledProcedureStepSequence": [nested(depth - 1)]} if depth else {}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"PatientName": ""}, "PatientName or PatientID"),
        ({"Modality": ""}, "Modality must have a value"),
        ({"ScheduledProcedureStepStartDate": ""}, "StartDate must have a value"),
        ({"ScheduledProcedureStepStartDate": "20260230"}, "must be a date, YYYYMMDD"),
        ({"ScheduledProcedureStepStartDate": "2026-11-22"}, "at most 8 characters"),
        ({"ScheduledProcedureStepStartTime": "2561"}, "must be a time"),
        ({"Modality": "ct"}, "capital letters"),
        ({"AccessionNumber": "1" * 17}, "at most 16 characters"),
        ({"StudyInstanceUID": "1.2.x"}, "must be a UID"),
        ({"PatientID": "a\0b"}, "control characters"),
        ({"PatientID": "a\nb"}, "control characters"),
        ({"PatientID": "\ud800"}, "control characters"),
        ({"PatientID": "a\x9bb"}, "control characters"),
        ({"PatientID": "a\\b"}, "PatientID must have one value"),
        ({"Modality": ["CT", "MR"]}, "Modality must have one value"),
        ({"": "x"}, "is no DICOM keyword"),
        ({"PatientsName": "DOE"}, "PatientsName is no DICOM keyword"),
        ({"00100020": "1"}, "is no DICOM keyword"),
        ({"TransferSyntaxUID": "1.2"}, "is no DICOM keyword"),
        ({"PixelData": "x"}, "no text"),
        ({"PatientID": {"a": 1}}, "must be a text"),
        ({"PatientID": True}, "must be a text"),
        ({"PatientWeight": "heavy"}, "must be a number"),
        ({"ScheduledProcedureStepSequence": "CT"}, "must be a list of objects"),
        ({"ScheduledProcedureStepSequence": ["CT"]}, "must be a list of objects"),
        ({"MedicalAlerts": ["x"] * 65}, "at most 64 values"),
        ({"ReferencedStudySequence": [{}] * 1001}, "at most 1000 values"),
        (nested(9), "nested at most"),
    ],
)
def test_what_is_no_entry_is_refused_by_name(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidEntry, match=what):
        parse_entry({**FLAT, **changes})


def test_entries_are_kept_listed_replaced_and_removed(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        ids = [Worklist(work).add(entry_of(PatientID=str(number))).id for number in range(5)]
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        worklist = Worklist(work)
        pages = [worklist.entries(limit=2)]
        while pages[-1].next:
            pages.append(worklist.entries(limit=2, after=pages[-1].next))
        assert [[entry.id for entry in page.entries] for page in pages] == [ids[:2], ids[2:4], ids[4:]]
        changed = worklist.replace(ids[0], entry_of(PatientID="new", steps=({}, {"Modality": "MR"})))
        assert worklist.entry(ids[0]) == changed
        assert text_in(changed.document, "PatientID") == "new"
        assert [step["Modality"] for step in items_in(changed.document, "ScheduledProcedureStepSequence")] == [
            "CT",
            "MR",
        ]
        worklist.remove(ids[0])
        for act in (worklist.entry, worklist.remove, lambda name: worklist.replace(name, entry_of())):
            with pytest.raises(NotFound):
                act(ids[0])
