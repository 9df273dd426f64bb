"""Data sets for tests: a small CT by default, made without a file, and ways to write it down."""

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import config
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

STUDY = "1.2.826.0.1.3680043.10.543.1"
SERIES = "1.2.826.0.1.3680043.10.543.1.1"
INSTANCE = "1.2.826.0.1.3680043.10.543.1.1.1"
ROWS, COLUMNS = 16, 12
REMOVED = object()  # as an override: the attribute is left out

DEFAULTS: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "SOPClassUID": CTImageStorage,
    "SOPInstanceUID": INSTANCE,
    "StudyDate": "20251106",
    "SeriesDate": "20251106",
    "StudyTime": "103000",
    "AccessionNumber": "A2025110601",
    "Modality": "CT",
    "Manufacturer": "SIEMENS",
    "ReferringPhysicianName": "SMITH^JOHN^M",
    "StationName": "CT01",
    "StudyDescription": "CT CHEST W CONTRAST",
    "SeriesDescription": "CHEST 5.0 B70f",
    "ManufacturerModelName": "SOMATOM Definition",
    "PatientName": "DOE^JOHN",
    "PatientID": "12345678",
    "PatientBirthDate": "19850315",
    "PatientSex": "M",
    "PatientAge": "038Y",
    "BodyPartExamined": "CHEST",
    "SliceThickness": "5.0",
    "StudyInstanceUID": STUDY,
    "SeriesInstanceUID": SERIES,
    "StudyID": "1",
    "SeriesNumber": "2",
    "InstanceNumber": "1",
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "Rows": ROWS,
    "Columns": COLUMNS,
    "PixelSpacing": ["0.6836", "0.6836"],
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
    "PixelRepresentation": 0,
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
    "WindowCenter": "40",
    "WindowWidth": "400",
    "PixelData": b"".join((value * 4095 // (ROWS * COLUMNS)).to_bytes(2, "little") for value in range(ROWS * COLUMNS)),
}


def make_instance(transfer_syntax: str = ExplicitVRLittleEndian, **overrides: Any) -> Dataset:
    """A small CT with file meta; overrides are keywords, REMOVED leaves one out. Values are taken unchecked."""
    dataset = Dataset()
    for keyword, value in {**DEFAULTS, **overrides}.items():
        if value is not REMOVED:
            put(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if dataset.get(keyword):
            put(dataset.file_meta, f"MediaStorage{keyword}", dataset[keyword].value)
    return dataset


def put(dataset: Dataset, keyword: str, value: Any) -> None:
    """Set an attribute without pydicom's validation, which warns on the odd values that tests are about."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    vr = dictionary_VR(tag)
    vr = {"US or SS": "US", "OB or OW": "OW"}.get(vr, vr)
    dataset[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def encode_dataset(dataset: Dataset, transfer_syntax: str | None = None) -> bytes:
    """The data set's own bytes, as a C-STORE would carry them."""
    syntax = UID(transfer_syntax or dataset.file_meta.TransferSyntaxUID)
    if syntax == DeflatedExplicitVRLittleEndian:
        return deflate(encode_dataset(dataset, ExplicitVRLittleEndian))
    buffer = DicomBytesIO()
    buffer.is_little_endian = syntax.is_little_endian
    buffer.is_implicit_VR = syntax.is_implicit_VR
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def deflate(plain: bytes) -> bytes:
    """A deflated data set of `plain`, padded to even length (PS3.5 A.5)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = compressor.compress(plain) + compressor.flush()
    return stream + b"\0" * (len(stream) % 2)


def encode_part10(dataset: Dataset) -> bytes:
    """The whole file: preamble, prefix, file meta, data set."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write_part10(dataset: Dataset, path: Path) -> Path:
    """Write the whole file to `path` and return it."""
    path.write_bytes(encode_part10(dataset))
    return path


def bundled(name: str) -> Path:
    """One of pydicom's bundled files; nothing is downloaded."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), name
    return Path(found)


def bundled_files() -> list[Path]:
    """Every DICOM file that pydicom bundles, character sets too."""
    folder = bundled("CT_small.dcm").parent
    files = [*folder.glob("*.dcm"), *folder.parent.glob("charset_files/*.dcm"), *folder.glob("dicomdirtests/**/*")]
    return sorted(path for path in files if path.is_file())
