"""The metadata of the contract: five groups, every key, odd values never raise."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from support.instances import REMOVED, SERIES, STUDY, bundled_files, encode_part10, make_instance, put, write_part10

from radnode.instance.words.metadata import Metadata, parse_spacing, read_metadata
from radnode.model.errors import NotDicom, Truncated

JPEG = "1.2.840.10008.1.2.4.50"
SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def write_and_read(syntax: str = SYNTAXES[1], **overrides: Any) -> Metadata:
        return read_metadata(write_part10(make_instance(syntax, **overrides), tmp_path / "object.dcm"))

    return write_and_read


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_guides_example(read: Any, syntax: str) -> None:
    assert asdict(read(syntax, Rows=512, Columns=512)) == {
        "patient": {
            "patient_name": "DOE^JOHN",
            "patient_id": "12345678",
            "patient_birth_date": "19850315",
            "patient_sex": "M",
            "patient_age": "038Y",
        },
        "study": {
            "study_instance_uid": STUDY,
            "study_date": "20251106",
            "study_time": "103000",
            "study_description": "CT CHEST W CONTRAST",
            "accession_number": "A2025110601",
            "referring_physician": "SMITH^JOHN^M",
        },
        "series": {
            "series_instance_uid": SERIES,
            "series_number": "2",
            "series_date": "20251106",
            "series_description": "CHEST 5.0 B70f",
            "modality": "CT",
            "body_part": "CHEST",
        },
        "image": {
            "instance_number": "1",
            "rows": 512,
            "columns": 512,
            "bits_allocated": 16,
            "bits_stored": 12,
            "samples_per_pixel": 1,
            "number_of_frames": None,
            "photometric_interpretation": "MONOCHROME2",
            "pixel_spacing": (0.6836, 0.6836),
            "slice_thickness": "5.0",
            "has_pixel_data": True,
        },
        "equipment": {"manufacturer": "SIEMENS", "model": "SOMATOM Definition", "station_name": "CT01"},
    }


def test_absent_is_null_and_empty_is_empty(read: Any) -> None:
    metadata = read(PatientAge=REMOVED, PatientSex="", Rows=REMOVED, Columns=None, SliceThickness="", PixelSpacing="")
    assert (metadata.patient.patient_age, metadata.patient.patient_sex) == (None, "")
    assert (metadata.image.rows, metadata.image.columns) == (None, None)
    assert (metadata.image.slice_thickness, metadata.image.pixel_spacing) == ("", None)


def test_numbers_keep_their_text_where_text_is_promised(read: Any) -> None:
    metadata = read(SliceThickness="1.250000", SeriesNumber="+002", InstanceNumber="0001", NumberOfFrames="12")
    assert metadata.image.slice_thickness == "1.250000"
    assert metadata.image.number_of_frames == 12


def test_names_keep_their_form_and_text_is_unicode(read: Any) -> None:
    metadata = read(
        SpecificCharacterSet="ISO_IR 192", PatientName="Wang^XiaoDong=\u738b^\u5c0f\u6771", StudyDescription="A\\B"
    )
    assert metadata.patient.patient_name == "Wang^XiaoDong=\u738b^\u5c0f\u6771"
    assert metadata.study.study_description == "A\\B"


@pytest.mark.parametrize("rows", [[512, 512], [], 0])
def test_numbers_that_are_no_single_number_are_null(read: Any, rows: Any) -> None:
    assert read(Rows=rows).image.rows == (0 if rows == 0 else None)


@pytest.mark.parametrize(
    ("text", "spacing"),
    [
        ("0.6836\\0.6836", (0.6836, 0.6836)),
        (" 1 \\ .5\0", (1.0, 0.5)),
        ("1e-1\\2.E0", (0.1, 2.0)),
        (None, None),
        ("", None),
        ("0.5", None),
        ("0.5\\", None),
        ("1\\2\\3", None),
        ("nan\\1", None),
        ("inf\\1", None),
        ("1e999\\1", None),
        ("1_0\\1", None),
        ("\u0661\\1", None),
        ("0,5\\0,5", None),
    ],
)
def test_pixel_spacing_is_two_numbers_or_null(text: str | None, spacing: object) -> None:
    assert parse_spacing(text) == spacing


def measures(spacing: list[str], thickness: str) -> Dataset:
    inner, group = Dataset(), Dataset()
    put(inner, "PixelSpacing", spacing)
    put(inner, "SliceThickness", thickness)
    group.PixelMeasuresSequence = [inner]
    return group


OTHER = Dataset()
OTHER.FrameContentSequence = [Dataset()]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    "groups",
    [
        {"SharedFunctionalGroupsSequence": [measures(["0.5", "0.25"], "1.50")]},
        {"PerFrameFunctionalGroupsSequence": [measures(["0.5", "0.25"], "1.50"), measures(["9", "9"], "9")]},
        {
            "SharedFunctionalGroupsSequence": [measures(["0.5", "0.25"], "1.50")],
            "PerFrameFunctionalGroupsSequence": [measures(["9", "9"], "9")],
        },
        {
            "SharedFunctionalGroupsSequence": [OTHER],
            "PerFrameFunctionalGroupsSequence": [measures(["0.5", "0.25"], "1.50")],
        },
    ],
    ids=["shared", "first frame", "shared wins", "shared has others"],
)
def test_functional_groups(tmp_path: Path, syntax: str, undefined: bool, groups: dict[str, Any]) -> None:
    instance = make_instance(syntax, PixelSpacing=REMOVED, SliceThickness=REMOVED, **groups)
    for keyword in groups:
        instance[keyword].is_undefined_length = undefined
        for item in instance[keyword].value:
            item.is_undefined_length_sequence_item = undefined
    image = read_metadata(write_part10(instance, tmp_path / "enhanced.dcm")).image
    assert (image.pixel_spacing, image.slice_thickness) == ((0.5, 0.25), "1.50")


def test_frames_beyond_the_first_do_not_count(read: Any) -> None:
    groups = [OTHER, measures(["9", "9"], "9")]
    image = read(PixelSpacing=REMOVED, SliceThickness=REMOVED, PerFrameFunctionalGroupsSequence=groups).image
    assert (image.pixel_spacing, image.slice_thickness) == (None, None)


@pytest.mark.parametrize(
    ("syntax", "overrides", "expected"),
    [
        (SYNTAXES[1], {}, True),
        (SYNTAXES[1], {"PixelData": REMOVED}, False),
        (SYNTAXES[1], {"PixelData": b""}, False),
        (SYNTAXES[0], {"PixelData": b""}, False),
        (SYNTAXES[1], {"PixelData": REMOVED, "FloatPixelData": b"\0" * 4}, True),
        (SYNTAXES[1], {"PixelData": REMOVED, "DoubleFloatPixelData": b"\0" * 8}, True),
        (JPEG, {"PixelData": encapsulate([b"\xff\xd8\xff\xd9"])}, True),
        (JPEG, {"PixelData": b"\xfe\xff\0\xe0\0\0\0\0" * 2}, False),
        (JPEG, {"PixelData": b"\xfe\xff\0\xe0\0\0\0\0"}, False),
    ],
)
def test_pixel_data_is_there_or_not(tmp_path: Path, syntax: str, overrides: dict[str, Any], expected: bool) -> None:
    instance = make_instance(syntax, **overrides)
    if syntax == JPEG:
        instance["PixelData"].VR = "OB"
        instance["PixelData"].is_undefined_length = True
    assert read_metadata(write_part10(instance, tmp_path / "object.dcm")).image.has_pixel_data is expected


def test_it_is_json_with_a_schema(read: Any) -> None:
    adapter = TypeAdapter(Metadata)
    shown = adapter.dump_python(read(), mode="json")
    assert shown["image"]["pixel_spacing"] == [0.6836, 0.6836]
    schema = adapter.json_schema()
    assert set(schema["required"]) == {"patient", "study", "series", "image", "equipment"}


@pytest.mark.parametrize("file", [b"", b"x", bytes(132), b"%PDF" * 100])
def test_what_is_no_file_of_dicom_is_not_dicom(tmp_path: Path, file: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(file)
    with pytest.raises(NotDicom, match="no DICOM preamble"):
        read_metadata(path)


def test_a_cut_file_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(encode_part10(make_instance())[:-10])
    with pytest.raises(Truncated):
        read_metadata(path)


@pytest.mark.parametrize("path", bundled_files(), ids=lambda path: path.name)
def test_no_bundled_file_is_too_odd(path: Path) -> None:
    try:
        metadata = read_metadata(path)
    except NotDicom:
        return
    assert TypeAdapter(Metadata).validate_json(TypeAdapter(Metadata).dump_json(metadata)) == metadata
