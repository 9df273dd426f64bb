"""The clinical summary of a study, over all that it holds."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED, STUDY, encode_part10, make_instance
from support.reports import DOSE_SR, code, item, made, make_report, number
from support.rest import NO_SUCH_FILE, Rest, checked

from radnode.archive.study_facts import study_facts
from radnode.instance.words.study_data import Extent, Sections, study_data
from radnode.instance.words.study_file import MAX_REPORTS, read_study_files
from radnode.instance.words.study_summary import study_text
from radnode.model.file_path import parse_file_path
from radnode.model.uid import UID
from radnode_http.answers.answer import StudySummaryAnswer
from radnode_http.views import summaries

URL = "/api/dicom/clinical-summary/study/"


async def asked(rest: Rest, study: str = STUDY, **flags: Any) -> Any:
    async with rest.session.post(URL + study, json=flags) as answer:
        await checked(answer, StudySummaryAnswer)
        return await answer.json()


async def store(rest: Rest, number: int, series: int = 2, **values: Any) -> str:
    whole: dict[str, Any] = {
        "SOPInstanceUID": f"1.2.{series}.{number}",
        "SeriesInstanceUID": f"1.2.{series}",
        "SeriesNumber": series,
        "InstanceNumber": number,
    }
    return await rest.stored(encode_part10(make_instance(**(whole | values))))


def ct_dose(*further: Dataset, instance: str = "1.2.501.1") -> bytes:
    total = number(code("DLP Total", "113813"), "456.70", "mGy.cm")
    events = number(code("Events", "113812"), "3", "{events}")
    accumulated = item("CONTAINER", code("CT Accumulated Dose Data", "113811"), events, total)
    uids = {"SOPInstanceUID": instance, "SeriesInstanceUID": "1.2.501", "SeriesNumber": 501}
    told = {"SeriesDescription": "Dose Report", "SOPClassUID": DOSE_SR}
    return make_report(item("TEXT", "Comment", TextValue="x"), accumulated, *further, **uids, **told)


async def test_a_study_with_images_and_a_dose_report(rest: Rest) -> None:
    for one in (1, 2, 3):
        await store(rest, one, CTDIvol=[10.5, 9.25, 12.0][one - 1])
    await store(rest, 1, 3, SeriesDescription="SCOUT", BodyPartExamined=REMOVED, SliceThickness="1.0", NumberOfFrames=4)
    await store(rest, 2, 3, SeriesDescription="SCOUT", BodyPartExamined=REMOVED, SliceThickness="2", Rows=8)
    await rest.stored(ct_dose())
    made_ = await asked(rest)
    assert made_["summary"] == (
        "PATIENT INFORMATION:\nName: DOE, JOHN\nID: 12345678\nAge: 38Y\nSex: M\n\n"
        "STUDY INFORMATION:\nExam: CT CHEST W CONTRAST\nDate: November 6, 2025\nAccession: A2025110601\n"
        "Modalities: CT, SR\nSeries: 3\nInstances: 6\n\n"
        "SERIES:\n"
        "Series 2: CT; CHEST 5.0 B70f; CHEST; 3 images; Matrix 16 x 12; Slice Thickness 5.0 mm\n"
        "Series 3: CT; SCOUT; 2 images with 5 frames\n"
        "Series 501: SR; Dose Report; 1 instance\n\n"
        "DOSE:\n"
        "CTDIvol, Series 2: 9.25 to 12.0 mGy\n"
        "Total Number of Irradiation Events, Series 501: 3 {events}\n"
        "CT Dose Length Product Total, Series 501: 456.70 mGy.cm"
    )
    data = made_["structured_data"]
    assert list(data) == [
        "patient",
        "study",
        "modalities",
        "series",
        "dose",
        "contradictions",
        "other_patients",
        "extent",
    ]
    assert data["patient"]["patient_birth_date"] == "19850315"
    assert data["study"]["study_instance_uid"] == STUDY
    assert data["dose"][0]["values"] == ["10.5", "9.25", "12.0"]
    assert data["series"][1] == {
        "series_instance_uid": "1.2.3", "series_number": "3", "modality": "CT", "series_description": "SCOUT",
        "body_part": None, "instances": 2, "images": 2, "frames": 5, "instances_read": 2,
        "rows": None, "columns": 12, "slice_thickness": None,
    }  # fmt: skip
    assert data["extent"] == {
        "patients": 1, "series": 3, "series_listed": 3, "instances": 6, "instances_read": 6, "is_limited": False,
        "doses": 3,
    }  # fmt: skip
    assert made_ == await asked(rest)


async def test_other_doses(rest: Rest) -> None:
    drug = made(Radiopharmaceutical="FDG\nIGNORE", RadionuclideTotalDose="3.7e+08")
    await store(rest, 1, 4, Modality="PT", RadiopharmaceuticalInformationSequence=[drug])
    await store(rest, 2, 4, Modality="PT", RadiopharmaceuticalInformationSequence=[drug, made()])
    exposure, group = made(CTDIvol=7.5), Dataset()
    group.CTExposureSequence = [exposure]
    await store(rest, 1, 5, SharedFunctionalGroupsSequence=[group])
    plane = item("CODE", code("Acquisition Plane", "113764"), ConceptCodeSequence=code("Plane A", "113620"))
    area = number(code("DAP", "113722"), "0.00012", "Gy.m2")
    broken = number(code("RP", "113725"), "nan", "Gy")
    other = number(code("RP", "113725", "99LOCAL"), "1", "Gy")
    xray = item("CONTAINER", code("Accumulated X-Ray Dose Data", "113702"), plane, area, broken, other)
    await rest.stored(ct_dose(xray))
    made_ = await asked(rest, include_patient_info=False, include_study_info=False)
    assert made_["summary"] == (
        "DOSE:\n"
        "Radiopharmaceutical Dose (FDG IGNORE), Series 4: 370000000.0 Bq\n"
        "CTDIvol, Series 5: 7.5 mGy\n"
        "Total Number of Irradiation Events, Series 501: 3 {events}\n"
        "CT Dose Length Product Total, Series 501: 456.70 mGy.cm\n"
        "Dose Area Product Total (Plane A), Series 501: 0.00012 Gy.m2"
    )
    data = made_["structured_data"]
    assert (data["patient"], data["study"], data["series"], data["modalities"]) == ({}, {}, [], [])
    assert "DOE" not in str(made_)


async def test_doses_keep_their_side_and_are_neither_merged_nor_added(rest: Rest) -> None:
    def breast(dose: str, side: str) -> Dataset:
        modifier = item(
            "CODE", code("Laterality", "G-C171", "SRT"), relationship="HAS CONCEPT MOD", ConceptCodeSequence=code(side)
        )
        return number(code("AGD", "111637"), dose, "mGy", modifier)

    def activity(dose: str, agent: str) -> Dataset:
        said = item("CODE", code("Agent", "349358000", "SCT"), ConceptCodeSequence=code(agent))
        given = number(code("Administered activity", "113507"), dose, "MBq")
        return item("CONTAINER", code("Administration", "113502"), said, given)

    await rest.stored(ct_dose(breast("1.2", "Left"), breast("3.4", "Right")))
    await rest.stored(ct_dose(activity("200", "FDG"), activity("74", "PSMA"), instance="1.2.501.2"))
    made_ = await asked(rest, include_patient_info=False, include_study_info=False)
    assert made_["structured_data"]["extent"]["doses"] == 6
    assert made_["summary"] == (
        "DOSE:\n"
        "Total Number of Irradiation Events, Series 501: 3, 3 {events} (2 values, not added up)\n"
        "CT Dose Length Product Total, Series 501: 456.70, 456.70 mGy.cm (2 values, not added up)\n"
        "Accumulated Average Glandular Dose (Left), Series 501: 1.2 mGy\n"
        "Accumulated Average Glandular Dose (Right), Series 501: 3.4 mGy\n"
        "Administered Activity (FDG), Series 501: 200 MBq\n"
        "Administered Activity (PSMA), Series 501: 74 MBq"
    )


async def test_contradictions_are_not_hidden(rest: Rest) -> None:
    await store(rest, 2, PatientName="", PatientSex="")
    await store(rest, 1, 9, PatientName="DOE^JOHN", PatientSex="M")
    await store(rest, 1, 3, PatientName="DOE^JOHN^", StudyDescription="HEAD\nDOSE:")
    odd = {"PatientBirthDate": "19510315", "StudyDate": "20240101"}
    await store(rest, 3, 3, PatientName="ROE^JANE", PatientID="999", **odd)
    for _ in range(2):
        made_ = await asked(rest)
        lines = made_["summary"].split("\n")
        assert lines[:3] == ["PATIENT INFORMATION:", "Name: DOE, JOHN", "Name (contradicting): ROE, JANE"]
        assert "ID (contradicting): 999" in lines
        assert "Birth Date: March 15, 1985\nBirth Date (contradicting): March 15, 1951\n" in made_["summary"]
        assert "Exam (contradicting): HEAD DOSE:" in lines
        assert "Date (contradicting): January 1, 2024" in lines
        assert "Patients with this study: 2" in lines
        assert not [line for line in lines if line.startswith("Sex (")]
    told = (await asked(rest, include_patient_info=False))["structured_data"]["contradictions"]
    assert {one["key"] for one in told} == {"study_description", "study_date"}


async def test_nothing_is_told_of_one_patient_that_only_another_ones_objects_say(rest: Rest) -> None:
    await store(rest, 1, PatientAge="", PatientSex="", AccessionNumber="")
    stranger = {"PatientName": "ROE^JANE", "PatientID": "999", "PatientAge": "012Y", "PatientSex": "F"}
    await store(rest, 1, 3, AccessionNumber="R1", CTDIvol=9.5, **stranger)
    told = await asked(rest)
    lines = told["summary"].split("\n")
    assert told["structured_data"]["other_patients"] == ["1.2.3"]
    assert "CTDIvol, Series 3 (another patient): 9.5 mGy" in lines
    labels = [line.partition(":")[0] for line in lines]
    assert [one for one in labels if one.startswith("Series ")] == ["Series 2", "Series 3 (another patient)"]
    assert not [line for line in lines if line.startswith(("Age:", "Sex:", "Accession:"))]
    assert {"Age (contradicting): 12Y", "Sex (contradicting): F", "Accession (contradicting): R1"} <= {*lines}
    await store(rest, 2, 3, PatientID="", PatientAge="041Y")
    made_ = await asked(rest)
    assert "Age: 41Y\nAge (contradicting): 12Y\nSex: M\nSex (contradicting): F\n" in made_["summary"]


async def test_where_it_comes_from(rest: Rest) -> None:
    first = await store(rest, 1, 2, StudyDescription="")
    second = await store(rest, 1, 3, CTDIvol=1.0, PatientSex="F")
    plain = await asked(rest)
    made_ = await asked(rest, include_provenance=True)
    found = made_["structured_data"].pop("provenance")
    assert made_ == plain
    assert found["patient"]["patient_name"]["file_path"] == first
    assert found["study"]["study_description"]["file_path"] == second
    assert found["series"]["1.2.3"]["modality"] == {
        "tag": "(0008,0060)", "keyword": "Modality", "sop_instance_uid": "1.2.3.1", "file_path": second,
        "within": "data set",
    }  # fmt: skip
    assert found["dose"][0]["tag"] == "(0018,9345)"
    assert [one["sop_instance_uid"] for one in found["contradictions"]] == ["1.2.3.1", "1.2.3.1"][
        : len(found["contradictions"])
    ]
    assert found["contradictions"][0]["keyword"] == "PatientSex"


async def test_a_large_study_is_looked_at_in_part(rest: Rest) -> None:
    for one in range(1, 8):
        await store(rest, one, SliceThickness="5.0" if one < 7 else "6.0")
    await store(rest, 1, 3)
    archive = rest.archive
    facts = await asyncio.to_thread(study_facts, archive.index, UID(STUDY), most_files=4)
    assert facts is not None
    pairs = [(archive.layout.current(path), path) for path in facts.files]
    files = await asyncio.to_thread(lambda: [*read_study_files(pairs)])
    data, _ = study_data(facts, files, Sections())
    assert data.extent == Extent(1, 2, 2, 8, 3, is_limited=True)
    assert [one.slice_thickness for one in data.series] == [None, "5.0"]
    assert study_text(data, Sections()).endswith("\n\nNOTES:\nRead: 3 of 8 instances")


async def test_every_flag_off_says_nothing(rest: Rest) -> None:
    await store(rest, 1)
    nothing = await asked(rest, include_patient_info=False, include_study_info=False, include_technical_params=False)
    assert nothing["summary"] == ""
    study = await asked(rest, include_patient_info=False, include_technical_params=False)
    assert study["summary"].endswith("SERIES:\nSeries 2: CT; CHEST 5.0 B70f; CHEST; 1 image")


async def test_broken_values_and_broken_reports(rest: Rest) -> None:
    odd: dict[str, Any] = {
        "Rows": REMOVED,
        "SeriesDescription": "A\r\nDOSE:\\B",
        "SeriesNumber": "",
        "BodyPartExamined": "x" * 500,
    }
    await store(rest, 1, NumberOfFrames="99999999999999999999", **odd)
    await store(rest, 2, NumberOfFrames="99999999999999999999", **(odd | {"Rows": 4}))
    damaged = ct_dose()
    at = damaged.index(b"\x40\0\x30\xa7SQ\0\0") + 12
    await rest.stored(damaged[:at] + b"\xff" * 8 + damaged[at + 8 :])
    comment = "x" * (MAX_REPORTS // 256)
    await rest.stored(ct_dose(*[item("TEXT", "Comment", TextValue=comment) for _ in range(260)], instance="1.2.501.2"))
    made_ = await asked(rest)
    line = next(line for line in made_["summary"].split("\n") if "without number" in line)
    assert line == (
        f"Series without number: CT; A DOSE:, B; {'x' * 128}; 2 instances, 1 image with 1000000000 frames; "
        "Matrix 4 x 12; Slice Thickness 5.0 mm"
    )
    assert made_["summary"].endswith("NOTES:\nRead: 2 of 4 instances")


async def test_what_is_not_there_or_wrong(rest: Rest) -> None:
    for study in ("1.2.3", "1..2", "x", "1." * 40, "%00", "..%2f..%2fx", "1.2.3%20"):
        assert await rest.refused("POST", URL + study, 404) in ("DICOM study not found", "DICOM file not found")
    assert await rest.refused("POST", f"{URL}1.2.3", 404) == "DICOM study not found"
    assert "include_x" in await rest.refused("POST", URL + STUDY, 400, json={"include_x": True})
    assert "bytes" in await rest.refused("POST", URL + STUDY, 413, data=b" " * 70000)
    assert await rest.refused("GET", URL + STUDY, 405)


async def test_few_studies_are_looked_at_at_once(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(rest, 1)
    looking, most, begun, go_on = 0, 0, threading.Event(), threading.Event()
    known = rest.archive.study_facts

    def slow(study: UID) -> Any:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        begun.set()
        go_on.wait(10)
        looking -= 1
        return known(study)

    monkeypatch.setattr(rest.archive, "study_facts", slow)
    requests = [asyncio.ensure_future(rest.session.post(URL + STUDY)) for _ in range(summaries.PLACES + 1)]
    await asyncio.to_thread(begun.wait, 10)
    await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
    assert (await rest.session.get("/api/dicom/status")).status == 200
    go_on.set()
    answers = await asyncio.gather(*requests)
    (refused,) = (answer for answer in answers if answer.status != 200)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert (await refused.json())["detail"] == summaries.BUSY
    assert most == summaries.AT_ONCE


def test_what_is_read_of_dose_reports_is_bounded_though_they_are_broken(tmp_path: Path) -> None:
    files = []
    for one in range(4):
        report = ct_dose(*[item("TEXT", "x", TextValue="y" * 60_000) for _ in range(70)], instance=f"1.2.{one}")
        files.append(tmp_path / f"{one}.dcm")
        at = report.index(b"\x40\0\x30\xa7SQ\0\0") + 12
        files[-1].write_bytes(report if one == 3 else report[:at] + b"\xff" * 8 + report[at + 8 :])
    path = parse_file_path(NO_SUCH_FILE)
    *others, last = read_study_files((file, path) for file in files)
    assert not [one for one in (*others, last) if one.doses or one.is_whole]
    assert last.metadata.patient.patient_name == "DOE^JOHN"
    (read,) = read_study_files([(files[-1], path)])
    assert read.doses
    assert read.is_whole
