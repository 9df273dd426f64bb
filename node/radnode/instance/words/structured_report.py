"""Structured reports and other SR documents (PS3.3 A.35, C.17): who, what, how certain, and the content tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from radnode.instance.content import opened
from radnode.instance.encodings import Buffer
from radnode.instance.nested import DataSet, Limits, read_nested
from radnode.instance.words.content_items import ContentItem, read_tree
from radnode.instance.words.content_values import concept_of, items_at, sop_class_name, text_at
from radnode.instance.words.wording import day, full_name, moment, one_line, time_of_day
from radnode.model.errors import CannotPresent, NotDicom
from radnode.model.uid import UID

MAX_DATA_SET = 32 << 20
"""Bytes of a report's data set; the largest ones (of computer-aided detection) have some megabytes."""
LIMITS = Limits(elements=500_000, nesting=60, text=MAX_DATA_SET, numbers=512)
"""What is read of a report: binary numbers are coordinates, of which only the first are shown."""


@dataclass(frozen=True, slots=True)
class Report:
    """A document: its title, what its header says as label and text, and its content tree."""

    title: str
    facts: tuple[tuple[str, str], ...]
    root: ContentItem


def read_report(path: Path) -> Report:
    """The report in a Part 10 file. CannotPresent for one that is too large, too deep or damaged; NotDicom, OSError."""
    with opened(path) as (dataset, encoding):
        return report_of(read_report_items(dataset, encoding))


def read_report_items(dataset: Buffer, encoding: UID) -> DataSet:
    """Everything in a report's data set, within LIMITS. Raises CannotPresent."""
    if len(dataset) > MAX_DATA_SET:
        raise CannotPresent(f"the data set has more than {MAX_DATA_SET} bytes")
    try:
        return read_nested(dataset, encoding, LIMITS)
    except NotDicom as why:
        raise CannotPresent(str(why)) from None


def report_of(data_set: DataSet) -> Report:
    """The report that a data set says."""
    facts = tuple((label, text) for label, text in _facts(data_set) if text)
    kind = sop_class_name(text_at(data_set, "SOPClassUID"))
    return Report(concept_of(data_set) or kind, facts, read_tree(data_set))


def _facts(data_set: DataSet) -> Iterator[tuple[str, str]]:
    def said(keyword: str) -> str:
        return ", ".join(filter(None, map(one_line, text_at(data_set, keyword).split("\\"))))

    yield "Patient", full_name(said("PatientName"))
    yield "Patient ID", said("PatientID")
    yield "Birth date", day(said("PatientBirthDate"))
    yield "Sex", said("PatientSex")
    yield "Study", said("StudyDescription")
    yield "Study date", day(said("StudyDate"))
    yield "Accession", said("AccessionNumber")
    yield "Referring physician", full_name(said("ReferringPhysicianName"))
    yield "Series", said("SeriesDescription")
    yield "Document type", sop_class_name(text_at(data_set, "SOPClassUID"))
    yield "Written", _written(said("ContentDate"), said("ContentTime"))
    yield "Completion", _with_remark(said("CompletionFlag"), said("CompletionFlagDescription"))
    yield "Stage", said("PreliminaryFlag")
    yield "Verification", said("VerificationFlag")
    for observer in items_at(data_set, "VerifyingObserverSequence"):
        yield "Verified by", _verifier(observer)
    for author in items_at(data_set, "AuthorObserverSequence"):
        yield "Author", _author(author)
    yield "Manufacturer", " ".join(filter(None, (said("Manufacturer"), said("ManufacturerModelName"))))
    yield "Replaces", _count(data_set, "PredecessorDocumentsSequence")
    yield "Identical in", _count(data_set, "IdenticalDocumentsSequence")


def _written(date: str, time: str) -> str:
    return ", ".join(filter(None, (day(date), time_of_day(time))))


def _with_remark(text: str, remark: str) -> str:
    return f"{text} ({remark})" if text and remark else text or remark


def _verifier(observer: DataSet) -> str:
    words = [full_name(one_line(text_at(observer, "VerifyingObserverName")))]
    words += [one_line(text_at(observer, "VerifyingOrganization"))]
    words += [moment(one_line(text_at(observer, "VerificationDateTime")))]
    return ", ".join(filter(None, words))


def _author(author: DataSet) -> str:
    """A person or a device (C.17.2, Identified Person or Device)."""
    words = [full_name(one_line(text_at(author, "PersonName")))]
    words += [one_line(text_at(author, keyword)) for keyword in ("StationName", "Manufacturer", "InstitutionName")]
    return ", ".join(filter(None, words))


def _count(data_set: DataSet, keyword: str) -> str:
    """How many documents (SOP instances) a sequence of references names, which is told by study and series."""
    documents = sum(
        len(items_at(series, "ReferencedSOPSequence"))
        for study in items_at(data_set, keyword)
        for series in items_at(study, "ReferencedSeriesSequence")
    )
    return "" if not documents else "1 document" if documents == 1 else f"{documents} documents"
