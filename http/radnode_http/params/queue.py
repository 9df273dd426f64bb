"""What requests about the send queue may ask for."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from radnode.model.level import Level
from radnode.model.uid import UID
from radnode_http.errors import Refusal
from radnode_http.params.peers import Uid
from radnode_http.params.query import Limit, PlainText


def _number(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 16):
        raise PydanticCustomError("number", "must be a whole number")
    return int(text)


def _state(value: object) -> object:
    if value not in ("waiting", "sending", "done", "dead"):
        raise PydanticCustomError("state", "must be waiting, sending, done or dead")
    return value


ItemId = Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(_number)]
StateName = Annotated[Literal["waiting", "sending", "done", "dead"], BeforeValidator(_state)]


class QueueParameters(BaseModel):
    """Which items are shown; filters are ANDed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    destination: PlainText | None = None
    """Items for this peer."""
    state: StateName = "dead"
    """Items in this state."""
    study_uid: Uid | None = None
    """Items of this study."""
    limit: Limit = 100
    """The most items that one answer holds."""
    after: ItemId = 0
    """`next` of the answer before, to go on behind it."""


class DropParameters(BaseModel):
    """Which items are dropped; filters are ANDed, and one of them is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: ItemId | None = None
    """This item."""
    destination: PlainText | None = None
    """Items for this peer."""
    study_uid: Uid | None = None
    """Items of this study."""
    state: StateName = "dead"
    """Items in this state."""


class ReplayWanted(BaseModel):
    """Which dead items are sent again; filters are ANDed, and one of them is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: ItemId | None = None
    """This item."""
    destination: PlainText | None = None
    """Items for this peer."""
    study_uid: Uid | None = None
    """Items of this study."""


class SendingWanted(BaseModel):
    """What is to be sent to whom: a study, a series or one object, and one of them only."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    destination: PlainText
    """The title of a peer."""
    study_uid: Uid | None = None
    """All objects of this study."""
    series_uid: Uid | None = None
    """All objects of this series."""
    sop_instance_uid: Uid | None = None
    """This object."""

    def what(self) -> tuple[Level, UID]:
        """The level and the UID there; Refusal (400) where it is none of the three, or more than one."""
        named = ((Level.STUDY, self.study_uid), (Level.SERIES, self.series_uid), (Level.IMAGE, self.sop_instance_uid))
        given = [(level, UID(uid)) for level, uid in named if uid is not None]
        if len(given) != 1:
            raise Refusal(400, ONE_OF_THREE)
        return given[0]


ONE_OF_THREE = "One of the fields study_uid, series_uid and sop_instance_uid is required"
