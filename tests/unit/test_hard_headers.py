"""Headers that no validator would pass: the metadata and the summary that come of them, and that nothing raises."""

from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID
from support.instances import encode_part10, make_instance, put, write_part10

from radnode.instance.words.metadata import Metadata, read_metadata
from radnode.instance.words.summary import summarize

ITEM = pack("<HHL", 0xFFFE, 0xE000, 0)
GROUPS = "SharedFunctionalGroupsSequence"
LONG_FORM = {"OB", "OW", "SQ", "UN", "UT", "UC"}


def element(keyword: str, vr: str, value: bytes) -> bytes:
    """One element in explicit VR little endian, whatever the dictionary says of its VR."""
    tag = tag_for_keyword(keyword) or 0
    value += b" " * (len(value) % 2)
    length = pack("<HL", 0, len(value)) if vr in LONG_FORM else pack("<H", len(value))
    return pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + length + value


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Reads a file with these elements: keyword -> VR and encoded value."""

    def write_and_read(**elements: tuple[str, bytes]) -> Metadata:
        bare = Dataset()
        for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
            put(bare, keyword, "1.2.3")
        bare.file_meta = make_instance().file_meta
        tail = sorted(elements.items(), key=lambda pair: tag_for_keyword(pair[0]) or 0)
        path = tmp_path / "object.dcm"
        path.write_bytes(encode_part10(bare) + b"".join(element(keyword, *value) for keyword, value in tail))
        return read_metadata(path)

    return write_and_read


def test_values_of_another_vr_than_the_dictionarys(read: Any) -> None:
    metadata = read(
        PatientName=("UN", b"DOE^JOHN"),
        PatientID=("US", b"\1\0"),
        SliceThickness=("FL", pack("<f", 5.1)),
        PixelSpacing=("FD", pack("<dd", 0.5, 0.25)),
        Rows=("IS", b" 512"),
        Columns=("UN", b"\0\2"),
        BitsStored=("DS", b"12.5"),
        SeriesNumber=("SL", pack("<l", -2)),
    )
    assert metadata.patient.patient_name == "DOE^JOHN"
    assert metadata.patient.patient_id == "1"
    assert (metadata.image.slice_thickness, metadata.image.pixel_spacing) == ("5.1", (0.5, 0.25))
    assert (metadata.image.rows, metadata.image.columns, metadata.image.bits_stored) == (512, 512, None)
    assert metadata.series.series_number == "-2"


def test_items_and_tags_are_no_text(read: Any) -> None:
    metadata = read(PatientName=("SQ", ITEM), StudyDescription=("AT", b"\x10\0\x20\0"), Manufacturer=("SQ", b""))
    assert metadata.patient.patient_name == metadata.study.study_description == metadata.equipment.manufacturer == ""
    assert summarize(metadata).summary == ""


def test_the_vr_that_is_written_says_that_a_character_set_governs(read: Any) -> None:
    metadata = read(SpecificCharacterSet=("CS", b"ISO_IR 192"), BodyPartExamined=("LO", "Schädel".encode()))
    assert metadata.series.body_part == "Schädel"


@pytest.mark.parametrize(
    "term", ["UTF-8", "utf8", "ISO_IR192", "iso ir 192", "ISO 2022 IR 192", "ISO2022 IR 192", "ISO-IR 192\0"]
)
def test_terms_that_are_beyond_doubt(read: Any, term: str) -> None:
    metadata = read(SpecificCharacterSet=("CS", term.encode()), PatientName=("PN", "Müller^Jörg".encode()))
    assert metadata.patient.patient_name == "Müller^Jörg"


@pytest.mark.parametrize(
    ("spacing", "shown"),
    [
        (b"1e30\\1e30", "1e+30 x 1e+30 mm"),
        (b"1e300\\-1e300", "1e+300 x -1e+300 mm"),
        (b"1e-300\\1e-30", "1e-300 x 1e-30 mm"),
        (b"-0\\0", "0.00 x 0.00 mm"),
    ],
)
def test_spacings_of_no_device(read: Any, spacing: bytes, shown: str) -> None:
    assert summarize(read(PixelSpacing=("DS", spacing))).summary == f"TECHNICAL PARAMETERS:\nPixel Spacing: {shown}"


@pytest.mark.parametrize("junk", [b"NaN\\1", b"0,5\\0,5", b"1\\1\\1", b"0.5 mm\\0.5 mm", b"\\", b"0x1\\1", b"1 2\\3"])
def test_broken_spacings_drop_their_line(read: Any, junk: bytes) -> None:
    assert summarize(read(PixelSpacing=("DS", junk), Rows=("US", b"\0\2\0\2"))).summary == ""


@pytest.mark.parametrize("inside", [b"garbage that is no item", pack("<HHL", 0xFFFE, 0xE000, 9999), ITEM * 5])
def test_damaged_functional_groups_hide_nothing_else(read: Any, inside: bytes) -> None:
    metadata = read(PatientName=("PN", b"DOE^JOHN"), SharedFunctionalGroupsSequence=("SQ", inside))
    assert metadata.patient.patient_name == "DOE^JOHN"
    assert metadata.image.pixel_spacing is None


def measured(**values: Any) -> Dataset:
    inner, group = Dataset(), Dataset()
    for keyword, value in values.items():
        put(inner, keyword, value)
    group.PixelMeasuresSequence = [inner]
    return group


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_each_value_comes_from_where_it_is_first_given(tmp_path: Path, syntax: str) -> None:
    instance = make_instance(
        UID(syntax),
        PixelSpacing="",
        SliceThickness=" ",
        SharedFunctionalGroupsSequence=[measured(PixelSpacing=["0.5", "0.5"], SliceThickness="")],
        PerFrameFunctionalGroupsSequence=[measured(SliceThickness="1.50"), measured(SliceThickness="9")],
    )
    image = read_metadata(write_part10(instance, tmp_path / "object.dcm")).image
    assert (image.pixel_spacing, image.slice_thickness) == ((0.5, 0.5), "1.50")


def test_functional_groups_name_no_patient(tmp_path: Path) -> None:
    groups = [measured(PatientName="ROE^JANE", SpecificCharacterSet="GBK", SliceThickness="2")]
    instance = make_instance(SharedFunctionalGroupsSequence=groups)
    del instance.PatientName, instance.SliceThickness
    metadata = read_metadata(write_part10(instance, tmp_path / "object.dcm"))
    assert (metadata.patient.patient_name, metadata.image.slice_thickness) == (None, "2")


def test_a_character_set_within_an_item_is_that_items(tmp_path: Path) -> None:
    item = Dataset()
    put(item, "SpecificCharacterSet", "ISO_IR 144")
    instance = make_instance(SpecificCharacterSet="ISO_IR 100", PatientName="Jérôme", ReferencedStudySequence=[item])
    assert read_metadata(write_part10(instance, tmp_path / "object.dcm")).patient.patient_name == "Jérôme"


@pytest.mark.parametrize(
    ("age", "shown"),
    [(b"38", "38"), (b"000D", "0D"), (b" 038Y", "38Y"), (b"38Y\0\0", "38Y"), (b"0038Y", "38Y"), (b"-01Y", "-01Y")],
)
def test_ages_as_devices_write_them(read: Any, age: bytes, shown: str) -> None:
    assert summarize(read(PatientAge=("AS", age))).summary == f"PATIENT INFORMATION:\nAge: {shown}"


def test_a_prompt_gets_no_lines_that_a_device_has_made_up(read: Any) -> None:
    attack = "CT\r\n\r\nTECHNICAL PARAMETERS:\0\x1b[31m\u202eMatrix: 1 x 1\u2029".encode()
    metadata = read(
        SpecificCharacterSet=("CS", b"ISO_IR 192"),
        StudyDescription=("UT", attack + b"x" * 200_000),
        PatientName=("PN", b"DOE^JOHN\nID: 1^X"),
    )
    heading, name, _, second, exam = summarize(metadata).summary.split("\n")
    assert (heading, name) == ("PATIENT INFORMATION:", "Name: DOE, JOHN ID: 1 X")
    assert second == "STUDY INFORMATION:"
    assert exam.startswith("Exam: CT TECHNICAL PARAMETERS: [31m Matrix: 1 x 1 xxx")
    assert len(exam) == len("Exam: ") + 128
