"""The identifier that a query or retrieval comes with (PS3.7 9.1.2.1, 9.1.3.1, 9.1.4.1)."""

from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.association import Association, Request

IDENTIFIER_LIMIT = 1 << 20
"""Bytes; thousands of UIDs fit."""


def identifier_of(association: Association, request: Request, *, if_too_long: Status) -> bytes:
    """The encoded identifier. Raises Refusal for one that is too long, or for another SOP class than was negotiated."""
    data = association.data_set(IDENTIFIER_LIMIT)
    if data is None:
        raise Refusal(if_too_long, f"the identifier is longer than {IDENTIFIER_LIMIT} bytes")
    if request.sop_class != request.context.abstract_syntax:
        raise Refusal(Status.SOP_CLASS_NOT_SUPPORTED, "SOP class is not that of the presentation context")
    return data
