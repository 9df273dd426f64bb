"""Objects as nobody should write them: what identifies is gone, or the object is refused by name."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from support.deidentified import deidentified, element, implicit, read, with_bytes
from support.instances import encode_dataset, encode_part10, make_instance, write_part10

from radnode.instance.deidentification.profile import Dates, Profile
from radnode.model.errors import CannotDeidentify

SAFE = Profile(retain_safe_private=True)


NAME = implicit(0x00100010, b"Zyxcanary^N ")
REFERENCE = implicit(0x00081155, b"1.2.826.0.1.9999")
UNDEFINED = 0xFFFFFFFF
END_ITEM, END_SEQUENCE = implicit(0xFFFEE00D, b""), implicit(0xFFFEE0DD, b"")


@pytest.mark.parametrize(
    "sequence",
    [
        element(0x00081115, b"UN", implicit(0xFFFEE000, NAME + REFERENCE)),
        element(0x00081115, b"UN", implicit(0xFFFEE000, NAME + REFERENCE, length=UNDEFINED) + END_ITEM),
        element(
            0x00081115,
            b"UN",
            implicit(0xFFFEE000, NAME + REFERENCE, length=UNDEFINED) + END_ITEM + END_SEQUENCE,
            length=UNDEFINED,
        ),
        element(0x00081115, b"UN", implicit(0xFFFEE000, implicit(0x00081199, implicit(0xFFFEE000, NAME + REFERENCE)))),
    ],
    ids=["defined", "undefined item", "undefined", "two deep"],
)
def test_sequences_that_hide_in_un_are_entered(tmp_path: Path, sequence: bytes) -> None:
    file, _ = deidentified(with_bytes(tmp_path / "un.dcm", sequence))
    assert b"Zyxcanary" not in file
    assert b"1.2.826.0.1.9999" not in file
    inner = read(file).ReferencedSeriesSequence[0]
    inner = inner.get("ReferencedSOPSequence", [inner])[0]
    assert str(inner.PatientName).startswith("ANON")
    assert inner.ReferencedSOPInstanceUID.startswith("2.25.")


@pytest.mark.parametrize(
    "nonsense",
    [
        element(0x00081115, b"UN", b"Zyxcanary no sequence "),
        element(0x00081115, b"OB", b"Zyxcanary no sequence "),
        element(0x00081115, b"LO", b"Zyxcanary "),
        element(0x00100010, b"UN", b"Zyxcanary^N "),
        element(0x00100010, b"SQ", implicit(0xFFFEE000, element(0x00080070, b"LO", b"Zyxcanary "))),
        element(0x00200010, b"XX", b"Zyxcanary "),
        element(0x00020016, b"AE", b"Zyxcanary "),
        element(0x00090001, b"LO", b"Zyxcanary "),
        element(0x00091001, b"LO", b"Zyxcanary "),
        element(0x00091001, b"SQ", implicit(0xFFFEE000, element(0x00080070, b"LO", b"Zyxcanary "))),
        element(0x00100011, b"LO", b"Zyxcanary "),
        element(0x0008FFF0, b"LO", b"Zyxcanary "),
        element(0x00100000, b"UL", b"Zyxc"),
        element(0x50000022, b"LO", b"Zyxcanary "),
        element(0x601E3000, b"OW", b"Zyxcanary "),
        element(0x04000500, b"SQ", implicit(0xFFFEE000, element(0x04000520, b"OB", b"Zyxcanary "))),
        element(0xFFFCFFFC, b"OB", b"Zyxcanary "),
    ],
)
@pytest.mark.parametrize("profile", [Profile(), SAFE], ids=["basic", "safe private"])
def test_what_is_not_as_it_should_be_does_not_stay(tmp_path: Path, nonsense: bytes, profile: Profile) -> None:
    file, _ = deidentified(with_bytes(tmp_path / "odd.dcm", nonsense), profile)
    assert b"Zyxc" not in file
    assert read(file).PixelData == make_instance().PixelData


def test_tags_twice_and_out_of_order(tmp_path: Path) -> None:
    again = element(0x00100020, b"LO", b"Zyxcanary ") + element(0x00080018, b"UI", b"1.2.826.0.1.9999")
    file, _ = deidentified(with_bytes(tmp_path / "again.dcm", again, again))
    assert b"Zyxcanary" not in file
    assert b"1.2.826.0.1.9999" not in file


def test_nothing_of_preamble_and_file_meta_is_left(tmp_path: Path) -> None:
    dataset = make_instance()
    dataset.file_meta.SourceApplicationEntityTitle = "ZYXCANARY"
    dataset.file_meta.PrivateInformationCreatorUID = UID("1.2.826.0.1.9999")
    dataset.file_meta.PrivateInformation = b"ZYXCANARY!"
    dataset.preamble = b"ZYXCANARY " * 12 + bytes(8)
    file, _ = deidentified(write_part10(dataset, tmp_path / "meta.dcm"))
    assert file[:128] == bytes(128)
    assert b"ZYX" not in file
    assert b"1.2.826.0.1.9999" not in file


@pytest.mark.parametrize("depth", [20, 1000])
def test_depth(tmp_path: Path, depth: int) -> None:
    inner = element(0x00100010, b"PN", b"Zyxcanary^N ")
    for _ in range(depth):
        inner = element(0x00081115, b"SQ", implicit(0xFFFEE000, inner))
    path = with_bytes(tmp_path / "deep.dcm", inner)
    if depth > 64:
        with pytest.raises(CannotDeidentify, match="sequences are nested deeper than 64"):
            deidentified(path)
        return
    assert b"Zyxcanary" not in deidentified(path)[0]


def test_un_within_un_has_the_same_limit(tmp_path: Path) -> None:
    inner = NAME
    for _ in range(100):
        inner = implicit(0x00081115, implicit(0xFFFEE000, inner))
    path = with_bytes(tmp_path / "deep.dcm", element(0x00081115, b"UN", implicit(0xFFFEE000, inner)))
    assert b"Zyxcanary" not in deidentified(path)[0]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda file: b"", "File has no DICOM preamble"),
        (lambda file: file[:-1], "the data set ends within the element"),
        (lambda file: file[:200], "File ends within its meta information"),
        (lambda file: file[128:], "File has no DICOM preamble"),
        (lambda file: file.replace(b"\x08\x00\x18\x00UI", b"\x08\x00\x19\x00UI"), "it has no valid SOP Instance UID"),
    ],
)
def test_broken_files_are_refused_with_the_reason(tmp_path: Path, damage: object, why: str) -> None:
    path = tmp_path / "broken.dcm"
    path.write_bytes(damage(encode_part10(make_instance())))  # type: ignore[operator]
    with pytest.raises(CannotDeidentify, match=why):
        deidentified(path)


@pytest.mark.parametrize(
    ("terms", "text", "raw"),
    [
        (["ISO_IR 192"], "Röntgen 東京", "Röntgen 東京".encode()),
        (["", "ISO 2022 IR 87"], "東京", b"\x1b$BEl5~\x1b(B"),
        (["GB18030"], "东京", "东京".encode("gb18030")),
        (["ISO_IR 144"], "Сименс", "Сименс".encode("iso8859_5")),
    ],
)
def test_text_that_stays_can_still_be_read(tmp_path: Path, terms: list[str], text: str, raw: bytes) -> None:
    dataset = make_instance(SpecificCharacterSet=terms, Manufacturer=raw, InstitutionName=raw)
    file, _ = deidentified(write_part10(dataset, tmp_path / "set.dcm"), Profile(clean_descriptors=True))
    new = read(file)
    assert new.Manufacturer == text
    assert file.count(raw) == 1
    assert new.InstitutionName == "ANONYMIZED"


def test_safe_private_elements_stay_under_their_creator_and_nothing_else(tmp_path: Path) -> None:
    dataset = make_instance()
    safe = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    safe.add_new(0x0C, "IS", "1000")
    safe.add_new(0x08, "CS", "ZYXCANARY")
    other = dataset.private_block(0x0019, "ZYXCANARY", create=True)
    other.add_new(0x0C, "IS", "987654321")
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        dataset.file_meta.TransferSyntaxUID = syntax
        path = write_part10(dataset, tmp_path / "private.dcm")
        file, _ = deidentified(path, SAFE)
        private = [(int(one.tag), str(one.value)) for one in read(file) if one.tag.is_private]
        assert private == [(0x00190010, "SIEMENS MR HEADER"), (0x0019100C, "1000")]
        assert b"ZYX" not in file
        assert [one.tag for one in read(deidentified(path)[0]) if one.tag.is_private] == []


def test_a_number_that_is_none_is_not_safe(tmp_path: Path) -> None:
    creator = element(0x00190010, b"LO", b"SIEMENS MR HEADER ")
    path = with_bytes(tmp_path / "number.dcm", creator, element(0x0019100C, b"IS", b"ZYXCANARY "))
    assert b"ZYX" not in deidentified(path, SAFE)[0]


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_stays_is_the_same_in_every_encoding(tmp_path: Path, syntax: str) -> None:
    dataset = make_instance(syntax, FrameIncrementPointer=0x00181063, SmallestImagePixelValue=7)
    item = Dataset()
    item.ReferencedFrameNumber, item.ReferencedSOPInstanceUID = "1", "1.2.3"
    dataset.ReferencedImageSequence = [item]
    new = read(deidentified(write_part10(dataset, tmp_path / "one.dcm"))[0])
    assert new.file_meta.TransferSyntaxUID == syntax
    assert (new.Rows, new.FrameIncrementPointer, new.PixelData) == (16, 0x00181063, dataset.PixelData)
    assert new.ReferencedImageSequence[0].ReferencedFrameNumber == 1
    assert new.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")
    assert encode_dataset(new)


def test_dates_that_are_none_become_what_the_table_says(tmp_path: Path) -> None:
    dataset = make_instance(StudyDate="ZYX DOE", SeriesDate="2025.11.06", StudyTime="noon", AcquisitionDateTime="2025")
    file, _ = deidentified(write_part10(dataset, tmp_path / "dates.dcm"), Profile(dates=Dates.MODIFY))
    new = read(file)
    assert b"ZYX" not in file
    assert (new.StudyDate, new.StudyTime) == ("", "")
    assert len(new["SeriesDate"].value) == 10
    assert len(new.AcquisitionDateTime) == 4
