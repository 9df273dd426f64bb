"""The bodies of answers about the worklist and about performed procedure steps."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from radnode_http.answers.answer import Answer


class WorklistEntry(Answer):
    """What is to be done for one requested procedure."""

    id: str
    status: str
    """SCHEDULED, STARTED, COMPLETED or DISCONTINUED; STARTED also where some of its steps have ended."""
    file: str
    """The worklist file that it comes from; empty for an entry that was made here."""
    created: datetime
    changed: datetime
    attributes: dict[str, JsonValue]
    """By DICOM keyword; several values are joined by backslashes, a sequence is a list of its items."""


class WorklistAnswer(Answer):
    """Worklist entries, in the order in which they were made."""

    count: int = Field(ge=0)
    """How many entries this answer holds."""
    entries: tuple[WorklistEntry, ...]
    next: str | None
    """To be passed as `cursor` for what follows; null at the end."""


class RemovedAnswer(Answer):
    """The entry is gone."""

    success: Literal[True] = True


class ProcedureStepAnswer(Answer):
    """What a modality reports of what it performs."""

    sop_instance_uid: str
    status: str
    """IN PROGRESS, COMPLETED or DISCONTINUED."""
    study_uids: tuple[str, ...]
    instances: tuple[str, ...]
    """The SOP Instance UIDs of what it says it made."""
    created: datetime
    changed: datetime
    attributes: dict[str, JsonValue]
    """By DICOM keyword; several values are joined by backslashes, a sequence is a list of its items."""


class ProcedureStepsAnswer(Answer):
    """Performed procedure steps, the newest first."""

    count: int = Field(ge=0)
    """How many steps this answer holds."""
    steps: tuple[ProcedureStepAnswer, ...]
    next: str | None
    """To be passed as `cursor` for what follows; null at the end."""


class CompletenessAnswer(Answer):
    """Whether the archive holds what modalities say they made of a study."""

    study_uid: str
    complete: bool
    """Every step that is known has ended, and all that they name is held; false where nothing is known."""
    expected: int = Field(ge=0)
    present: int = Field(ge=0)
    missing: tuple[str, ...]
    """SOP Instance UIDs, a thousand at most."""
    evidence: Literal["mpps"] | None
    """What the answer rests on: performed procedure steps, or nothing."""
    procedure_steps: tuple[str, ...]
    """Their SOP Instance UIDs."""
