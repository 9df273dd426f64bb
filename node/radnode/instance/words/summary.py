"""The clinical summary: a plain text for prompts and reports that depends on nothing but the metadata and the flags."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TypeAlias

from radnode.instance.words.metadata import Metadata, Spacing
from radnode.instance.words.wording import age, day, hundredths, millimetres, name, shown

Value: TypeAlias = str | int | Spacing | None
Lines: TypeAlias = Iterable[tuple[str, str]]  # label and text; "" drops the line


@dataclass(frozen=True, slots=True)
class StructuredData:
    """The raw values that the summary speaks of, under the metadata's keys; {} for a section that is not wanted.

    `study` has the series' modality too; `technical` has the equipment, the matrix, the spacing and the thickness.
    """

    patient: dict[str, Value]
    study: dict[str, Value]
    technical: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Summary:
    """The text, its sections one blank line apart, and the values it came from."""

    summary: str
    structured_data: StructuredData


def summarize(
    metadata: Metadata,
    *,
    include_patient_info: bool = True,
    include_study_info: bool = True,
    include_technical_params: bool = True,
) -> Summary:
    """The summary of the wanted sections. A missing value drops its line, an empty section its heading."""
    sections: list[str] = []
    patient: dict[str, Value] = {}
    study: dict[str, Value] = {}
    technical: dict[str, Value] = {}
    if include_patient_info:
        sections += section("PATIENT INFORMATION:", _patient_lines(metadata))
        patient = asdict(metadata.patient)
    if include_study_info:
        sections += section("STUDY INFORMATION:", _study_lines(metadata))
        study = {**asdict(metadata.study), "modality": metadata.series.modality}
    if include_technical_params:
        sections += section("TECHNICAL PARAMETERS:", _technical_lines(metadata))
        technical = _technical_values(metadata)
    return Summary("\n\n".join(sections), StructuredData(patient, study, technical))


def section(heading: str, lines: Lines) -> list[str]:
    """The section, or nothing where every line is dropped."""
    there = [f"{label}: {text}" for label, text in lines if text]
    return ["\n".join([heading, *there])] if there else []


def _patient_lines(metadata: Metadata) -> Lines:
    patient = metadata.patient
    yield "Name", shown(patient.patient_name, name)
    yield "ID", shown(patient.patient_id)
    yield "Age", shown(patient.patient_age, age)
    yield "Sex", shown(patient.patient_sex)


def _study_lines(metadata: Metadata) -> Lines:
    study = metadata.study
    yield "Exam", shown(study.study_description)
    yield "Date", shown(study.study_date, day)
    yield "Accession", shown(study.accession_number)
    yield "Modality", shown(metadata.series.modality)


def _technical_lines(metadata: Metadata) -> Lines:
    image, equipment = metadata.image, metadata.equipment
    makers = (shown(equipment.manufacturer), shown(equipment.model))
    yield "Manufacturer", " ".join(maker for maker in makers if maker)
    yield "Slice Thickness", shown(image.slice_thickness, millimetres)
    yield "Matrix", "" if image.rows is None or image.columns is None else f"{image.rows} x {image.columns}"
    yield "Pixel Spacing", _spacing(image.pixel_spacing)


def _spacing(spacing: Spacing | None) -> str:
    return "" if spacing is None else f"{hundredths(spacing[0])} x {hundredths(spacing[1])} mm"


def _technical_values(metadata: Metadata) -> dict[str, Value]:
    image = metadata.image
    return {
        **asdict(metadata.equipment),
        "slice_thickness": image.slice_thickness,
        "rows": image.rows,
        "columns": image.columns,
        "pixel_spacing": image.pixel_spacing,
    }
