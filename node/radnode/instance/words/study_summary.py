"""The clinical summary of a study: a plain text for prompts and reports, in the style of that of a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from radnode.instance.words.dose import OF_REPORTS
from radnode.instance.words.study_data import WORDS, Sections, SeriesData, StudyData
from radnode.instance.words.study_doses import DoseData
from radnode.instance.words.summary import Lines, section
from radnode.instance.words.wording import clean, is_number, millimetres, shown

_LABELS = {
    "patient_name": "Name",
    "patient_id": "ID",
    "patient_birth_date": "Birth Date",
    "patient_age": "Age",
    "patient_sex": "Sex",
    "study_description": "Exam",
    "study_date": "Date",
    "accession_number": "Accession",
}
_SHOWN_VALUES = 8  # of one quantity
_WORDS = WORDS["patient"] | WORDS["study"]


def study_text(data: StudyData, wanted: Sections) -> str:
    """The sections that have lines, one blank line apart. Values are sanitised as those of a file's summary."""
    sections = section("PATIENT INFORMATION:", _patient(data)) if wanted.patient else []
    if wanted.study:
        sections += section("STUDY INFORMATION:", _study(data))
        sections += section("SERIES:", (_series(data, one) for one in data.series))
    if wanted.technical:
        sections += section("DOSE:", (_dose(data, one) for one in data.dose))
    sections += section("NOTES:", _notes(data, wanted)) if sections else []
    return "\n\n".join(sections)


def _patient(data: StudyData) -> Lines:
    for key in ("patient_name", "patient_id", "patient_age", "patient_sex"):
        yield from _told(data, key, data.patient.get(key))
    if any(other.key == "patient_birth_date" for other in data.contradictions):  # of one patient the age is enough
        yield from _told(data, "patient_birth_date", data.patient.get("patient_birth_date"))


def _study(data: StudyData) -> Lines:
    for key in ("study_description", "study_date", "accession_number"):
        yield from _told(data, key, data.study.get(key))
    yield "Modalities", shown("\\".join(data.modalities))
    yield "Series", str(data.extent.series)
    yield "Instances", str(data.extent.instances)


def _told(data: StudyData, key: str, value: str | None) -> Lines:
    """The value, and what other objects have instead."""
    word = _WORDS[key]
    yield _LABELS[key], shown(value, word)
    for other in data.contradictions:
        if other.key == key:
            yield f"{_LABELS[key]} (contradicting)", shown(other.value, word)


def _series(data: StudyData, series: SeriesData) -> tuple[str, str]:
    return _name_of(data, series), "; ".join(filter(None, _of_series(series)))


def _name_of(data: StudyData, one: SeriesData | DoseData) -> str:
    stranger = " (another patient)" if one.series_instance_uid in data.other_patients else ""
    return f"Series {shown(one.series_number) or 'without number'}{stranger}"


def _of_series(series: SeriesData) -> Iterator[str]:
    yield shown(series.modality)
    yield shown(series.series_description)
    yield shown(series.body_part)
    yield _counted(series)
    yield "" if series.rows is None or series.columns is None else f"Matrix {series.rows} x {series.columns}"
    thickness = shown(series.slice_thickness, millimetres)
    yield f"Slice Thickness {thickness}" if thickness else ""


def _counted(series: SeriesData) -> str:
    """Images, where everything in the series is one, and their frames where these are more."""
    images = _times(series.images, "image")
    frames = f" with {_times(series.frames, 'frame')}" if series.frames > series.images else ""
    if series.images == series.instances:
        return images + frames
    instances = _times(series.instances, "instance")
    return f"{instances}, {images}{frames}" if series.images else instances


def _times(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _dose(data: StudyData, dose: DoseData) -> tuple[str, str]:
    of = f" ({clean(dose.of)})" if clean(dose.of) else ""
    unit = clean(dose.unit)
    label = f"{dose.quantity}{of}, {_name_of(data, dose)}"
    if dose.quantity in OF_REPORTS and len(dose.values) > 1:
        first = ", ".join(map(clean, dose.values[:_SHOWN_VALUES]))
        more = ", ..." if len(dose.values) > _SHOWN_VALUES else ""
        return label, f"{first}{more} {unit}".rstrip() + f" ({len(dose.values)} values, not added up)"
    return label, f"{_range(dose.values)} {unit}".rstrip()


def _range(values: tuple[str, ...]) -> str:
    """One value, or the least and the greatest of several, in the words of whoever wrote them."""
    numbers = sorted((clean(value) for value in values if is_number(clean(value))), key=float)
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


@dataclass(frozen=True, slots=True)
class _Limit:
    """Something of which not everything was taken."""

    taken: int
    held: int
    what: str

    def __str__(self) -> str:
        return f"{self.taken} of {self.held} {self.what}" if self.taken < self.held else ""


def _notes(data: StudyData, wanted: Sections) -> Lines:
    extent = data.extent
    yield "Patients with this study", str(extent.patients) if extent.patients > 1 else ""
    yield "Read", str(_Limit(extent.instances_read, extent.instances, "instances"))
    yield "Listed", str(_Limit(extent.series_listed, extent.series, "series")) if wanted.study else ""
    yield "Doses listed", str(_Limit(len(data.dose), extent.doses, "quantities")) if wanted.technical else ""
