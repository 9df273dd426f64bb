"""What can go wrong, as few named errors; each edge translates them once (REST to HTTP, DIMSE to a status).

Messages are safe to show to a peer: no server path, no patient data beyond the peer's own words.
"""


class RadnodeError(Exception):
    """Anything radnode refuses or cannot do, with a reason that may be shown to the peer."""


class NotDicom(RadnodeError):
    """The bytes are no DICOM data set (or no Part 10 file, where one was due)."""


class Truncated(NotDicom):
    """Element lengths run past the end of the data set."""


class InvalidZip(RadnodeError):
    """A zip archive, or a file in it, is not taken; the message says why."""


class InvalidIdentity(RadnodeError):
    """A UID that identifies the object is missing or malformed; `keyword` names it."""

    def __init__(self, keyword: str, why: str) -> None:
        super().__init__(f"{keyword} {why}")
        self.keyword = keyword


class Mismatch(RadnodeError):
    """The data set is not the SOP class or instance that the sender announced (PS3.7 9.1.1)."""


class TooLarge(RadnodeError):
    """The object is longer than the limit in force."""


class OutOfResources(RadnodeError):
    """Disk full, quota reached or index unavailable; nothing was kept, the same object may be sent again."""


class NotFound(RadnodeError):
    """The archive holds no such object."""


class InvalidQuery(RadnodeError):
    """The query has no answer because it is not a query: bad level, bad range, bad cursor."""


class Abandoned(RadnodeError):
    """Whoever asked does not want the rest of the answers any more."""


class InvalidEntry(RadnodeError):
    """What was written is no worklist entry; the message names the attribute and says what it must be."""


class ReadOnly(RadnodeError):
    """What was to be changed is somebody else's to change; the message says whose."""


class NoDocument(RadnodeError):
    """The object is neither a structured report nor an encapsulated document."""


class CannotPresent(RadnodeError):
    """The object has a document that cannot be shown, for a reason that the message gives."""


class NoPixelData(RadnodeError):
    """The object has no pixel data element, or an empty one."""


class CannotRender(RadnodeError):
    """There is pixel data, but no picture can be made of it; the message says why."""


class NotApplicable(RadnodeError):
    """A picture can be made, but not in the way that was asked for; the message names the parameter and says why."""


class TooBusy(RadnodeError):
    """More is being asked for at once than can be done; the same may be asked for again in a moment."""


class CannotTranscode(RadnodeError):
    """The object cannot be had in the other transfer syntax without loss, or not within the limits; it says why."""


class CannotDeidentify(RadnodeError):
    """No de-identified object can be made of it; the message says why."""


class TranscodingGivenUp(CannotTranscode):
    """It is not the object's fault, so another transfer syntax would fare no better: no time, no process, no wish."""


class Occupied(RadnodeError):
    """Another process holds this role on the archive."""
