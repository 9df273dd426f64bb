"""What can be asked of the worklist and of performed procedure steps."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, RootModel
from pydantic_core import PydanticCustomError

from radnode_http.params.peers import UidFilter
from radnode_http.params.query import Limit, PlainText

STATES = ("IN PROGRESS", "COMPLETED", "DISCONTINUED")


def _known_state(value: object) -> object:
    if value not in (None, *STATES):
        raise PydanticCustomError("state", "must be IN PROGRESS, COMPLETED or DISCONTINUED")
    return value


State = Annotated[Literal["IN PROGRESS", "COMPLETED", "DISCONTINUED"] | None, BeforeValidator(_known_state)]


class EntryBody(RootModel[dict[str, JsonValue]]):
    """An entry by DICOM keywords: texts, numbers, lists of them, and lists of objects for sequences.

    Attributes of the scheduled step may stand outside of ScheduledProcedureStepSequence.
    """


class WorklistParameters(BaseModel):
    """Which entries are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    limit: Limit = 100
    """The most entries that one answer holds."""
    cursor: PlainText | None = None
    """`next` of the answer before, to go on behind it."""


class ProcedureStepParameters(BaseModel):
    """Which performed procedure steps are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    study_uid: UidFilter = None
    """Those of this study."""
    status: State = None
    """Those of this status."""
    limit: Limit = 100
    """The most steps that one answer holds; it holds fewer where they say much."""
    cursor: PlainText | None = None
    """`next` of the answer before, to go on behind it."""
