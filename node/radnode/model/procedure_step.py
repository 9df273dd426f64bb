"""Performed procedure steps: what may and must be in them when they are created, changed and ended (PS3.4 F.7.2).

THE table is F.7.2-1 as far as it asks for or forbids something; what is not in it is of type 3 and may be set.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from radnode.model.document import Document, items_in, text_in

IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
STATES = (IN_PROGRESS, COMPLETED, DISCONTINUED)
STATUS = "PerformedProcedureStepStatus"
SCHEDULED_STEPS = "ScheduledStepAttributesSequence"
MOST_SCHEDULED_STEPS = 1000
"""Scheduled steps that one performed step may refer to."""
Type = Literal["1", "2", "3"]


@dataclass(frozen=True, slots=True)
class StepAttribute:
    """What F.7.2-1 asks of one attribute: its type for N-CREATE, whether N-SET may change it, its type in the end."""

    keyword: str
    created: Type
    may_be_set: bool = False
    at_the_end: Type | None = None
    """Where that differs from `created`."""
    items: "tuple[StepAttribute, ...]" = ()


class Problem(Enum):
    """What is wrong with an attribute, as N-services tell it (PS3.7 10.1)."""

    MISSING = "is missing"
    NO_VALUE = "has no value"
    INVALID = "has a value that it cannot have"
    NOT_SETTABLE = "may not be set"


@dataclass(frozen=True, slots=True)
class Finding:
    """An attribute and what is wrong with it."""

    keyword: str
    problem: Problem


def _items(*keywords: str, created: Type, may_be_set: bool = False) -> tuple[StepAttribute, ...]:
    return tuple(StepAttribute(keyword, created, may_be_set) for keyword in keywords)


_REFERENCE = _items("ReferencedSOPClassUID", "ReferencedSOPInstanceUID", created="1")
_PERFORMED_CODE = _items("CodeMeaning", created="1", may_be_set=True)
_MADE = _items("ReferencedSOPClassUID", "ReferencedSOPInstanceUID", created="1", may_be_set=True)
_SCHEDULED_STEP = (
    StepAttribute("StudyInstanceUID", "1"),
    StepAttribute("ReferencedStudySequence", "2", items=_REFERENCE),
    *_items("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription", created="2"),
    *_items("ScheduledProcedureStepID", "ScheduledProcedureStepDescription", created="2"),
    StepAttribute("ScheduledProtocolCodeSequence", "2", items=_items("CodeMeaning", created="1")),
)
_SERIES = (
    StepAttribute("PerformingPhysicianName", "2", may_be_set=True),
    StepAttribute("ProtocolName", "1", may_be_set=True),
    StepAttribute("OperatorsName", "2", may_be_set=True),
    StepAttribute("SeriesInstanceUID", "1", may_be_set=True),
    StepAttribute("SeriesDescription", "2", may_be_set=True),
    StepAttribute("RetrieveAETitle", "2", may_be_set=True),
    StepAttribute("ReferencedImageSequence", "2", may_be_set=True, items=_MADE),
    StepAttribute("ReferencedNonImageCompositeSOPInstanceSequence", "2", may_be_set=True, items=_MADE),
)
PROCEDURE_STEP = (
    StepAttribute(SCHEDULED_STEPS, "1", items=_SCHEDULED_STEP),
    *_items("PatientName", "PatientID", "PatientBirthDate", "PatientSex", created="2"),
    StepAttribute("ReferencedPatientSequence", "2", items=_REFERENCE),
    *_items("IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", created="3"),
    *_items("AdmissionID", "IssuerOfAdmissionIDSequence", created="3"),
    *_items("ServiceEpisodeID", "IssuerOfServiceEpisodeIDSequence", "ServiceEpisodeDescription", created="3"),
    *_items("PerformedProcedureStepID", "PerformedStationAETitle", created="1"),
    *_items("PerformedStationName", "PerformedLocation", created="2"),
    *_items("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", created="1"),
    StepAttribute(STATUS, "1", may_be_set=True),
    StepAttribute("PerformedProcedureStepDescription", "2", may_be_set=True),
    StepAttribute("PerformedProcedureTypeDescription", "2", may_be_set=True),
    StepAttribute("ProcedureCodeSequence", "2", may_be_set=True, items=_PERFORMED_CODE),
    StepAttribute("PerformedProcedureStepEndDate", "2", may_be_set=True, at_the_end="1"),
    StepAttribute("PerformedProcedureStepEndTime", "2", may_be_set=True, at_the_end="1"),
    *_items("Modality", created="1"),
    *_items("StudyID", created="2"),
    StepAttribute("PerformedProtocolCodeSequence", "2", may_be_set=True, items=_PERFORMED_CODE),
    StepAttribute("PerformedSeriesSequence", "2", may_be_set=True, at_the_end="1", items=_SERIES),
)
_BY_KEYWORD = {one.keyword: one for one in PROCEDURE_STEP}

_SELDOM_NAMED = frozenset({"ProtocolName", "CodeMeaning"})
"""Type 1 in items, and left out by devices in use: what they performed is worth more than these words."""
_NONE_WHERE_NOTHING_WAS_MADE = frozenset({"PerformedSeriesSequence"})


def findings_at_creation(document: Document) -> Iterator[Finding]:
    """What is wrong with what an N-CREATE brings. Absent attributes of type 2 are taken for empty ones."""
    yield from _missing(document, PROCEDURE_STEP)
    if len(items_in(document, SCHEDULED_STEPS)) > MOST_SCHEDULED_STEPS:
        yield Finding(SCHEDULED_STEPS, Problem.INVALID)
    if document.get(STATUS, "") not in ("", IN_PROGRESS):
        yield Finding(STATUS, Problem.INVALID)


def findings_at_setting(document: Document, changes: Document) -> Iterator[Finding]:
    """What is wrong with what an N-SET brings for a step in progress; the same value once more is no change."""
    for keyword, value in changes.items():
        known = _BY_KEYWORD.get(keyword)
        if known is not None and not known.may_be_set and (value or "") != (document.get(keyword) or ""):
            yield Finding(keyword, Problem.NOT_SETTABLE)
    status = text_in(changes, STATUS)
    if STATUS in changes and status not in STATES:
        yield Finding(STATUS, Problem.INVALID)
    for attribute in PROCEDURE_STEP:
        for item in items_in(changes, attribute.keyword):
            yield from _missing(item, attribute.items)
    if status in (COMPLETED, DISCONTINUED):
        yield from _missing_at_the_end({**document, **changes}, status)


def _missing_at_the_end(document: Document, status: str) -> Iterator[Finding]:
    for attribute in PROCEDURE_STEP:
        # What was given up before it made anything has no series to name.
        is_excused = status == DISCONTINUED and attribute.keyword in _NONE_WHERE_NOTHING_WAS_MADE
        if attribute.at_the_end == "1" and not is_excused:
            yield from _needed(document, attribute.keyword)


def _missing(document: Document, attributes: Iterable[StepAttribute]) -> Iterator[Finding]:
    for attribute in attributes:
        if attribute.created == "1" and attribute.keyword not in _SELDOM_NAMED:
            yield from _needed(document, attribute.keyword)
        for item in items_in(document, attribute.keyword):
            yield from _missing(item, attribute.items)


def _needed(document: Document, keyword: str) -> Iterator[Finding]:
    if keyword not in document:
        yield Finding(keyword, Problem.MISSING)
    elif not document[keyword]:
        yield Finding(keyword, Problem.NO_VALUE)
