"""The bodies of answers, as typed models: what is sent and what the OpenAPI document says is sent are made of them."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from radnode.instance.words.metadata import Metadata
from radnode.instance.words.provenance import TracedData
from radnode.instance.words.study_data import StudyData, TracedStudyData
from radnode.instance.words.summary import StructuredData


class Answer(BaseModel):
    """A JSON answer: exactly these keys, in this order, always all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ErrorAnswer(Answer):
    """Every error's body."""

    detail: str
    """What went wrong, in one sentence."""


class UploadAnswer(Answer):
    """A file was stored, or was there already."""

    success: Literal[True] = True
    message: Literal["DICOM file uploaded and parsed successfully"] = "DICOM file uploaded and parsed successfully"
    file_path: str
    """Where the file is from now on; the other endpoints take it."""
    metadata: Metadata


class MetadataAnswer(Answer):
    """What one file says of itself."""

    success: Literal[True] = True
    metadata: Metadata


class ListedFile(Answer):
    """One stored file; text is empty where its data set does not have the attribute."""

    file_path: str
    patient_id: str
    patient_name: str
    study_uid: str
    series_uid: str
    modality: str
    study_date: str
    study_description: str
    uploaded_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
    """When the file arrived: UTC, seconds, no zone."""


class ListAnswer(Answer):
    """Stored files, the newest first."""

    success: Literal[True] = True
    count: int = Field(ge=0)
    """How many files this answer holds."""
    files: tuple[ListedFile, ...]
    total: int = Field(ge=0)
    """How many files match, in all answers together."""
    next: str | None
    """To be passed as `cursor` for what follows; null at the end."""


class DeleteAnswer(Answer):
    """A file and the older versions that it replaced are gone."""

    success: Literal[True] = True
    message: Literal["DICOM file deleted successfully"] = "DICOM file deleted successfully"


class SummaryAnswer(Answer):
    """A text for a report and the values that it was made of."""

    success: Literal[True] = True
    summary: str
    """Sections of lines, one blank line between two sections."""
    structured_data: TracedData | StructuredData
    """With `provenance` only where that was asked for."""


class StudySummaryAnswer(Answer):
    """A text for a report about a whole study, and the values that it was made of."""

    success: Literal[True] = True
    summary: str
    """Sections of lines, one blank line between two sections."""
    structured_data: TracedStudyData | StudyData
    """With `provenance` only where that was asked for."""


class StorageInfo(Answer):
    """What is stored."""

    total_files: int = Field(ge=0)
    total_size_mb: float = Field(ge=0)
    """In units of 1048576 bytes."""
    studies_count: int = Field(ge=0)
    series_count: int = Field(ge=0)


class StatusAnswer(Answer):
    """How the node is set up and what it holds."""

    enabled: bool
    storage_dir: str
    max_file_size_mb: int | float
    """In units of 1048576 bytes."""
    supported_formats: tuple[Literal[".dcm"], Literal[".dicom"]] = (".dcm", ".dicom")
    pydicom_version: str
    storage_info: StorageInfo


class HealthAnswer(Answer):
    """The process lives, or the node is ready."""

    status: Literal["ok", "ready"]


def answered(answer: Answer, *, status: int = 200) -> web.Response:
    """A JSON response; a number that JSON has no word for (NaN, infinity) is null."""
    body = answer.model_dump_json().encode()
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def problem(status: int, detail: str) -> web.Response:
    """An error's response."""
    return answered(ErrorAnswer(detail=detail), status=status)
