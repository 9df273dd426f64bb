"""How an association can end other than by a release; raised from wherever the reading or sending stood."""

from typing import Final

BY_USER: Final = None
"""The source of an A-ABORT is the service user, whose reason is not told (PS3.8 9.3.8)."""
NOT_SPECIFIED, UNRECOGNISED_PDU, UNEXPECTED_PDU, INVALID_PARAMETER = 0, 1, 2, 6
"""The reasons of an A-ABORT by the service provider that arise here."""


class Ending(Exception):
    """The association ends here; `how` is its name in logs and metrics."""

    how = "ended"


class ConnectionLost(Ending):
    """The peer closed or reset the connection without a release."""

    how = "lost"


class Unused(Ending):
    """The peer connected and closed without a byte, as the health checks of load balancers do."""

    how = "unused"


class GaveWay(Ending):
    """The connection had no association, and its place was needed for a newer one.

    This is the end of those that had not asked yet. Who was rejected or has ended, and does not close, counts and gives
    way as well, but has the name of that end already.
    """

    how = "gave way"


class HandshakeFailed(Ending):
    """The two sides found no TLS in common, or one of them does not believe the other's certificate."""

    how = "tls handshake failed"


class Silent(Ending):
    """The peer said nothing, or took nothing, for as long as it may."""

    how = "silent"


class Stopped(Ending):
    """The node is stopping and nothing is in flight here, or the time for it is over."""

    how = "stopped"


class Unwanted(Ending):
    """Whoever the association was for does not want any more what it is there for."""

    how = "unwanted"


class PeerAborted(Ending):
    """An A-ABORT arrived."""

    how = "peer aborted"


class FileUnreadable(Ending):
    """A file cannot be sent to its end: half a message is on its way, so the association has to end."""

    how = "unreadable file"


class ProtocolError(Ending):
    """The peer broke the protocol; `reason` goes into the A-ABORT (PS3.8 9.3.8).

    What is wrong with a PDU is the service provider's business and has a reason; what is wrong with a DIMSE message is
    its user's (BY_USER).
    """

    how = "protocol error"

    def __init__(self, why: str, reason: int | None = INVALID_PARAMETER) -> None:
        super().__init__(why)
        self.reason = reason


class TooMuch(ProtocolError):
    """An A-ASSOCIATE-RQ holds more than is read here, and is no error otherwise."""
