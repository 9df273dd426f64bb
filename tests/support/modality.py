"""A modality that reports what it performs, message by message."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support.dimse_server import EXPLICIT, proposals
from support.worklists import STUDY, TODAY

from radnode.dimse.contexts import PROCEDURE_STEP, PROCEDURE_STEP_RETRIEVE
from radnode.dimse.nested_encoding import encode_nested
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.instance.nested import data_set_of, document_of, read_nested
from radnode.model.document import Document
from radnode.model.uid import UID

STEP = "1.2.826.0.1.3680043.10.511.8"


def began(**changes: Any) -> dict[str, Any]:
    """What an N-CREATE brings, with the differences that the test wants; None leaves an attribute out."""
    scheduled = {"StudyInstanceUID": STUDY, "AccessionNumber": "A1", "ScheduledProcedureStepID": "S1"}
    whole: dict[str, Any] = {
        "ScheduledStepAttributesSequence": [scheduled],
        "PatientName": "DOE^JOHN",
        "PatientID": "4711",
        "PerformedProcedureStepID": "P1",
        "PerformedStationAETitle": "CT1",
        "PerformedProcedureStepStartDate": TODAY,
        "PerformedProcedureStepStartTime": "103500",
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "Modality": "CT",
        "PerformedSeriesSequence": [],
    }
    return {keyword: value for keyword, value in (whole | changes).items() if value is not None}


def ended(*instances: str, status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    """What an N-SET brings in the end: one series of these instances."""
    references = [
        {"ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "ReferencedSOPInstanceUID": one} for one in instances
    ]
    whole: dict[str, Any] = {
        "PerformedProcedureStepStatus": status,
        "PerformedProcedureStepEndDate": TODAY,
        "PerformedProcedureStepEndTime": "104500",
        "PerformedSeriesSequence": [{"SeriesInstanceUID": f"{STUDY}.1", "ReferencedImageSequence": references}],
    }
    return {keyword: value for keyword, value in (whole | changes).items() if value is not None}


@dataclass(frozen=True)
class Modality:
    """One association over which it reports."""

    requested: Requested

    def create(self, document: Document, step: str = STEP) -> Command:
        """The response to an N-CREATE."""
        named: dict[int, int | str] = {Element.SOP_INSTANCE: step} if step else {}
        return self.ask(Field.N_CREATE, {Element.SOP_CLASS: PROCEDURE_STEP, **named}, document)[0]

    def set(self, document: Document, step: str = STEP) -> Command:
        """The response to an N-SET."""
        return self.ask(Field.N_SET, _requested(PROCEDURE_STEP, step), document)[0]

    def get(self, *tags: int, step: str = STEP) -> tuple[int, Document]:
        """Status and attributes that an N-GET has."""
        words = "".join(chr(part) for tag in tags for part in (tag >> 16 & 255, tag >> 24, tag & 255, tag >> 8 & 255))
        elements = _requested(PROCEDURE_STEP_RETRIEVE, step) | ({Element.ATTRIBUTE_LIST: words} if tags else {})
        response, got = self.ask(Field.N_GET, elements, None, context=3)
        return response.number(Element.STATUS), got

    def ask(
        self, field: Field, elements: Mapping[int, int | str], document: Document | None, *, context: int = 1
    ) -> tuple[Command, Document]:
        """The response to a request, and its attributes."""
        message = self.requested.next_message_id()
        whole = {**elements, Element.COMMAND_FIELD: field, Element.MESSAGE_ID: message}
        data = None if document is None else encode_nested(data_set_of(document), UID(EXPLICIT))
        self.requested.messages.send(context, whole, data)
        response = self.requested.response(field, message)
        read = b"".join(bytes(fragment) for fragment in self.requested.messages.fragments())
        return response, document_of(read_nested(read, UID(EXPLICIT)))


def _requested(sop_class: str, step: str) -> dict[int, int | str]:
    return {Element.REQUESTED_SOP_CLASS: sop_class, Element.REQUESTED_SOP_INSTANCE: step}


@contextmanager
def modality_of(port: int) -> Iterator[Modality]:
    """An association with the server at that port of loopback, for the block."""
    contexts = proposals((PROCEDURE_STEP, (EXPLICIT,)), (PROCEDURE_STEP_RETRIEVE, (EXPLICIT,)))
    with associate(Address("127.0.0.1", port, "RADNODE", "CT1"), contexts) as requested:
        yield Modality(requested)
