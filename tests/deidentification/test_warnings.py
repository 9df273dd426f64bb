"""What a person is told to look at, and what is refused because nobody can clean it."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from support.deidentified import deidentified, read
from support.instances import COLUMNS, REMOVED, ROWS, make_instance, write_part10

from radnode.instance.deidentification.deidentify import Deidentified
from radnode.model.errors import CannotDeidentify

PIXELS = ROWS * COLUMNS


@pytest.mark.parametrize(
    ("segment", "warnings"),
    [
        (b"\xff\xe1\x00\x10Exif\0\0MM\0*GPS.", ("camera-data-in-pixel-data",)),
        (b"\xff\xed\x00\x14Photoshop 3.0\0 XYZ", ("camera-data-in-pixel-data",)),
        (b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0", ()),
        (b"\xff\xda\xff\xe1\x00\x10Exif\0\0MM\0*GPS.", ()),
        (b"\xff\xe0\x00\x00", ()),
    ],
)
def test_what_a_camera_wrote_beside_the_picture_is_warned_of(
    tmp_path: Path, segment: bytes, warnings: tuple[str, ...]
) -> None:
    dataset = make_instance("1.2.840.10008.1.2.4.50", PixelData=encapsulate([b"\xff\xd8" + segment + b"\xff\xda" * 9]))
    dataset["PixelData"].is_undefined_length = True
    path = write_part10(dataset, tmp_path / "photo.dcm")
    file, said = deidentified(path)
    assert said.warnings == warnings
    assert read(file).PixelData == dataset.PixelData


@pytest.mark.parametrize(
    ("values", "warnings"),
    [
        ({}, ()),
        ({"ImageType": ["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"]}, ("burned-in-annotation-possible",)),
        ({"ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]}, ("burned-in-annotation-possible",)),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "PROTON_DENSITY"], "Modality": "MR"}, ()),
        ({"Modality": "BMD"}, ("burned-in-annotation-possible",)),
        (
            {"BurnedInAnnotation": "YES", "RecognizableVisualFeatures": "YES"},
            ("burned-in-annotation-accepted", "recognizable-visual-features"),
        ),
        ({"SamplesPerPixel": 3, "PixelData": bytes(6 * PIXELS)}, ("burned-in-annotation-possible",)),
        ({"PixelData": bytes(2 * PIXELS + 2)}, ("bytes-after-pixel-data",)),
        ({"Rows": 15, "Columns": 15, "BitsAllocated": 8, "PixelData": bytes(226)}, ()),
        ({"NumberOfFrames": "2", "PixelData": bytes(4 * PIXELS)}, ()),
        ({"Rows": REMOVED, "PixelData": bytes(9000)}, ()),
    ],
)
def test_what_is_to_be_looked_at(tmp_path: Path, values: dict[str, Any], warnings: tuple[str, ...]) -> None:
    path = write_part10(make_instance(**values), tmp_path / "one.dcm")
    assert deidentified(path, accept_burned_in=True)[1].warnings == warnings


def test_a_voice_is_refused_unless_accepted(tmp_path: Path) -> None:
    dataset = make_instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.9.4.1", Modality="AU", PixelData=REMOVED)
    path = write_part10(dataset, tmp_path / "voice.dcm")
    with pytest.raises(CannotDeidentify, match="a recording of a voice cannot be cleaned"):
        deidentified(path)
    assert deidentified(path, accept_burned_in=True)[1].warnings == ("voice-recording",)


def test_studies_of_nobody_are_not_one_patients(tmp_path: Path) -> None:
    def made(number: int) -> tuple[Dataset, Deidentified]:
        path = tmp_path / f"{number}.dcm"
        file, said = deidentified(write_part10(make_instance(PatientID="", StudyInstanceUID=f"1.2.{number}"), path))
        return read(file), said

    (first, one), (second, other), (again, _) = made(1), made(2), made(1)
    assert first.PatientName == again.PatientName != second.PatientName
    assert first.PatientID == ""
    assert one.patient != other.patient


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xfe\x00\x0eby John D.\0\0\0",
        b"\xff\xe1\x00\x1cExif\0\0MM\0*\1\2\3Doe, John\0\0\0\0\0",
    ],
)
def test_a_comment_of_a_codestream_that_names_somebody_is_refused(tmp_path: Path, segment: bytes) -> None:
    dataset = make_instance("1.2.840.10008.1.2.4.50", PixelData=encapsulate([b"\xff\xd8" + segment + b"\xff\xda" * 9]))
    dataset["PixelData"].is_undefined_length = True
    path = write_part10(dataset, tmp_path / "photo.dcm")
    with pytest.raises(CannotDeidentify, match="a comment within its compressed pixel data names somebody"):
        deidentified(path)
