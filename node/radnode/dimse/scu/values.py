"""What goes into the service class user's calls, and what comes out."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.status import Status
from radnode.dimse.upper.stopping import Stopping
from radnode.instance.transcoding.transcoder import Transcoder


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for how many seconds a silent peer is waited for, and how peers with `tls` are called."""

    ae_title: str = "RADNODE"
    timeout: float = 60.0
    tls: ssl.SSLContext | None = None
    """From `radnode.dimse.credentials.client_context`; without it peers with `tls` cannot be called."""
    stopping: Stopping | None = None
    """The wish to end early: then C-CANCEL goes to the peer, which has the grace to come to an end."""
    is_wanted: Callable[[], bool] | None = None
    """Asked some twenty times a second while there is something to wait for; once it says no, nothing more is done."""
    transcoder: Transcoder | None = None
    """Makes of objects what peers take that do not take them as they are stored; without it those are not sent."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a query or retrieval is asked, whatever it asks for."""

    charset: str = ""
    """The (0008,0005) of the query, in which the peer is to answer too; else ISO_IR 192 where text is not ASCII."""
    options: QueryOptions = NO_OPTIONS
    """What is asked for by SOP class extended negotiation; the peer need not agree."""


USUALLY = Asking()


class Match(dict[str, str]):
    """One match: keyword (or tag, where it has none) -> text, several values joined by a backslash.

    What stands in sequences has dotted names, and the values of several items are joined as well.
    """

    def __init__(self, nested: Mapping[str, "Nested"]) -> None:
        super().__init__(flattened(nested))
        self.nested = nested
        """The same as it nests: a sequence is a list of its items."""
        self.has_all_keys = True
        """Whether the peer looked at every key (FF00), or left out optional ones that it does not support (FF01)."""


Nested: TypeAlias = "str | Sequence[Mapping[str, Nested]]"


def flattened(nested: Mapping[str, Nested]) -> dict[str, str]:
    """Dotted names for what is nested; "" for a sequence without items."""
    flat: dict[str, str] = {}
    for name, value in nested.items():
        if isinstance(value, str):
            flat[name] = value
            continue
        if not value:
            flat[name] = ""
        for item in value:
            for inner, text in flattened(item).items():
                key = f"{name}.{inner}"
                flat[key] = f"{flat[key]}\\{text}" if key in flat else text
    return flat


@dataclass(frozen=True, slots=True)
class Echoed:
    """The answer to a C-ECHO and how long it took."""

    status: int
    milliseconds: float


class Unsent(Enum):
    """Why there is no status."""

    REFUSED = "refused"  # the peer takes no such object, or not as it is encoded
    UNREADABLE = "unreadable"  # the file is no good, or gone
    LOST = "lost"  # the association, with this object
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one file: the C-STORE status, or None where it was not sent and `comment` says why."""

    path: Path
    status: int | None
    comment: str = ""
    unsent: Unsent | None = None
    """The kind of reason where there is no status."""
    sop_instance: str = ""
    """Its SOP Instance UID, where that is known."""

    @property
    def is_stored(self) -> bool:
        """Whether the peer has taken it: success, or a warning (B0xx) with which it has as well."""
        return self.status is not None and (self.status == 0 or self.status & 0xF000 == 0xB000)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a C-GET or C-MOVE stands (PS3.4 C.4.2, C.4.3); the last one has a status that is not pending.

    A peer need not count; what it does not tell is 0, and `is_counted` says whether it told what was completed.
    """

    status: int
    remaining: int
    completed: int
    failed: int
    warning: int
    comment: str = ""
    is_counted: bool = True

    @property
    def is_pending(self) -> bool:
        """Whether more is to come."""
        return self.status in (0xFF00, 0xFF01)

    def followed_by(self, more: "Progress") -> "Progress":
        """The progress in all, where `more` is that of asking again for the same, to have what failed before."""
        completed, warning = self.completed + more.completed, self.warning + more.warning
        left = max(0, self.failed - more.completed - more.warning)
        if more.is_pending:
            return replace(more, remaining=left, completed=completed, failed=0, warning=warning)
        status = more.status if more.status == Status.CANCELLED or not left else self.status
        if not left and status != Status.CANCELLED:
            status = Status.SOME_FAILED if warning else Status.SUCCESS
        return Progress(status, 0, completed, left, warning, more.comment, self.is_counted)
