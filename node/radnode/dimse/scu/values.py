"""What goes into the service class user's calls, and what comes out."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from radnode.model.errors import RadnodeError


class CallFailed(RadnodeError):
    """The peer could not be called, ended the association, or answered the operation with a failure."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for how many seconds a silent peer is waited for, and how peers with `tls` are called."""

    ae_title: str = "RADNODE"
    timeout: float = 60.0
    tls: ssl.SSLContext | None = None
    """From `radnode.dimse.credentials.client_context`; without it peers with `tls` cannot be called."""


@dataclass(frozen=True, slots=True)
class Echoed:
    """The answer to a C-ECHO and how long it took."""

    status: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one file: the C-STORE status, or None where it was not sent and `comment` says why."""

    path: Path
    status: int | None
    comment: str = ""

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
