"""Structured reports and encapsulated documents for tests."""

from typing import Any

from pydicom.dataset import Dataset
from support.instances import REMOVED, encode_part10, make_instance, put

SR = "1.2.840.10008.5.1.4.1.1.88.33"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
NO_IMAGE: dict[str, Any] = dict.fromkeys(
    (
        *("Rows", "Columns", "PixelData", "PixelSpacing", "SliceThickness", "BitsAllocated", "BitsStored", "HighBit"),
        *("SamplesPerPixel", "PhotometricInterpretation", "PixelRepresentation", "RescaleSlope", "RescaleIntercept"),
        *("WindowCenter", "WindowWidth", "ImageType", "BodyPartExamined"),
    ),
    REMOVED,
)


def made(**values: Any) -> Dataset:
    """A data set of these attributes."""
    dataset = Dataset()
    for keyword, value in values.items():
        put(dataset, keyword, value)
    return dataset


def code(meaning: str, value: str = "121071", scheme: str = "DCM") -> list[Dataset]:
    """A code sequence."""
    return [made(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def item(kind: str, concept: Any = None, *children: Dataset, relationship: str = "CONTAINS", **values: Any) -> Dataset:
    """A content item; `concept` is a meaning or a whole code sequence."""
    concept = code(concept) if isinstance(concept, str) else concept
    name = {"ConceptNameCodeSequence": concept} if concept else {}
    below = {"ContentSequence": list(children)} if children else {}
    return made(RelationshipType=relationship, ValueType=kind, **name, **values, **below)


def number(concept: Any, value: str, unit: str, *children: Dataset, **values: Any) -> Dataset:
    """A NUM, its unit in UCUM."""
    measured = made(NumericValue=value, MeasurementUnitsCodeSequence=code(unit, unit, "UCUM"))
    return item("NUM", concept, *children, MeasuredValueSequence=[measured], **values)


def reference(item_: str, relationship: str = "INFERRED FROM") -> Dataset:
    """A relationship by reference to the item at that position."""
    positions = [int(one) for one in item_.split(".")]
    return made(RelationshipType=relationship, ReferencedContentItemIdentifier=positions)


def make_report(*children: Dataset, title: Any = "Imaging Report", **overrides: Any) -> bytes:
    """A whole SR file."""
    whole: dict[str, Any] = {
        "SOPClassUID": SR,
        "Modality": "SR",
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
        "ConceptNameCodeSequence": code(title) if isinstance(title, str) else title,
        "ContentSequence": list(children),
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ContentDate": "20251106",
        "ContentTime": "103000",
    }
    return encode_part10(make_instance(**(NO_IMAGE | whole | overrides)))


def make_encapsulated(document: bytes, mime_type: str, **overrides: Any) -> bytes:
    """A file with an encapsulated document."""
    whole: dict[str, Any] = {
        "SOPClassUID": PDF,
        "Modality": "DOC",
        "MIMETypeOfEncapsulatedDocument": mime_type,
        "EncapsulatedDocument": document + b"\0" * (len(document) % 2),
        "EncapsulatedDocumentLength": len(document),
    }
    return encode_part10(make_instance(**(NO_IMAGE | whole | overrides)))
