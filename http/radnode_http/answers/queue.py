"""The bodies of answers about the send queue."""

from typing import Literal

from pydantic import Field

from radnode_http.answers.answer import Answer


class QueueDestination(Answer):
    """How it stands with one destination."""

    destination: str
    waiting: int = Field(ge=0)
    sending: int = Field(ge=0)
    dead: int = Field(ge=0)
    """Given up, for people to decide."""
    oldest_seconds: int | None
    """How long the oldest object that is not sent has been queued; null where nothing waits."""
    tries: int = Field(ge=0)
    """How often in a row it could not be called, or took nothing."""
    next_try: str | None
    """Until when it is left alone for that, UTC."""
    error: str
    """Why, or empty."""


class QueueItem(Answer):
    """One object for one destination."""

    id: int
    destination: str
    state: Literal["waiting", "sending", "done", "dead"]
    tries: int = Field(ge=0)
    queued: str
    """UTC, seconds, no zone."""
    next_try: str | None
    """UTC; null unless it waits."""
    rule: str
    """The rule that queued it; empty where somebody did."""
    sop_instance_uid: str
    file_path: str
    error: str
    """What came of the last try, or empty."""


class QueueAnswer(Answer):
    """What is to be sent on."""

    success: Literal[True] = True
    destinations: tuple[QueueDestination, ...]
    count: int = Field(ge=0)
    """How many items this answer holds."""
    items: tuple[QueueItem, ...]
    next: int | None
    """To be passed as `after` for what follows; null at the end."""


class QueuedAnswer(Answer):
    """Objects were queued."""

    success: Literal[True] = True
    queued: int = Field(ge=1)


class ReplayedAnswer(Answer):
    """Items are sent again."""

    success: Literal[True] = True
    replayed: int = Field(ge=0)


class DroppedAnswer(Answer):
    """Items are no longer in the queue."""

    success: Literal[True] = True
    dropped: int = Field(ge=0)
