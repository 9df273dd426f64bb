"""PS3.15 table E.1-1, attribute by attribute, on an object that has every one of them, nested ones too."""

from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from support.deidentified import MARKS, TABLE, canary, deidentified, pairs, read, seen
from support.instances import make_instance, write_part10

from radnode.instance.deidentification import option_columns as columns
from radnode.instance.deidentification.profile import Dates, Profile
from radnode.instance.deidentification.table import basic_profile

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
NEVER_IN_A_DATA_SET = {0x00001000, 0x00001001, 0x00020003}
DATES = {tag for tag in TABLE if tag not in columns.NEVER_RETAINED_DATES and pydicom.datadict.dictionary_has_tag(tag)}
DATES = {tag for tag in DATES if dictionary_VR(tag) in ("DA", "DT", "TM")}


def tags() -> list[int]:
    known = (tag for tag in TABLE if pydicom.datadict.dictionary_has_tag(tag))
    return sorted(tag for tag in known if tag not in NEVER_IN_A_DATA_SET and tag not in (0x00420011, 0xFFFCFFFC))


def fill(dataset: Dataset) -> None:
    for tag in tags():
        vr = dictionary_VR(tag).partition(" or ")[0]
        dataset[tag] = DataElement(tag, vr, canary(tag), validation_mode=pydicom.config.IGNORE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An object with every attribute of the table, at top level and two sequences deep, by transfer syntax."""
    folder = tmp_path_factory.mktemp("whole")
    made: dict[str, Path] = {}
    for syntax in SYNTAXES:
        dataset = make_instance(syntax, BurnedInAnnotation="NO")
        fill(dataset)
        inner, middle = Dataset(), Dataset()
        fill(inner)
        middle.ReferencedSOPSequence = [inner]
        dataset.ReferencedSeriesSequence = [middle]
        dataset[0x60003000] = DataElement(0x60003000, "OW", b"ZYXCANARY!")
        dataset[0x60004000] = DataElement(0x60004000, "LT", "ZYXCANARY overlay")
        dataset[0x60020022] = DataElement(0x60020022, "LO", "ZYXCANARY overlay")
        dataset[0x50000022] = DataElement(0x50000022, "LO", "ZYXCANARY curve")
        dataset[0x50003000] = DataElement(0x50003000, "OW", b"ZYXCANARY!")
        block = dataset.private_block(0x0029, "ZYXCANARY CREATOR", create=True)
        block.add_new(0x01, "LO", "ZYXCANARY private")
        block.add_new(0x02, "SQ", [Dataset()])
        made[syntax] = write_part10(dataset, folder / f"{syntax}.dcm")
    return made


def outcomes(path: Path, profile: Profile | None = None) -> dict[int, set[tuple[str, Any, Any]]]:
    """What is seen of each tag, with the old and new value, wherever it stood."""
    new = read(deidentified(path, profile)[0])
    found: dict[int, set[tuple[str, Any, Any]]] = {}
    for place, old, after in pairs(pydicom.dcmread(path), new):
        assert place
        found.setdefault(int(old.tag), set()).add((seen(old, after), str(old.value), str(after and after.value)))
    return found


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_attribute_gets_its_action(whole: dict[str, Path], syntax: str) -> None:
    found = outcomes(whole[syntax])
    wrong = {
        f"{tag:08X}": (saw, TABLE[tag])
        for tag in tags()
        for saw, _, _ in found[tag]
        if saw not in TABLE[tag] and not (saw == "mapped" and dictionary_VR(tag) == "UI")
    }
    assert not wrong
    assert all(len(found[tag]) >= 1 for tag in tags())


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_nothing_of_the_old_values_is_left(whole: dict[str, Path], syntax: str) -> None:
    file, _ = deidentified(whole[syntax])
    new = read(file)
    assert new.file_meta.TransferSyntaxUID == syntax
    plain = repr(new).encode() + (file if syntax != DeflatedExplicitVRLittleEndian else b"")
    assert [mark for mark in MARKS if mark in plain] == []
    assert [element.tag for element in new.iterall() if element.tag.is_private] == []
    assert [element.tag for element in new if element.tag.group >> 8 in (0x50, 0x60)] == []
    assert new.PatientIdentityRemoved == "YES"
    assert new.LongitudinalTemporalInformationModified == "REMOVED"
    assert [item.CodeValue for item in new.DeidentificationMethodCodeSequence] == ["113100"]


def test_nested_attributes_are_reached(whole: dict[str, Path]) -> None:
    inner = read(deidentified(whole[ExplicitVRLittleEndian])[0]).ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert inner.SOPInstanceUID.startswith("2.25.")
    assert inner.PatientBirthDate == ""
    assert "PatientAddress" not in inner
    assert inner.ContentSequence[0].TextValue == "ANONYMIZED"


@pytest.mark.parametrize(
    ("profile", "kept"),
    [
        (Profile(retain_device_identity=True), columns.DEVICE_IDENTITY),
        (Profile(retain_institution_identity=True), columns.INSTITUTION_IDENTITY),
        (Profile(retain_patient_characteristics=True), columns.PATIENT_CHARACTERISTICS),
        (Profile(dates=Dates.KEEP), DATES),
        (Profile(retain_uids=True), {tag for tag, allowed in TABLE.items() if allowed == {"mapped"}}),
    ],
    ids=["device", "institution", "patient", "dates", "uids"],
)
def test_options_keep_their_columns_and_no_more(whole: dict[str, Path], profile: Profile, kept: set[int]) -> None:
    found = outcomes(whole[ImplicitVRLittleEndian], profile)
    kept = (kept & set(tags())) - columns.NEVER_RETAINED_UIDS
    lost = [f"{tag:08X}" for tag in kept if dictionary_VR(tag) != "SQ" for _, old, new in found[tag] if old != new]
    assert lost == []
    others = set(tags()) - kept - columns.FURTHER_UIDS - columns.FURTHER_DATES - {0x006A0003}
    assert [
        f"{tag:08X}"
        for tag in others
        for saw, _, _ in found[tag]
        if saw not in TABLE[tag] and not (saw == "mapped" and dictionary_VR(tag) == "UI")
    ] == []


def test_modified_dates_move_by_one_number_of_days(whole: dict[str, Path]) -> None:
    found = outcomes(whole[ExplicitVRLittleEndian], Profile(dates=Dates.MODIFY))
    moved = {tag: {new for _, _, new in found[tag]} for tag in DATES if tag in tags()}
    dates = set().union(*(new for tag, new in moved.items() if dictionary_VR(tag) == "DA"))
    times = set().union(*(new for tag, new in moved.items() if dictionary_VR(tag) == "DT"))
    assert len(dates) == 1
    assert times == {dates.copy().pop() + "131415"}
    assert dates != {"19870612"}
    assert set().union(*(new for tag, new in moved.items() if dictionary_VR(tag) == "TM")) == {"131415"}


@pytest.mark.parametrize(
    "profile",
    [Profile(clean_descriptors=True), Profile(clean_structured_content=True), Profile(clean_graphics=True)],
    ids=["descriptors", "content", "graphics"],
)
def test_cleaned_is_never_the_old_value(whole: dict[str, Path], profile: Profile) -> None:
    file, _ = deidentified(whole[ExplicitVRLittleEndian], profile)
    assert [mark for mark in MARKS if mark in file] == []


def test_the_option_columns_name_attributes_of_the_table() -> None:
    named = (
        columns.DEVICE_IDENTITY
        | columns.INSTITUTION_IDENTITY
        | columns.PATIENT_CHARACTERISTICS
        | columns.CLEANED_CHARACTERISTICS
        | columns.DESCRIPTORS
        | columns.STRUCTURED_CONTENT
        | columns.FURTHER_UIDS
        | columns.FURTHER_DATES
        | columns.NEVER_RETAINED_DATES
        | columns.NEVER_RETAINED_UIDS
        | {columns.GRAPHIC_ANNOTATIONS}
    )
    assert sorted(f"{tag:08X}" for tag in named - TABLE.keys()) == []


def test_the_table_has_the_rows_of_the_standard() -> None:
    rows = {
        "AccessionNumber": "Z",
        "AcquisitionDate": "X/Z",
        "AcquisitionDateTime": "X/Z/D",
        "ContentDate": "Z/D",
        "ContentSequence": "D",
        "DeviceSerialNumber": "X/Z/D",
        "FrameOfReferenceUID": "U",
        "InstitutionName": "X/Z/D",
        "OtherPatientIDs": "X",
        "PatientAddress": "X",
        "PatientAge": "X",
        "PatientBirthDate": "Z",
        "PatientName": "Z",
        "ProtocolName": "X/D",
        "ReferencedImageSequence": "X/Z/U*",
        "ReferringPhysicianName": "Z",
        "RequestAttributesSequence": "X",
        "SOPInstanceUID": "U",
        "SeriesDate": "X/D",
        "StudyDate": "Z",
        "StudyDescription": "X",
        "StudyID": "Z",
        "VerifyingObserverSequence": "D",
    }
    found = basic_profile()
    assert {keyword: found[tag_for_keyword(keyword) or 0] for keyword in rows} == rows
    assert len(found) > 600
