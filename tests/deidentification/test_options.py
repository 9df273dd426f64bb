"""What options keep, and how consistent it is, on objects as they come."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.deidentified import KEY, TABLE, deidentified, read
from support.instances import REMOVED, bundled, make_instance, write_part10

from radnode.instance.deidentification.cleaning import cleaned
from radnode.instance.deidentification.dates import moved
from radnode.instance.deidentification.deidentify import deidentify
from radnode.instance.deidentification.further_attributes import FURTHER
from radnode.instance.deidentification.profile import Dates, Profile
from radnode.instance.deidentification.pseudonyms import Pseudonyms

CONTENT = Profile(clean_structured_content=True)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(kind: str, **more: object) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", kind
    item.ConceptNameCodeSequence = [code("121071", "DCM", "Finding")]
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def de(path: Path, profile: Profile | None = None) -> Dataset:
    return read(deidentified(path, profile)[0])


def test_a_report_keeps_codes_and_numbers_and_no_words(tmp_path: Path) -> None:
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = "12.5", [code("mm", "UCUM", "millimeter")]
    tree = [
        content("TEXT", TextValue="Herr Doe has a lesion"),
        content("PNAME", PersonName="DOE^JOHN"),
        content("NUM", MeasuredValueSequence=[measured]),
        content("CODE", ConceptCodeSequence=[code("1", "99LOCAL", "Left lung of Herr Doe")]),
        content("UIDREF", UID="1.2.826.0.1.9999"),
        content("DATE", Date="20251106"),
    ]
    path = write_part10(make_instance(ContentSequence=tree), tmp_path / "report.dcm")
    items = de(path, CONTENT).ContentSequence
    assert [item.ValueType for item in items] == ["TEXT", "PNAME", "NUM", "CODE", "UIDREF", "DATE"]
    assert {item.ConceptNameCodeSequence[0].CodeMeaning for item in items} == {"Finding"}
    assert items[0].TextValue == items[1].PersonName == "ANONYMIZED"
    assert items[2].MeasuredValueSequence[0].NumericValue == 12.5
    assert items[3].ConceptCodeSequence[0].CodeMeaning == "Left lung of"
    assert items[4].UID.startswith("2.25.")
    assert items[5].Date == "19000101"
    whole = deidentified(path, CONTENT)[0]
    assert (b"Doe" in whole, b"DOE" in whole, b"9999" in whole) == (False, False, False)
    (comment,) = de(path).ContentSequence
    assert (comment.ValueType, comment.TextValue) == ("TEXT", "ANONYMIZED")


def test_references_still_hold_between_objects(tmp_path: Path) -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.1"
    image = de(write_part10(make_instance(SOPInstanceUID="1.2.3.1"), tmp_path / "image.dcm"))
    later = make_instance(
        SOPInstanceUID="1.2.3.2", SourceImageSequence=[reference], FrameOfReferenceUID="1.2.840.10008.1.4.1.1"
    )
    new = de(write_part10(later, tmp_path / "later.dcm"))
    assert new.SourceImageSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert new.SourceImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert (new.StudyInstanceUID, new.SeriesInstanceUID) == (image.StudyInstanceUID, image.SeriesInstanceUID)
    assert (new.PatientID, new.PatientName) == (image.PatientID, image.PatientName)
    assert new.FrameOfReferenceUID == "1.2.840.10008.1.4.1.1"


def test_the_days_between_studies_of_a_patient_stay(tmp_path: Path) -> None:
    def dates(name: str, **more: object) -> str:
        path = write_part10(make_instance(**more), tmp_path / f"{name}.dcm")  # type: ignore[arg-type]
        return str(de(path, Profile(dates=Dates.MODIFY)).StudyDate)

    first, second = (
        dates("first", StudyDate="20251106"),
        dates("second", StudyDate="20251113", StudyInstanceUID="1.2.9"),
    )
    assert moved(second, "DA", 7) == first
    assert dates("another", StudyDate="20251106", PatientID="another") != first


@pytest.mark.parametrize(
    ("text", "vr", "days", "expected"),
    [
        ("20250301", "DA", 1, "20250228"),
        ("2025.03.01", "DA", 1, "2025.02.28"),
        ("20250301-20250302", "DA", 1, "20250228-20250301"),
        ("20250301\\20240301", "DA", 1, "20250228\\20240229"),
        ("-20250301", "DA", 1, "-20250228"),
        ("20250231", "DA", 1, None),
        ("Herr Doe", "DA", 1, None),
        ("00010101", "DA", 400, None),
        ("20250301101112.123456+0100", "DT", 1, "20250228101112.123456+0100"),
        ("20250301-0500", "DT", 1, "20250228-0500"),
        ("202503", "DT", 31, "202502"),
        ("2025", "DT", 365, "2024"),
        ("20250301 10:11", "DT", 1, None),
        ("101112.5", "TM", 1, "101112.5"),
        ("10:11:12", "TM", 1, "10:11:12"),
        ("Doe", "TM", 1, None),
    ],
)
def test_moved_dates(text: str, vr: str, days: int, expected: str | None) -> None:
    assert moved(text, vr, days) == expected


@pytest.mark.parametrize(
    ("text", "identifying", "expected"),
    [
        ("CT CHEST W CONTRAST", (), "CT CHEST W CONTRAST"),
        ("Head of Herr Doe, tel. 030-1234567", (), "Head of"),
        ("T1 axial 5.0 mm", (), "T1 axial 5.0 mm"),
        ("LEFT HAND", ("hand",), "LEFT"),
        ("20251106 1234", (), ""),
        ("seen 06.11.25, 6/11/25, 06 11 25 at 5mm, B.25 mm", (), "at 5mm mm"),
        ("Thorax\\für Müller", (), "Thorax\\"),
        ("head", (), "head"),
    ],
)
def test_cleaned_text(text: str, identifying: tuple[str, ...], expected: str) -> None:
    assert cleaned(text, identifying) == expected


def test_a_name_that_is_also_a_medical_word_does_not_stay(tmp_path: Path) -> None:
    names = {
        "PatientName": "HEAD^SAGITTAL",
        "StudyDescription": "Sagittal scan of Herr Head",
        "ReferringPhysicianName": "X",
    }
    path = write_part10(make_instance(**names), tmp_path / "head.dcm")
    assert de(path, Profile(clean_descriptors=True)).StudyDescription == "scan of"


def test_regions_stay_and_drawings_do_not(tmp_path: Path) -> None:
    dataset = make_instance()
    for group, kind in ((0x6000, "R"), (0x6002, "G")):
        dataset[group << 16 | 0x0040] = DataElement(group << 16 | 0x0040, "CS", kind)
        dataset[group << 16 | 0x1500] = DataElement(group << 16 | 0x1500, "LO", "ZYXCANARY")
        dataset[group << 16 | 0x3000] = DataElement(group << 16 | 0x3000, "OW", b"\1\2" * 12)
    dataset[0x60020102] = DataElement(0x60020102, "US", 12)
    path = write_part10(dataset, tmp_path / "overlays.dcm")
    file, said = deidentified(path, Profile(clean_graphics=True))
    assert [int(one.tag) for one in read(file) if one.tag.group >> 8 == 0x60] == [0x60000040, 0x60003000]
    assert b"ZYX" not in file
    assert said.warnings == ("overlay-in-pixel-data",)
    assert [one for one in de(path) if one.tag.group >> 8 == 0x60] == []


def test_a_document_is_replaced_where_that_is_accepted(tmp_path: Path) -> None:
    dataset = make_instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1", PixelData=b"")
    dataset.EncapsulatedDocument, dataset.EncapsulatedDocumentLength = b"%PDF of John Doe", 16
    path = write_part10(dataset, tmp_path / "document.dcm")
    file, said = deidentified(path, accept_burned_in=True)
    assert said.warnings == ("encapsulated-document-replaced",)
    assert b"PDF" not in file
    assert (read(file).EncapsulatedDocument, read(file).EncapsulatedDocumentLength) == (b"\0\0", 2)


def test_what_the_bundled_report_says_of_itself_is_not_left(tmp_path: Path) -> None:
    new = de(bundled("reportsi.dcm"), CONTENT)
    assert len(new.ContentSequence) == 5
    assert "OFFIS" not in str(new.ContentSequence[2].TextValue)


def test_addresses_of_the_original_do_not_stay(tmp_path: Path) -> None:
    where = "https://zyxcanary.example/studies/1.2.3"
    new = de(write_part10(make_instance(RetrieveURL=where, PixelDataProviderURL=where), tmp_path / "where.dcm"))
    assert new.RetrieveURL == new.PixelDataProviderURL == "https://anonymized.invalid"


def test_a_given_patient_stands_there_even_where_nobody_did(tmp_path: Path) -> None:
    profile = Profile(patient_id="CASE-7", patient_name="Seven")
    changes: tuple[dict[str, Any], ...] = ({}, {"PatientID": REMOVED, "PatientName": REMOVED}, {"PatientID": ""})
    for number, more in enumerate(changes):
        new = de(write_part10(make_instance(**more), tmp_path / f"{number}.dcm"), profile)
        assert (new.PatientID, new.PatientName) == ("CASE-7", "Seven")


def test_a_large_object_is_never_in_memory(tmp_path: Path) -> None:
    path = write_part10(make_instance(PixelData=REMOVED), tmp_path / "large.dcm")
    size = 64 << 20
    with path.open("ab") as file:
        file.write(b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little"))
        file.truncate(file.tell() + size)
    tracemalloc.start()
    try:
        with (tmp_path / "new.dcm").open("wb") as new:
            deidentify(path, new.fileno(), Profile(), Pseudonyms(KEY))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert (tmp_path / "new.dcm").stat().st_size > size


def test_what_the_table_has_forgotten_goes_too(tmp_path: Path) -> None:
    values = {
        "PatientBirthDateInAlternativeCalendar": "S60.03.15",
        "CommentsOnTheScheduledProcedureStep": "head of ZYXCANARY",
        "ContentDescription": "ZYXCANARY lung",
        "DeviceID": "ZYXCANARY",
    }
    path = write_part10(make_instance(**values), tmp_path / "forgotten.dcm")
    new = de(path)
    assert [keyword for keyword in values if keyword in new] == ["ContentDescription"]
    assert new.ContentDescription == ""
    cleaned_too = de(path, Profile(clean_descriptors=True, retain_device_identity=True))
    assert cleaned_too.CommentsOnTheScheduledProcedureStep == "head of"
    assert cleaned_too.ContentDescription == "lung"
    assert cleaned_too.DeviceID == "ZYXCANARY"
    assert not FURTHER.keys() & TABLE.keys()
