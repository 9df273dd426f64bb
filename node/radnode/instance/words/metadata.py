"""The metadata of a stored object as the REST API shows it: five groups, every key always there.

Text is Unicode and keeps its DICOM form, several values joined by a backslash; None is an absent attribute, "" an empty
one. Numbers are None where the attribute is absent, empty or broken. Nothing is computed, nothing guessed.
"""

import math
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias

from pydicom.datadict import dictionary_VR, tag_for_keyword

from radnode.instance.content import Content, opened, read_content
from radnode.instance.values import PADDING

Spacing = tuple[float, float]
Texts = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class PatientMetadata:
    """Who was examined; the age is the one that was written down, never computed."""

    patient_name: str | None
    patient_id: str | None
    patient_birth_date: str | None
    patient_sex: str | None
    patient_age: str | None


@dataclass(frozen=True, slots=True)
class StudyMetadata:
    """The examination; dates and times as they were written (DA, TM)."""

    study_instance_uid: str | None
    study_date: str | None
    study_time: str | None
    study_description: str | None
    accession_number: str | None
    referring_physician: str | None


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """The series; its number is text because that is how it was written (IS)."""

    series_instance_uid: str | None
    series_number: str | None
    series_date: str | None
    series_description: str | None
    modality: str | None
    body_part: str | None


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """The image; spacing in mm between rows and between columns, thickness in mm in its original text.

    Both come from the functional groups (shared, else the first frame) where they stand there (PS3.3 C.7.6.16).
    """

    instance_number: str | None
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    bits_stored: int | None
    samples_per_pixel: int | None
    number_of_frames: int | None
    photometric_interpretation: str | None
    pixel_spacing: Spacing | None
    slice_thickness: str | None
    has_pixel_data: bool


@dataclass(frozen=True, slots=True)
class EquipmentMetadata:
    """The device that made the series."""

    manufacturer: str | None
    model: str | None
    station_name: str | None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The five groups."""

    patient: PatientMetadata
    study: StudyMetadata
    series: SeriesMetadata
    image: ImageMetadata
    equipment: EquipmentMetadata


TextGroup: TypeAlias = PatientMetadata | StudyMetadata | SeriesMetadata | EquipmentMetadata

KEYWORDS = {
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "patient_birth_date": "PatientBirthDate",
    "patient_sex": "PatientSex",
    "patient_age": "PatientAge",
    "study_instance_uid": "StudyInstanceUID",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "study_description": "StudyDescription",
    "accession_number": "AccessionNumber",
    "referring_physician": "ReferringPhysicianName",
    "series_instance_uid": "SeriesInstanceUID",
    "series_number": "SeriesNumber",
    "series_date": "SeriesDate",
    "series_description": "SeriesDescription",
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "instance_number": "InstanceNumber",
    "rows": "Rows",
    "columns": "Columns",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "samples_per_pixel": "SamplesPerPixel",
    "number_of_frames": "NumberOfFrames",
    "photometric_interpretation": "PhotometricInterpretation",
    "pixel_spacing": "PixelSpacing",
    "slice_thickness": "SliceThickness",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "station_name": "StationName",
}
"""Key -> keyword (PS3.6) of everything that is text, or read from text."""
TAGS = {key: tag for key, keyword in KEYWORDS.items() if (tag := tag_for_keyword(keyword)) is not None}
"""Key -> tag."""
VRS = {tag: dictionary_VR(tag) for tag in TAGS.values()}
"""Tag -> VR."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def read_metadata(path: Path) -> Metadata:
    """The metadata of a Part 10 file. Odd values never raise; NotDicom if the file is none or not whole."""
    with opened(path) as (dataset, encoding):
        return metadata_of(read_content(dataset, encoding, VRS))


def metadata_of(content: Content) -> Metadata:
    """The metadata that the content of an object says; it was read for all of VRS."""
    return Metadata(
        patient=PatientMetadata(**_texts(content, PatientMetadata)),
        study=StudyMetadata(**_texts(content, StudyMetadata)),
        series=SeriesMetadata(**_texts(content, SeriesMetadata)),
        image=_image(content),
        equipment=EquipmentMetadata(**_texts(content, EquipmentMetadata)),
    )


def _texts(content: Content, group: type[TextGroup]) -> Texts:
    return {field.name: _text(content, field.name) for field in fields(group)}


def _image(content: Content) -> ImageMetadata:
    return ImageMetadata(
        instance_number=_text(content, "instance_number"),
        rows=_integer(content, "rows"),
        columns=_integer(content, "columns"),
        bits_allocated=_integer(content, "bits_allocated"),
        bits_stored=_integer(content, "bits_stored"),
        samples_per_pixel=_integer(content, "samples_per_pixel"),
        number_of_frames=_integer(content, "number_of_frames"),
        photometric_interpretation=_text(content, "photometric_interpretation"),
        pixel_spacing=parse_spacing(_text(content, "pixel_spacing")),
        slice_thickness=_text(content, "slice_thickness"),
        has_pixel_data=content.has_pixel_data,
    )


def _text(content: Content, key: str) -> str | None:
    """The text without the spaces around it, which mean nothing (PS3.5 6.2)."""
    text, _ = content.find(TAGS[key])
    return text


def _integer(content: Content, key: str) -> int | None:
    text = _text(content, key)
    return int(text) if text and _INTEGER.fullmatch(text) else None


def parse_spacing(text: str | None) -> Spacing | None:
    """Two finite decimal numbers (DS), between rows and between columns; None for anything else."""
    parts = [part.strip(PADDING) for part in (text or "").split("\\")]
    if len(parts) != 2 or not all(_DECIMAL.fullmatch(part) for part in parts):
        return None
    first, second = float(parts[0]), float(parts[1])
    return (first, second) if math.isfinite(first) and math.isfinite(second) else None
