"""How an association can end other than by a release; raised from wherever the reading or sending stood."""

UNRECOGNISED_PDU = 1
UNEXPECTED_PDU = 2
INVALID_PARAMETER = 6


class Ending(Exception):
    """The association ends here; `how` is its name in logs and metrics."""

    how = "ended"


class ConnectionLost(Ending):
    """The peer closed or reset the connection without a release."""

    how = "lost"


class Silent(Ending):
    """The peer said nothing, or took nothing, for as long as it may."""

    how = "silent"


class Stopped(Ending):
    """The node is stopping and nothing is in flight here, or the time for it is over."""

    how = "stopped"


class PeerAborted(Ending):
    """An A-ABORT arrived."""

    how = "peer aborted"


class FileUnreadable(Ending):
    """A file cannot be sent to its end: half a message is on its way, so the association has to end."""

    how = "unreadable file"


class ProtocolError(Ending):
    """The peer broke the protocol; `reason` goes into the A-ABORT (PS3.8 9.3.8)."""

    how = "protocol error"

    def __init__(self, why: str, reason: int = INVALID_PARAMETER) -> None:
        super().__init__(why)
        self.reason = reason
