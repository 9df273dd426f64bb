"""What peers can be asked for by REST, as typed models that validate and document."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from radnode.model.uid import InvalidUID, parse_uid
from radnode_http.params.query import Limit, PlainText, StudyDate

LEVELS = ("patient", "study", "series", "image")
UID_PATTERN = r"^[0-9]+(\.[0-9]+)*$"


def _known_level(value: object) -> object:
    if value not in LEVELS:
        raise PydanticCustomError("level", "must be patient, study, series or image")
    return value


def _no_empty_text(value: object) -> object:
    return None if value == "" else value


def _one_uid(text: str) -> str:
    try:
        return parse_uid(text)
    except InvalidUID:
        raise PydanticCustomError("uid", "must be a UID") from None


def _one_value(text: str) -> str:
    if "\\" in text:
        raise PydanticCustomError("value", "must not hold a backslash")
    return text


QueryLevel = Annotated[Literal["patient", "study", "series", "image"], BeforeValidator(_known_level)]
Value = Annotated[PlainText, AfterValidator(_one_value)]
Uid = Annotated[
    str, AfterValidator(_one_uid), WithJsonSchema({"type": "string", "pattern": UID_PATTERN, "maxLength": 64})
]
Filter = Annotated[Value | None, BeforeValidator(_no_empty_text)]
UidFilter = Annotated[Uid | None, BeforeValidator(_no_empty_text)]
DateFilter = Annotated[StudyDate | None, BeforeValidator(_no_empty_text)]


class PeerQuery(BaseModel):
    """What a peer is searched for; filters are ANDed, an empty one filters nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    level: QueryLevel = "study"
    """What is searched for: patients, studies, the series of a study or the images of a series."""
    patient_id: Filter = None
    """This Patient ID."""
    patient_name: Filter = None
    """Any part of the name; `*` and `?` are wildcards, and with one of them or `^` it is matched as it stands."""
    modality: Filter = None
    """This modality, or one of several, separated by commas; XR is CR and DX, RT is every RT modality."""
    study_date_from: DateFilter = None
    """The first study date, inclusive, YYYYMMDD."""
    study_date_to: DateFilter = None
    """The last study date, inclusive, YYYYMMDD."""
    accession_number: Filter = None
    """This accession number."""
    study_uid: UidFilter = None
    """The study; needed for series and images."""
    series_uid: UidFilter = None
    """The series; needed for images."""
    sop_instance_uid: UidFilter = None
    """The image."""
    limit: Limit = 100
    """The most matches that are waited for; then the peer is asked to stop."""


class RetrieveRequest(BaseModel):
    """What is to be retrieved: a study, or a series or an image of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    study_uid: Uid
    """The study."""
    series_uid: UidFilter = None
    """Only this series of it."""
    sop_instance_uid: UidFilter = None
    """Only this image of the series."""


class JobsParameters(BaseModel):
    """How many jobs are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    limit: Limit = 100
    """The most jobs that the answer holds."""
