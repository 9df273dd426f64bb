"""THE table of indexed attributes: schema, header reading, matching and the conformance statement derive from it.

Unique, required and optional keys: PS3.4 C.6.1.1 (Patient Root) and C.6.2.1 (Study Root); tags and VRs: PS3.6. Where
the others come from, IHE's Query Images transaction above all: docs/decisions/0010-what-the-index-knows.md.
"""

from dataclasses import dataclass
from enum import Enum

from radnode.model.level import Level, Root


class Source(Enum):
    """Where an attribute's value comes from."""

    HEADER = "header"
    COMPUTED = "computed"  # from the index: counters and modalities of the children


class KeyType(Enum):
    """What the Standard asks of an SCP for a key (PS3.4 C.2.2.1)."""

    UNIQUE = "unique"
    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that can be asked for: where it stands in the hierarchy, and how it is written.

    `multiple`: it may have several values (VM in PS3.6), separated by backslashes; a key then matches any of them.
    `items`: of a sequence, the attributes of its items that are indexed. Its text is a JSON array of objects from their
    keywords to their texts.
    """

    keyword: str
    tag: int
    vr: str
    level: Level
    key: KeyType = KeyType.OPTIONAL
    source: Source = Source.HEADER
    multiple: bool = False
    items: tuple["Attribute", ...] = ()

    @property
    def unique(self) -> bool:
        """Whether it is the unique key of its level."""
        return self.key is KeyType.UNIQUE

    def key_type(self, root: Root) -> KeyType:
        """What the information model asks for it: under Study Root a patient's unique key is a required one."""
        is_within_study = root is Root.STUDY and self.level is Level.PATIENT
        return KeyType.REQUIRED if is_within_study and self.unique else self.key


_P, _S, _E, _I = Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE
_C = Source.COMPUTED
_U, _R = KeyType.UNIQUE, KeyType.REQUIRED


def _sequence(keyword: str, tag: int, level: Level, *items: tuple[str, int, str]) -> Attribute:
    return Attribute(keyword, tag, "SQ", level, items=tuple(Attribute(*item, level) for item in items))


_CODE = (
    ("CodeValue", 0x00080100, "SH"),
    ("CodingSchemeDesignator", 0x00080102, "SH"),
    ("CodingSchemeVersion", 0x00080103, "SH"),
    ("CodeMeaning", 0x00080104, "LO"),
    ("LongCodeValue", 0x00080119, "UC"),
    ("URNCodeValue", 0x00080120, "UR"),
)
_REFERENCE = (("ReferencedSOPClassUID", 0x00081150, "UI"), ("ReferencedSOPInstanceUID", 0x00081155, "UI"))
_REQUEST = (
    ("AccessionNumber", 0x00080050, "SH"),
    ("StudyInstanceUID", 0x0020000D, "UI"),
    ("RequestedProcedureDescription", 0x00321060, "LO"),
    ("RequestedProcedureID", 0x00401001, "SH"),
)

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("PatientID", 0x00100020, "LO", _P, _U),
    Attribute("IssuerOfPatientID", 0x00100021, "LO", _P),
    Attribute("PatientName", 0x00100010, "PN", _P, _R),
    Attribute("PatientBirthDate", 0x00100030, "DA", _P),
    Attribute("PatientBirthTime", 0x00100032, "TM", _P),
    Attribute("PatientSex", 0x00100040, "CS", _P),
    Attribute("OtherPatientIDs", 0x00101000, "LO", _P, multiple=True),
    Attribute("OtherPatientNames", 0x00101001, "PN", _P, multiple=True),
    Attribute("EthnicGroup", 0x00102160, "SH", _P),
    Attribute("PatientComments", 0x00104000, "LT", _P),
    _sequence("ReferencedPatientSequence", 0x00081120, _P, *_REFERENCE),
    Attribute("NumberOfPatientRelatedStudies", 0x00201200, "IS", _P, source=_C),
    Attribute("NumberOfPatientRelatedSeries", 0x00201202, "IS", _P, source=_C),
    Attribute("NumberOfPatientRelatedInstances", 0x00201204, "IS", _P, source=_C),
    Attribute("StudyInstanceUID", 0x0020000D, "UI", _S, _U),
    Attribute("StudyDate", 0x00080020, "DA", _S, _R),
    Attribute("StudyTime", 0x00080030, "TM", _S, _R),
    Attribute("AccessionNumber", 0x00080050, "SH", _S, _R),
    Attribute("StudyID", 0x00200010, "SH", _S, _R),
    Attribute("StudyDescription", 0x00081030, "LO", _S),
    Attribute("TimezoneOffsetFromUTC", 0x00080201, "SH", _S),
    _sequence(
        "IssuerOfAccessionNumberSequence",
        0x00080051,
        _S,
        ("LocalNamespaceEntityID", 0x00400031, "UT"),
        ("UniversalEntityID", 0x00400032, "UT"),
        ("UniversalEntityIDType", 0x00400033, "CS"),
    ),
    _sequence("ProcedureCodeSequence", 0x00081032, _S, *_CODE),
    _sequence("ReferencedStudySequence", 0x00081110, _S, *_REFERENCE),
    Attribute("OtherStudyNumbers", 0x00201070, "IS", _S, multiple=True),
    Attribute("PhysiciansOfRecord", 0x00081048, "PN", _S, multiple=True),
    Attribute("ReferringPhysicianName", 0x00080090, "PN", _S),
    Attribute("NameOfPhysiciansReadingStudy", 0x00081060, "PN", _S, multiple=True),
    Attribute("AdmittingDiagnosesDescription", 0x00081080, "LO", _S, multiple=True),
    Attribute("PatientAge", 0x00101010, "AS", _S),
    Attribute("PatientSize", 0x00101020, "DS", _S),
    Attribute("PatientWeight", 0x00101030, "DS", _S),
    Attribute("Occupation", 0x00102180, "SH", _S),
    Attribute("AdditionalPatientHistory", 0x001021B0, "LT", _S),
    Attribute("ModalitiesInStudy", 0x00080061, "CS", _S, source=_C, multiple=True),
    Attribute("SOPClassesInStudy", 0x00080062, "UI", _S, source=_C, multiple=True),
    Attribute("NumberOfStudyRelatedSeries", 0x00201206, "IS", _S, source=_C),
    Attribute("NumberOfStudyRelatedInstances", 0x00201208, "IS", _S, source=_C),
    Attribute("SeriesInstanceUID", 0x0020000E, "UI", _E, _U),
    Attribute("Modality", 0x00080060, "CS", _E, _R),
    Attribute("SeriesNumber", 0x00200011, "IS", _E, _R),
    Attribute("SeriesDescription", 0x0008103E, "LO", _E),
    Attribute("SeriesDate", 0x00080021, "DA", _E),
    Attribute("SeriesTime", 0x00080031, "TM", _E),
    Attribute("BodyPartExamined", 0x00180015, "CS", _E),
    Attribute("Laterality", 0x00200060, "CS", _E),
    Attribute("ProtocolName", 0x00181030, "LO", _E),
    Attribute("PatientPosition", 0x00185100, "CS", _E),
    Attribute("FrameOfReferenceUID", 0x00200052, "UI", _E),
    Attribute("PerformingPhysicianName", 0x00081050, "PN", _E, multiple=True),
    Attribute("OperatorsName", 0x00081070, "PN", _E, multiple=True),
    Attribute("Manufacturer", 0x00080070, "LO", _E),
    Attribute("ManufacturerModelName", 0x00081090, "LO", _E),
    Attribute("InstitutionName", 0x00080080, "LO", _E),
    Attribute("InstitutionalDepartmentName", 0x00081040, "LO", _E),
    Attribute("StationName", 0x00081010, "SH", _E),
    Attribute("DeviceSerialNumber", 0x00181000, "LO", _E),
    Attribute("PresentationIntentType", 0x00080068, "CS", _E),
    Attribute("PerformedProcedureStepStartDate", 0x00400244, "DA", _E),
    Attribute("PerformedProcedureStepStartTime", 0x00400245, "TM", _E),
    Attribute("PerformedProcedureStepEndDate", 0x00400250, "DA", _E),
    Attribute("PerformedProcedureStepEndTime", 0x00400251, "TM", _E),
    Attribute("PerformedProcedureStepID", 0x00400253, "SH", _E),
    Attribute("PerformedProcedureStepDescription", 0x00400254, "LO", _E),
    _sequence("ReferencedPerformedProcedureStepSequence", 0x00081111, _E, *_REFERENCE),
    _sequence(
        "RequestAttributesSequence",
        0x00400275,
        _E,
        *_REQUEST,
        ("ScheduledProcedureStepDescription", 0x00400007, "LO"),
        ("ScheduledProcedureStepID", 0x00400009, "SH"),
        ("ReasonForTheRequestedProcedure", 0x00401002, "LO"),
    ),
    Attribute("NumberOfSeriesRelatedInstances", 0x00201209, "IS", _E, source=_C),
    Attribute("SOPInstanceUID", 0x00080018, "UI", _I, _U),
    Attribute("SOPClassUID", 0x00080016, "UI", _I),
    Attribute("InstanceCreationDate", 0x00080012, "DA", _I),
    Attribute("InstanceCreationTime", 0x00080013, "TM", _I),
    Attribute("InstanceNumber", 0x00200013, "IS", _I, _R),
    Attribute("ImageType", 0x00080008, "CS", _I, multiple=True),
    Attribute("ContentDate", 0x00080023, "DA", _I),
    Attribute("ContentTime", 0x00080033, "TM", _I),
    Attribute("AcquisitionNumber", 0x00200012, "IS", _I),
    Attribute("AcquisitionDate", 0x00080022, "DA", _I),
    Attribute("AcquisitionTime", 0x00080032, "TM", _I),
    Attribute("AcquisitionDateTime", 0x0008002A, "DT", _I),
    Attribute("Rows", 0x00280010, "US", _I),
    Attribute("Columns", 0x00280011, "US", _I),
    Attribute("BitsAllocated", 0x00280100, "US", _I),
    Attribute("NumberOfFrames", 0x00280008, "IS", _I),
    Attribute("PhotometricInterpretation", 0x00280004, "CS", _I),
    Attribute("CompletionFlag", 0x0040A491, "CS", _I),
    Attribute("VerificationFlag", 0x0040A493, "CS", _I),
    Attribute("ObservationDateTime", 0x0040A032, "DT", _I),
    _sequence("ConceptNameCodeSequence", 0x0040A043, _I, *_CODE),
    _sequence(
        "VerifyingObserverSequence",
        0x0040A073,
        _I,
        ("VerifyingOrganization", 0x0040A027, "LO"),
        ("VerificationDateTime", 0x0040A030, "DT"),
        ("VerifyingObserverName", 0x0040A075, "PN"),
    ),
    _sequence(
        "ReferencedRequestSequence",
        0x0040A370,
        _I,
        *_REQUEST,
        ("PlacerOrderNumberImagingServiceRequest", 0x00402016, "LO"),
        ("FillerOrderNumberImagingServiceRequest", 0x00402017, "LO"),
    ),
    _sequence(
        "ContentTemplateSequence",
        0x0040A504,
        _I,
        ("MappingResource", 0x00080105, "CS"),
        ("TemplateIdentifier", 0x0040DB00, "CS"),
    ),
    Attribute("DocumentTitle", 0x00420010, "ST", _I),
    Attribute("MIMETypeOfEncapsulatedDocument", 0x00420012, "LO", _I),
    Attribute("ContentLabel", 0x00700080, "CS", _I),
    Attribute("ContentDescription", 0x00700081, "LO", _I),
    Attribute("PresentationCreationDate", 0x00700082, "DA", _I),
    Attribute("PresentationCreationTime", 0x00700083, "TM", _I),
    Attribute("ContentCreatorName", 0x00700084, "PN", _I),
)

BY_KEYWORD = {attribute.keyword: attribute for attribute in ATTRIBUTES}
BY_TAG = {attribute.tag: attribute for attribute in ATTRIBUTES}
UNIQUE_KEY = {attribute.level: attribute for attribute in ATTRIBUTES if attribute.unique}
