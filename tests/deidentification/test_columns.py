"""Single rows of the option columns of PS3.15 table E.1-1 and of table E.3.10-1, as the Standard has them (2026d)."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.deidentified import deidentified, read
from support.instances import make_instance, write_part10
from support.peers import require

from radnode.instance.deidentification.dummies import ITEMS
from radnode.instance.deidentification.profile import Dates, Profile

DEVICE = Profile(retain_device_identity=True)
SAFE = Profile(retain_safe_private=True)


def de(tmp_path: Path, profile: Profile, **values: Any) -> Dataset:
    return read(deidentified(write_part10(make_instance(**values), tmp_path / "one.dcm"), profile)[0])


@pytest.mark.parametrize(
    "keyword",
    [
        "StationAETitle",
        "RetrieveAETitle",
        "ScheduledStationAETitle",
        "PerformedStationAETitle",
        "ScheduledStudyLocationAETitle",
    ],
)
def test_the_device_option_cleans_titles_and_does_not_keep_them(tmp_path: Path, keyword: str) -> None:
    assert keyword not in de(tmp_path, DEVICE, **{keyword: "STMARYS_CT1"})


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("SecondaryCaptureDeviceID", "SC-7"),
        ("ModifyingSystem", "PACS-7"),
        ("DateOfLastCalibration", "20240229"),
        ("DateOfManufacture", "20100101"),
        ("DateOfLastDetectorCalibration", "20240229"),
    ],
)
def test_the_device_option_keeps_what_else_tells_devices_apart(tmp_path: Path, keyword: str, value: str) -> None:
    assert de(tmp_path, DEVICE, **{keyword: value})[keyword].value == value
    assert de(tmp_path, Profile(), **{keyword: value}).get(keyword) != value


def test_dates_of_the_device_move_with_all_others(tmp_path: Path) -> None:
    profile = Profile(retain_device_identity=True, dates=Dates.MODIFY)
    new = de(tmp_path, profile, DateOfLastCalibration="20251106", StudyDate="20251106")
    assert new.DateOfLastCalibration == new.StudyDate != "20251106"


def test_a_treatments_moment_is_not_kept_as_a_devices(tmp_path: Path) -> None:
    new = de(tmp_path, DEVICE, BeamHoldTransitionDateTime="20251106101112")
    assert new.BeamHoldTransitionDateTime == "19000101000000"


def test_moved_dates_are_not_told_by_what_cannot_be_moved(tmp_path: Path) -> None:
    stamp = {"FrameOriginTimestamp": b"ZYXCANARY!", "TimezoneOffsetFromUTC": "-0930"}
    kept, moved = (de(tmp_path, Profile(dates=dates), **stamp) for dates in (Dates.KEEP, Dates.MODIFY))
    assert (kept.FrameOriginTimestamp, kept.TimezoneOffsetFromUTC) == (b"ZYXCANARY!", "-0930")
    assert moved.FrameOriginTimestamp == b"\0\0"
    assert "TimezoneOffsetFromUTC" not in moved


def test_further_descriptors_are_cleaned(tmp_path: Path) -> None:
    values = {"ChannelLabel": "left ZYX", "RequestingService": "cardiac ZYX", "TreatmentSites": "lung\\ZYX"}
    new = de(tmp_path, Profile(clean_descriptors=True), **values)
    assert (new.ChannelLabel, new.RequestingService, list(new.TreatmentSites)) == ("left", "cardiac", ["lung", ""])
    assert [keyword for keyword in values if keyword in de(tmp_path, Profile(), **values)] == []


def test_waveform_annotations_are_cleaned_as_content(tmp_path: Path) -> None:
    item = Dataset()
    item.UnformattedTextValue, item.ReferencedWaveformChannels = "Herr ZYX", [1, 1]
    new = de(tmp_path, Profile(clean_structured_content=True), WaveformAnnotationSequence=[item])
    (annotation,) = new.WaveformAnnotationSequence
    assert annotation.UnformattedTextValue == "ANONYMIZED"
    assert list(annotation.ReferencedWaveformChannels) == [1, 1]


def test_the_reference_to_a_performed_step_is_whole_although_it_says_nothing(tmp_path: Path) -> None:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.3", "1.2.826.0.1.9999"
    (new,) = de(tmp_path, Profile(), ReferencedPerformedProcedureStepSequence=[item])[0x00081111].value
    assert new.ReferencedSOPClassUID == "1.2.840.10008.3.1.2.3.3"
    assert new.ReferencedSOPInstanceUID.startswith("2.25.")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_the_dictionary_does_not_know_is_never_kept_by_an_option(tmp_path: Path, syntax: str) -> None:
    """Ethnic Groups, Sex Parameters for Clinical Use Category Sequence: newer than pydicom's dictionary."""
    dataset, item = make_instance(syntax), Dataset()
    item.PatientName = "Zyxcanary^N"
    dataset[0x00100043] = DataElement(0x00100043, "SQ", [item])
    file, _ = deidentified(
        write_part10(dataset, tmp_path / "new.dcm"),
        Profile(retain_patient_characteristics=True, clean_descriptors=True),
    )
    assert b"Zyx" not in file


@pytest.mark.parametrize(
    ("creator", "tag", "vr", "value"),
    [
        ("Philips Imaging DD 001", 0x20010003, "FL", 1000.0),
        ("Philips Imaging DD 001", 0x20010013, "SL", 67),
        ("Philips Imaging DD 001", 0x20010083, "DS", "63.87"),
        ("GEMS_PARM_01", 0x00430027, "SH", "1.375:1"),
        ("GEMS_PARM_01", 0x00430039, "IS", [1000, 8, 0, 0]),
        ("ELSCINT1", 0x01F10001, "CS", "SPIRAL"),
        ("ELSCINT1", 0x01F10026, "FD", 0.9),
        ("NQRight", 0x02990016, "FL", 0.5),
        ("GEIIS PACS", 0x09030011, "UN", b"\1\0"),
    ],
)
def test_safe_private_elements_stay(tmp_path: Path, creator: str, tag: int, vr: str, value: Any) -> None:
    assert private_in(tmp_path, creator, tag, vr, value) == [creator, str(value) if vr != "UN" else "1"]


@pytest.mark.parametrize(
    ("creator", "tag", "vr", "value"),
    [
        ("SIEMENS MR HEADER", 0x0019000C, "LO", "ZYXCANARY"),
        ("SIEMENS MR HEADER", 0x0019000D, "LO", "Zyxcanary^Name"),
        ("SIEMENS MR HEADER", 0x0019000D, "CS", "Zyxcanary"),
        ("SIEMENS MR HEADER", 0x0019000E, "OB", b"ZYXCANARY!"),
        ("SIEMENS MR HEADER", 0x0019000E, "UN", b"ZYXCANARY " * 7),
        ("SIEMENS MR HEADER", 0x0019000C, "IS", "1" * 300),
        ("GEMS_PARM_01", 0x00430027, "SH", "ZYXCANARY"),
        ("GEMS_ACQU_01", 0x0019009E, "LO", "Herr Zyxcanary"),
        ("GEMS_ACQU_01", 0x0019009E, "LO", "Doe"),
        ("GEMS_ACQU_01", 0x0019009E, "UN", b"DOE_12"),
        ("HOLOGIC, Inc.", 0x00190006, "LO", "ZYXCANARY"),
        ("GEMS_SENO_02", 0x0045001B, "LO", "ZYXCANARY"),
        ("NQLeft", 0x0199003A, "FL", 0.5),
    ],
)
def test_what_the_table_of_safe_elements_does_not_have_goes(
    tmp_path: Path, creator: str, tag: int, vr: str, value: Any
) -> None:
    assert [word for word in private_in(tmp_path, creator, tag, vr, value) if word != creator] == []


def private_in(tmp_path: Path, creator: str, tag: int, vr: str, value: Any) -> list[str]:
    """The values of the private elements that stay of a block with one, its creator's too."""
    dataset = make_instance()
    block = dataset.private_block(tag >> 16, creator, create=True)
    dataset[block.get_tag(tag & 0xFF)] = DataElement(block.get_tag(tag & 0xFF), vr, value, validation_mode=0)
    new = read(deidentified(write_part10(dataset, tmp_path / "one.dcm"), SAFE)[0])
    return [str(one.value) for one in new if one.tag.is_private]


def test_dcmtk_finds_nothing_to_warn_of_in_any_sequence_that_is_replaced(tmp_path: Path) -> None:
    dataset = make_instance()
    for tag in ITEMS:
        item = Dataset()
        item.PatientName = "X"
        dataset[tag] = DataElement(tag, "SQ", [item])
    file, _ = deidentified(write_part10(dataset, tmp_path / "one.dcm"))
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(file)
    done = subprocess.run([require("dcmdump"), "-q", "-v", "-d", copy], capture_output=True, check=True, text=True)
    assert [line for line in done.stderr.splitlines() if line.startswith(("W:", "E:"))] == []
    assert [f"{tag:08X}" for tag in ITEMS if tag not in read(file)] == []
