"""Errors as this API shows them: a status and one sentence; what the other rooms raise is translated here, once."""

from collections.abc import Mapping

from radnode.model.call_errors import CallFailed, Cancelled, InvalidKey, NoAnswer
from radnode.model.errors import (
    CannotDeidentify,
    CannotPresent,
    CannotRender,
    InvalidEntry,
    InvalidIdentity,
    InvalidQuery,
    InvalidZip,
    Mismatch,
    NoDocument,
    NoPixelData,
    NotApplicable,
    NotDicom,
    NotFound,
    Occupied,
    OutOfResources,
    RadnodeError,
    ReadOnly,
    TooBusy,
    TooLarge,
)

NOT_FOUND = "DICOM file not found"
NO_STUDY = "DICOM study not found"
NO_FILE = "No file uploaded"
NO_PIXELS = "DICOM file does not contain pixel data"
NO_DOCUMENT = "DICOM file does not contain a document"
BUSY = "too many pictures are being made"
NO_PROCESS = "pictures cannot be made for now"
STOPPING = "the node is stopping"
INTERNAL = "Internal server error"
DISABLED = "DICOM handling is disabled"
PATIENCE = 2  # seconds after which whoever was refused because of others may ask again
CLIENT_GONE = 499  # in logs and metrics only: nobody is there to read it

HTTP_STATUS: Mapping[type[RadnodeError], int] = {
    NotFound: 404,
    NotDicom: 400,
    InvalidIdentity: 400,
    Mismatch: 400,
    InvalidQuery: 400,
    InvalidEntry: 400,
    InvalidZip: 400,
    NoPixelData: 400,
    NoDocument: 400,
    NotApplicable: 400,
    ReadOnly: 409,
    TooLarge: 413,
    CannotRender: 422,
    CannotPresent: 422,
    CannotDeidentify: 422,
    Occupied: 503,
    TooBusy: 503,
    OutOfResources: 507,
    InvalidKey: 400,
    Cancelled: 503,
    NoAnswer: 504,
    CallFailed: 502,
}
"""The status of each named error; a subclass has its parent's, and what is not here is a fault of ours: 500."""

_SENTENCE: Mapping[type[RadnodeError], str] = {
    NotFound: NOT_FOUND,
    NotDicom: "Invalid DICOM file: {why}",
    InvalidIdentity: "Invalid DICOM file: {why}",
    Mismatch: "Invalid DICOM file: {why}",
    NoPixelData: NO_PIXELS,
    NoDocument: NO_DOCUMENT,
    CannotPresent: "Cannot present document: {why}",
    CannotDeidentify: "Cannot de-identify: {why}",
    CannotRender: "Cannot convert pixel array to image: {why}",
}


class Refusal(Exception):
    """A request is refused here, before or beside any other room: its status and the sentence that says why."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


class Disconnected(Exception):
    """The client went away before its request was read or its turn came; nobody is left to answer."""


def refusal_of(error: RadnodeError) -> Refusal:
    """How the API shows an error of the other rooms."""
    known = next((kind for kind in type(error).__mro__ if kind in HTTP_STATUS), None)
    if known is None:
        return Refusal(500, INTERNAL)
    why = error.words if isinstance(error, CallFailed) else str(error)
    headers = {"Retry-After": str(PATIENCE)} if isinstance(error, TooBusy) else {}
    return Refusal(HTTP_STATUS[known], _SENTENCE.get(known, "{why}").format(why=why), headers)


def too_large(limit: int) -> Refusal:
    """413 for an uploaded file of more than `limit` bytes."""
    return Refusal(413, f"File size exceeds maximum allowed size ({size_text(limit)})")


def size_text(size: int) -> str:
    """A size in bytes for people: 104857600 is 100MB, 1572864 is 1.5MB, what is too small for that stays in bytes."""
    megabytes = size / 2**20
    if megabytes < 0.01:
        return f"{size} bytes"
    return f"{megabytes:.2f}".rstrip("0").rstrip(".") + "MB"
