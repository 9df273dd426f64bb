"""THE table of indexed attributes: schema, header reading, matching and the conformance statement derive from it.

Unique, required and optional keys: PS3.4 C.6.1.1 (Patient Root) and C.6.2.1 (Study Root); tags and VRs: PS3.6.
"""

from dataclasses import dataclass
from enum import Enum

from radnode.model.level import Level


class Source(Enum):
    """Where an attribute's value comes from."""

    HEADER = "header"
    COMPUTED = "computed"  # from the index: counters and modalities of the children


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that can be asked for: where it stands in the hierarchy, and how it is written.

    `multiple`: it may have several values (VM in PS3.6), separated by backslashes; a key then matches any of them.
    """

    keyword: str
    tag: int
    vr: str
    level: Level
    unique: bool = False
    source: Source = Source.HEADER
    multiple: bool = False


_P, _S, _E, _I = Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE
_C = Source.COMPUTED

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("PatientID", 0x00100020, "LO", _P, unique=True),
    Attribute("IssuerOfPatientID", 0x00100021, "LO", _P),
    Attribute("PatientName", 0x00100010, "PN", _P),
    Attribute("PatientBirthDate", 0x00100030, "DA", _P),
    Attribute("PatientBirthTime", 0x00100032, "TM", _P),
    Attribute("PatientSex", 0x00100040, "CS", _P),
    Attribute("OtherPatientIDs", 0x00101000, "LO", _P, multiple=True),
    Attribute("OtherPatientNames", 0x00101001, "PN", _P, multiple=True),
    Attribute("EthnicGroup", 0x00102160, "SH", _P),
    Attribute("PatientComments", 0x00104000, "LT", _P),
    Attribute("NumberOfPatientRelatedStudies", 0x00201200, "IS", _P, source=_C),
    Attribute("NumberOfPatientRelatedSeries", 0x00201202, "IS", _P, source=_C),
    Attribute("NumberOfPatientRelatedInstances", 0x00201204, "IS", _P, source=_C),
    Attribute("StudyInstanceUID", 0x0020000D, "UI", _S, unique=True),
    Attribute("StudyDate", 0x00080020, "DA", _S),
    Attribute("StudyTime", 0x00080030, "TM", _S),
    Attribute("AccessionNumber", 0x00080050, "SH", _S),
    Attribute("StudyID", 0x00200010, "SH", _S),
    Attribute("StudyDescription", 0x00081030, "LO", _S),
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
    Attribute("SeriesInstanceUID", 0x0020000E, "UI", _E, unique=True),
    Attribute("Modality", 0x00080060, "CS", _E),
    Attribute("SeriesNumber", 0x00200011, "IS", _E),
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
    Attribute("PerformedProcedureStepStartDate", 0x00400244, "DA", _E),
    Attribute("PerformedProcedureStepStartTime", 0x00400245, "TM", _E),
    Attribute("PerformedProcedureStepID", 0x00400253, "SH", _E),
    Attribute("NumberOfSeriesRelatedInstances", 0x00201209, "IS", _E, source=_C),
    Attribute("SOPInstanceUID", 0x00080018, "UI", _I, unique=True),
    Attribute("SOPClassUID", 0x00080016, "UI", _I),
    Attribute("InstanceNumber", 0x00200013, "IS", _I),
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
)

BY_KEYWORD = {attribute.keyword: attribute for attribute in ATTRIBUTES}
BY_TAG = {attribute.tag: attribute for attribute in ATTRIBUTES}
UNIQUE_KEY = {attribute.level: attribute for attribute in ATTRIBUTES if attribute.unique}
