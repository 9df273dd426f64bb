"""Requests and reports of storage commitment as they arrive: checked, taken, refused (PS3.4 J.3)."""

from collections.abc import Container

import structlog

from radnode.dimse.commitment import (
    ALL_COMMITTED,
    FAILURES_EXIST,
    REQUEST_COMMITMENT,
    WELL_KNOWN_INSTANCE,
    BadCommitment,
    Commitment,
    TooManyObjects,
    decode_commitment,
)
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.status import Refusal, Status, error_comment
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.normalised import about, type_of
from radnode.model.commitment import Reason
from radnode.model.errors import NotDicom, OutOfResources, RadnodeError
from radnode.model.uid import UID
from radnode.work.asked_commitments import AskedCommitments

log = structlog.get_logger()
_TYPES: dict[int, tuple[Container[int | None], Status]] = {
    Field.N_ACTION: ({REQUEST_COMMITMENT}, Status.NO_SUCH_ACTION),
    Field.N_EVENT_REPORT: ({ALL_COMMITTED, FAILURES_EXIST}, Status.NO_SUCH_EVENT_TYPE),
}
_STATUS: dict[type[RadnodeError], Status] = {
    TooManyObjects: Status.RESOURCE_LIMITATION,
    BadCommitment: Status.INVALID_ARGUMENT,
    OutOfResources: Status.RESOURCE_LIMITATION,
    NotDicom: Status.PROCESSING_FAILURE,
}


def commitment_in(command: Command, data_set: bytes | None, transfer_syntax: str, most: int) -> Commitment:
    """What a request or report says; `data_set` is None where it was too long. Raises Refusal."""
    types, no_such_type = _TYPES[command.number(Element.COMMAND_FIELD)]
    if about(command, Element.SOP_CLASS, Element.REQUESTED_SOP_CLASS) != STORAGE_COMMITMENT:
        raise Refusal(Status.NO_SUCH_CLASS, "SOP class is not that of the presentation context")
    if about(command, Element.SOP_INSTANCE, Element.REQUESTED_SOP_INSTANCE) != WELL_KNOWN_INSTANCE:
        raise Refusal(Status.NO_SUCH_INSTANCE, "SOP instance is not the well-known one of the SOP class")
    if type_of(command) not in types:
        raise Refusal(no_such_type, "unknown type")
    try:
        if data_set is None:
            raise TooManyObjects(f"More than {most} objects")
        return decode_commitment(data_set, UID(transfer_syntax), most)
    except RadnodeError as error:
        raise refusal_of(error) from error


def refusal_of(error: Refusal | RadnodeError) -> Refusal:
    """What the peer is told of `error`."""
    if isinstance(error, Refusal):
        return error
    kind = next((kind for kind in type(error).__mro__ if kind in _STATUS), NotDicom)
    return Refusal(_STATUS[kind], error_comment(str(error)))


def take_report(asked: AskedCommitments, commitment: Commitment) -> None:
    """Keep a report. Raises Refusal for one of a transaction that nobody here has asked for, OutOfResources."""
    if not asked.take(*commitment):
        raise Refusal(Status.PROCESSING_FAILURE, "no such transaction")
    failed = sum(reason != Reason.COMMITTED for reason in commitment.results.values())
    if failed:
        log.error("commitment_failed", transaction=commitment.transaction, failed=failed)
