"""Modality Performed Procedure Step, and its Retrieve SOP class (PS3.4 Annex F): N-CREATE, N-SET, N-GET."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from radnode.dimse.contexts import PROCEDURE_STEP, PROCEDURE_STEP_RETRIEVE
from radnode.dimse.nested_encoding import encode_nested
from radnode.dimse.scp.service import Performed
from radnode.dimse.status import Refusal, Status, error_comment, refusal_of
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.upper.command import Element, Field
from radnode.instance.nested import DataSet, Value, data_set_of, document_of, read_nested, vr_of
from radnode.model.document import Document
from radnode.model.errors import NotFound, RadnodeError
from radnode.model.procedure_step import Problem
from radnode.model.redaction import redact
from radnode.model.uid import UID, InvalidUID, parse_uid
from radnode.settings import Service
from radnode.work.procedure_steps import BadStep, Ended, Known, ProcedureSteps

DATA_SET_LIMIT = 16 << 20  # bytes; some 60,000 images can be named
NO_LONGER_UPDATED = 0xA710
"""The Error ID of an N-SET that comes too late (F.7.2.2.4)."""
_STATUS_OF = {
    Problem.MISSING: Status.MISSING_ATTRIBUTE,
    Problem.NO_VALUE: Status.MISSING_ATTRIBUTE_VALUE,
    Problem.INVALID: Status.INVALID_ATTRIBUTE_VALUE,
    Problem.NOT_SETTABLE: Status.NO_SUCH_ATTRIBUTE,
}
_IDENTIFIERS = frozenset({0x00080016, 0x00080018})


@dataclass(frozen=True, slots=True)
class _Done:
    """What the response says."""

    status: Status = Status.SUCCESS
    comment: str = ""
    sop_instance: str = ""
    data_set: bytes | None = None
    error_id: int = 0


class ProcedureStepProvider:
    """Keeps what modalities report."""

    service: Service = "mpps"

    def __init__(self, steps: ProcedureSteps) -> None:
        self._steps = steps
        self._acts: Mapping[int, tuple[frozenset[str], Callable[[Association, Request], _Done]]] = {
            Field.N_CREATE: (frozenset({PROCEDURE_STEP}), self._create),
            Field.N_SET: (frozenset({PROCEDURE_STEP}), self._set),
            Field.N_GET: (frozenset({PROCEDURE_STEP, PROCEDURE_STEP_RETRIEVE}), self._get),
        }

    def perform(self, association: Association, request: Request) -> Performed:
        """Answer one of the three; success means that what was reported is on the disk."""
        try:
            done = self._act(association, request)
        except RadnodeError as error:
            refusal = _refusal(error)
            done = _Done(refusal.status, refusal.comment)
        except Refusal as refusal:
            done = _Done(refusal.status, refusal.comment)
        except BadStep as bad:
            done = _Done(_STATUS_OF[bad.finding.problem], error_comment(str(bad)))
        except Known:
            done = _Done(Status.DUPLICATE_INSTANCE, "There is a procedure step with this UID")
        except Ended:
            comment = "Performed Procedure Step Object may no longer be updated"
            done = _Done(Status.PROCESSING_FAILURE, comment, error_id=NO_LONGER_UPDATED)
        association.skip_data_set()
        association.reply(
            request, done.status, done.data_set, comment=done.comment, sop_instance=done.sop_instance,
            error_id=done.error_id,
        )  # fmt: skip
        name = done.sop_instance or request.sop_instance
        detail: dict[str, object] = {"command": f"{request.field:04X}", "instance": redact(name)}
        return Performed(done.status, detail | ({"comment": done.comment} if done.comment else {}))

    def _act(self, association: Association, request: Request) -> _Done:
        classes, act = self._acts[request.field]
        if request.context.abstract_syntax not in classes:
            raise Refusal(Status.UNRECOGNISED_OPERATION, "not an operation of this SOP class")
        if request.sop_class not in (PROCEDURE_STEP, request.context.abstract_syntax):
            raise Refusal(Status.NO_SUCH_CLASS, "SOP class is not that of the presentation context")
        return act(association, request)

    def _create(self, association: Association, request: Request) -> _Done:
        made = "" if request.sop_instance else f"2.25.{uuid4().int}"
        self._steps.create(_instance(made or request.sop_instance), _document(association, request))
        return _Done(sop_instance=made)

    def _set(self, association: Association, request: Request) -> _Done:
        instance = _instance(request.sop_instance)
        self._steps.step(instance)  # an unknown one is told of before what it should become
        self._steps.change(instance, _document(association, request))
        return _Done()

    def _get(self, association: Association, request: Request) -> _Done:
        del association
        step = self._steps.step(_instance(request.sop_instance))
        known = data_set_of(step.document)
        wanted = _asked_for(request)
        chosen: DataSet = {tag: known.get(tag, Value(vr_of(tag) or "UN")) for tag in wanted} if wanted else known
        # What is no attribute is left out, and a warning tells so (F.8.2.1).
        status = Status.ATTRIBUTES_NOT_SUPPORTED if any(not vr_of(tag) for tag in wanted) else Status.SUCCESS
        chosen = {tag: value for tag, value in chosen.items() if vr_of(tag)}
        return _Done(status, data_set=encode_nested(chosen, UID(request.context.transfer_syntax)))


def _refusal(error: RadnodeError) -> Refusal:
    if isinstance(error, NotFound):
        return Refusal(Status.NO_SUCH_INSTANCE, error_comment(str(error)))
    refusal = refusal_of(error)
    # A7xx and Cxxx are no statuses of N-services (PS3.7 10.1).
    is_full = refusal.status == Status.OUT_OF_RESOURCES
    return Refusal(Status.RESOURCE_LIMITATION if is_full else Status.PROCESSING_FAILURE, refusal.comment)


def _instance(text: str) -> UID:
    try:
        return parse_uid(text)
    except InvalidUID:
        raise Refusal(Status.INVALID_INSTANCE, "SOP Instance UID is not a UID") from None


def _document(association: Association, request: Request) -> Document:
    """What the request brings; a procedure step has no SOP Common UIDs of its own in it (F.7.2.1.1)."""
    data = association.data_set(DATA_SET_LIMIT)
    if data is None:
        raise Refusal(Status.RESOURCE_LIMITATION, f"the data set is longer than {DATA_SET_LIMIT} bytes")
    values = read_nested(data, UID(request.context.transfer_syntax))
    return document_of({tag: value for tag, value in values.items() if tag not in _IDENTIFIERS})


def _asked_for(request: Request) -> list[int]:
    """The tags of the Attribute Identifier List (0000,1005); none means all."""
    raw = request.command.elements.get(Element.ATTRIBUTE_LIST, b"")
    return [group << 16 | element for group, element in struct.iter_unpack("<HH", raw[: len(raw) // 4 * 4])]
