"""What the index knows of a whole study, and which of its files tell the rest."""

from dataclasses import dataclass

from radnode.model.file_path import FilePath
from radnode.model.uid import UID

DOSE_REPORTS = (
    "1.2.840.10008.5.1.4.1.1.88.67",
    "1.2.840.10008.5.1.4.1.1.88.76",
    "1.2.840.10008.5.1.4.1.1.88.68",
)
"""X-Ray, Enhanced X-Ray and Radiopharmaceutical Radiation Dose SR Storage (PS3.4 B.5)."""


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series. Texts are as stored, None where nothing is known; `rows` and `columns` where all its images agree.

    Images are the instances with rows; `frames` counts one for each image that does not say how many it has.
    """

    uid: UID
    number: str | None
    modality: str | None
    description: str | None
    body_part: str | None
    instances: int
    images: int
    frames: int
    rows: str | None
    columns: str | None


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """One study UID, whoever's it is: under several patients it is still what one asks for by one UID.

    `series` are the first ones in the order of their numbers; `modalities` are those of all.
    """

    patients: int
    series_count: int
    instances: int
    modalities: tuple[str, ...]
    series: tuple[SeriesFacts, ...]
    files: tuple[FilePath, ...]
    """Those to be read, each once: one for each thing that is said of patient, study or series, in the order of their
    arrival; reports of dose; then others, spread over the series."""
