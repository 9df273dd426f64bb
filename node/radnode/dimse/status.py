"""DIMSE statuses (PS3.7 Annex C, PS3.4 B.2.3 and C.4.1.1.4), and which error becomes which, once for all services."""

from enum import IntEnum

from radnode.model.errors import (
    Abandoned,
    InvalidIdentity,
    InvalidQuery,
    Mismatch,
    NotDicom,
    OutOfResources,
    RadnodeError,
    TooLarge,
)

COMMENT_LENGTH = 64


class Status(IntEnum):
    """The statuses that radnode answers with."""

    SUCCESS = 0x0000
    ATTRIBUTES_NOT_SUPPORTED = 0x0001
    NO_SUCH_ATTRIBUTE = 0x0105
    INVALID_ATTRIBUTE_VALUE = 0x0106
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_INSTANCE = 0x0111
    NO_SUCH_INSTANCE = 0x0112
    NO_SUCH_EVENT_TYPE = 0x0113
    INVALID_ARGUMENT = 0x0115
    INVALID_INSTANCE = 0x0117
    NO_SUCH_CLASS = 0x0118
    MISSING_ATTRIBUTE = 0x0120
    MISSING_ATTRIBUTE_VALUE = 0x0121
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NO_SUCH_ACTION = 0x0123
    NOT_AUTHORISED = 0x0124
    UNRECOGNISED_OPERATION = 0x0211
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    UNABLE_TO_CALCULATE = 0xA701
    UNABLE_TO_PERFORM = 0xA702
    DESTINATION_UNKNOWN = 0xA801
    MISMATCH = 0xA900  # C-STORE: data set, C-FIND, C-GET, C-MOVE: identifier does not match the SOP class
    SOME_FAILED = 0xB000
    CANNOT_UNDERSTAND = 0xC000
    CANCELLED = 0xFE00
    PENDING = 0xFF00
    PENDING_WITH_UNSUPPORTED_KEYS = 0xFF01


DIMSE_STATUS: dict[type[RadnodeError], Status] = {
    NotDicom: Status.CANNOT_UNDERSTAND,
    InvalidIdentity: Status.CANNOT_UNDERSTAND,
    Mismatch: Status.MISMATCH,
    TooLarge: Status.OUT_OF_RESOURCES,
    OutOfResources: Status.OUT_OF_RESOURCES,
    InvalidQuery: Status.MISMATCH,
    Abandoned: Status.CANCELLED,
}
IDENTITY_STATUS = {"SOPInstanceUID": Status.INVALID_INSTANCE, "SOPClassUID": Status.MISMATCH}


class Refusal(Exception):
    """A request is answered with a status other than success, and why in words that fit (0000,0902)."""

    def __init__(self, status: Status, comment: str) -> None:
        super().__init__(comment)
        self.status = status
        self.comment = comment


def refusal_of(error: RadnodeError) -> Refusal:
    """What the peer is told of `error`."""
    if isinstance(error, InvalidIdentity):
        status = IDENTITY_STATUS.get(error.keyword, Status.CANNOT_UNDERSTAND)
        return Refusal(status, error_comment(str(error).partition(":")[0]))  # what it holds instead might be anything
    found = next((DIMSE_STATUS[kind] for kind in type(error).__mro__ if kind in DIMSE_STATUS), Status.CANNOT_UNDERSTAND)
    return Refusal(found, error_comment(str(error)))


def error_comment(text: str) -> str:
    """`text` as an LO value in the default repertoire: ASCII, no backslash or control character, 64 characters."""
    safe = "".join(character if " " <= character <= "~" and character != "\\" else "?" for character in text)
    return safe[:COMMENT_LENGTH].strip()
