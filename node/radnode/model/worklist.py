"""THE table of the worklist's attributes: matching, answers and the conformance statement derive from it.

PS3.4 table K.6-1 (Modality Worklist); tags and VRs: PS3.6. An entry may hold further attributes, which are answered to
whoever asks for them, but not matched.
"""

from dataclasses import dataclass
from typing import Literal

from radnode.model.attributes import Attribute
from radnode.model.level import Level

Matched = Literal["R", "O"]
"""Required or optional matching key (K.2.2.1); both are supported."""
Returned = Literal["1", "1C", "2", "2C", "3"]
"""The type of the return key (K.2.2.1.2)."""


@dataclass(frozen=True, slots=True)
class WorklistAttribute:
    """An attribute of the worklist, with those of its items where it is a sequence."""

    attribute: Attribute
    matched: Matched
    returned: Returned
    items: "tuple[WorklistAttribute, ...]" = ()

    @property
    def keyword(self) -> str:
        """Its keyword (PS3.6)."""
        return self.attribute.keyword


def _a(
    keyword: str, tag: int, vr: str, kind: Matched, returned: Returned, *, multiple: bool = False
) -> WorklistAttribute:
    # A level has a meaning in the archive alone.
    return WorklistAttribute(Attribute(keyword, tag, vr, Level.STUDY, multiple=multiple), kind, returned)


def _sequence(
    keyword: str, tag: int, kind: Matched, returned: Returned, *items: WorklistAttribute
) -> WorklistAttribute:
    return WorklistAttribute(Attribute(keyword, tag, "SQ", Level.STUDY), kind, returned, items)


_CODE = (
    _a("CodeValue", 0x00080100, "SH", "O", "1C"),
    _a("CodingSchemeDesignator", 0x00080102, "SH", "O", "1C"),
    _a("CodingSchemeVersion", 0x00080103, "SH", "O", "3"),
    _a("CodeMeaning", 0x00080104, "LO", "O", "1"),
)
_REFERENCE = (
    _a("ReferencedSOPClassUID", 0x00081150, "UI", "O", "1"),
    _a("ReferencedSOPInstanceUID", 0x00081155, "UI", "O", "1"),
)
SCHEDULED_STEP = _sequence(
    "ScheduledProcedureStepSequence",
    0x00400100,
    "R",
    "1",
    _a("ScheduledStationAETitle", 0x00400001, "AE", "R", "1", multiple=True),
    _a("ScheduledProcedureStepStartDate", 0x00400002, "DA", "R", "1"),
    _a("ScheduledProcedureStepStartTime", 0x00400003, "TM", "R", "1"),
    _a("Modality", 0x00080060, "CS", "R", "1"),
    _a("ScheduledPerformingPhysicianName", 0x00400006, "PN", "R", "2"),
    _a("ScheduledProcedureStepDescription", 0x00400007, "LO", "O", "1C"),
    _a("ScheduledStationName", 0x00400010, "SH", "O", "2", multiple=True),
    _a("ScheduledProcedureStepLocation", 0x00400011, "SH", "O", "2"),
    _sequence("ScheduledProtocolCodeSequence", 0x00400008, "O", "1C", *_CODE),
    _a("PreMedication", 0x00400012, "LO", "O", "2C"),
    _a("ScheduledProcedureStepID", 0x00400009, "SH", "O", "1"),
    _a("RequestedContrastAgent", 0x00321070, "LO", "O", "2C"),
    _a("ScheduledProcedureStepStatus", 0x00400020, "CS", "O", "3"),
    _a("ScheduledProcedureStepEndDate", 0x00400004, "DA", "O", "3"),
    _a("ScheduledProcedureStepEndTime", 0x00400005, "TM", "O", "3"),
    _a("CommentsOnTheScheduledProcedureStep", 0x00400400, "LT", "O", "3"),
)
"""The Scheduled Procedure Step: one item in each answer (K.6.1.2.2)."""

_REQUESTED_PROCEDURE = (
    _a("RequestedProcedureID", 0x00401001, "SH", "O", "1"),
    _a("RequestedProcedureDescription", 0x00321060, "LO", "O", "1C"),
    _sequence("RequestedProcedureCodeSequence", 0x00321064, "O", "1C", *_CODE),
    _a("StudyInstanceUID", 0x0020000D, "UI", "O", "1"),
    _a("StudyDate", 0x00080020, "DA", "O", "3"),
    _a("StudyTime", 0x00080030, "TM", "O", "3"),
    _sequence("ReferencedStudySequence", 0x00081110, "O", "2", *_REFERENCE),
    _a("RequestedProcedurePriority", 0x00401003, "SH", "O", "2"),
    _a("PatientTransportArrangements", 0x00401004, "LO", "O", "2"),
    _a("ReasonForTheRequestedProcedure", 0x00401002, "LO", "O", "3"),
    _a("RequestedProcedureComments", 0x00401400, "LT", "O", "3"),
    _a("NamesOfIntendedRecipientsOfResults", 0x00401010, "PN", "O", "3", multiple=True),
)
_SERVICE_REQUEST = (
    _a("AccessionNumber", 0x00080050, "SH", "O", "2"),
    _a("RequestingPhysician", 0x00321032, "PN", "O", "2"),
    _a("ReferringPhysicianName", 0x00080090, "PN", "O", "2"),
    _a("RequestingService", 0x00321033, "LO", "O", "3"),
    _a("PlacerOrderNumberImagingServiceRequest", 0x00402016, "LO", "O", "3"),
    _a("FillerOrderNumberImagingServiceRequest", 0x00402017, "LO", "O", "3"),
    _a("ImagingServiceRequestComments", 0x00402400, "LT", "O", "3"),
)
_VISIT = (
    _a("AdmissionID", 0x00380010, "LO", "O", "2"),
    _a("CurrentPatientLocation", 0x00380300, "LO", "O", "2"),
    _a("InstitutionName", 0x00080080, "LO", "O", "3"),
)
_PATIENT = (
    _sequence("ReferencedPatientSequence", 0x00081120, "O", "2", *_REFERENCE),
    _a("PatientName", 0x00100010, "PN", "R", "1"),
    _a("PatientID", 0x00100020, "LO", "R", "1"),
    _a("IssuerOfPatientID", 0x00100021, "LO", "O", "3"),
    _a("OtherPatientIDs", 0x00101000, "LO", "O", "3", multiple=True),
    _a("OtherPatientNames", 0x00101001, "PN", "O", "3", multiple=True),
    _a("PatientBirthDate", 0x00100030, "DA", "O", "2"),
    _a("PatientSex", 0x00100040, "CS", "O", "2"),
    _a("PatientAge", 0x00101010, "AS", "O", "3"),
    _a("PatientSize", 0x00101020, "DS", "O", "3"),
    _a("PatientWeight", 0x00101030, "DS", "O", "2"),
    _a("ConfidentialityConstraintOnPatientDataDescription", 0x00403001, "LO", "O", "2"),
    _a("PatientState", 0x00380500, "LO", "O", "2"),
    _a("PregnancyStatus", 0x001021C0, "US", "O", "2"),
    _a("MedicalAlerts", 0x00102000, "LO", "O", "2", multiple=True),
    _a("Allergies", 0x00102110, "LO", "O", "2", multiple=True),
    _a("SpecialNeeds", 0x00380050, "LO", "O", "2"),
    _a("EthnicGroup", 0x00102160, "SH", "O", "3"),
    _a("SmokingStatus", 0x001021A0, "CS", "O", "3"),
    _a("AdditionalPatientHistory", 0x001021B0, "LT", "O", "3"),
    _a("PatientComments", 0x00104000, "LT", "O", "3"),
)
WORKLIST = (SCHEDULED_STEP, *_REQUESTED_PROCEDURE, *_SERVICE_REQUEST, *_VISIT, *_PATIENT)
"""Every attribute of the worklist that is matched."""

OF_A_STEP = frozenset(one.keyword for one in SCHEDULED_STEP.items)
"""What stands in an item of the Scheduled Procedure Step Sequence."""
