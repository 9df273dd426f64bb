"""The generated sets: objects of modalities' usual sizes, distinct, made once and kept for the next run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from radnode.cli.progress import progress

ROOT = "1.2.826.0.1.3680043.10.543.77"
VERSION = "1"  # of what is generated; another one is another folder


@dataclass(frozen=True)
class Kind:
    """A set: its name on the command line and in tables, its objects, how many there are in all and in a study."""

    key: str
    title: str
    make: Callable[[int], Dataset]
    count: int
    per_study: int


def ensure(kind: Kind, count: int, cache: Path) -> list[Path]:
    """The first `count` files of a set, generated where they are not in `cache` yet."""
    folder = cache / f"{kind.key}-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:06d}.dcm" for number in range(count)]
    missing = [(number, path) for number, path in enumerate(files) if not path.exists()]
    if missing:
        with progress(f"Generating {kind.title}", total=len(missing)) as advance:
            for done, (number, path) in enumerate(missing, 1):
                part = path.with_suffix(".part")
                write(kind.make(number), part)
                part.rename(path)
                advance(done)
    return files


def warm(files: Iterable[Path]) -> None:
    """Have the files in the page cache, so that not the first server alone waits for the disk."""
    for path in files:
        path.read_bytes()


def write(dataset: Dataset, path: Path | BinaryIO) -> None:
    """As a Part 10 file, explicit VR little endian unless its file meta says otherwise."""
    syntax = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", ExplicitVRLittleEndian)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)


def header(set_number: int, study: int, number: int, sop_class: UID, modality: str) -> Dataset:
    """What a scanner says of patient, study, series and image, about sixty attributes."""
    study_uid = f"{ROOT}.{set_number}.{study}"
    values = {
        "SpecificCharacterSet": "ISO_IR 100", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "InstanceCreationDate": "20251106", "InstanceCreationTime": "103105.250000",
        "SOPClassUID": sop_class, "SOPInstanceUID": f"{study_uid}.1.{number}",
        "StudyDate": "20251106", "SeriesDate": "20251106", "AcquisitionDate": "20251106", "ContentDate": "20251106",
        "StudyTime": "103000", "SeriesTime": "103042", "AcquisitionTime": "103100", "ContentTime": "103104",
        "AccessionNumber": f"A{set_number}{study:06d}", "Modality": modality, "Manufacturer": "BENCH MEDICAL",
        "InstitutionName": "GENERAL HOSPITAL", "ReferringPhysicianName": "SMITH^JOHN^M", "StationName": f"{modality}01",
        "StudyDescription": f"{modality} HEAD AND NECK", "SeriesDescription": "AXIAL 5.0", "OperatorsName": "DOE^JANE",
        "ManufacturerModelName": "MODEL 7", "PatientName": f"BENCH^PATIENT{study}",
        "PatientID": f"B{set_number}{study:06d}", "PatientBirthDate": "19850315", "PatientSex": "F",
        "PatientAge": "040Y", "PatientWeight": "70", "BodyPartExamined": "HEAD", "SliceThickness": "5.0",
        "DeviceSerialNumber": "12345", "SoftwareVersions": "7.1", "ProtocolName": "HEAD ROUTINE",
        "PatientPosition": "HFS", "StudyInstanceUID": study_uid, "SeriesInstanceUID": f"{study_uid}.1",
        "StudyID": str(study), "SeriesNumber": "1", "AcquisitionNumber": "1", "InstanceNumber": str(number + 1),
        "ImagePositionPatient": ["-125.0", "-125.0", str(number)],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"], "FrameOfReferenceUID": f"{study_uid}.9",
        "PositionReferenceIndicator": "", "SliceLocation": str(number), "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "PixelSpacing": ["0.488281", "0.488281"],
        "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0, "WindowCenter": "40",
        "WindowWidth": "400", "RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU",
    }  # fmt: skip
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _with_pixels(dataset: Dataset, rows: int, columns: int, frames: int, number: int) -> Dataset:
    dataset.Rows, dataset.Columns = rows, columns
    noise = np.random.default_rng(number).integers(0, 4096, rows * columns * frames, dtype=np.uint16)
    dataset.PixelData = noise.tobytes()
    return dataset


def _mr(number: int) -> Dataset:
    dataset = header(1, number // 50, number % 50, MRImageStorage, "MR")
    dataset.RepetitionTime, dataset.EchoTime, dataset.MagneticFieldStrength = "500", "12", "1.5"
    del dataset.RescaleType
    return _with_pixels(dataset, 128, 128, 1, number)


def _ct(number: int) -> Dataset:
    return _slice(header(2, number // 20, number % 20, CTImageStorage, "CT"), number)


def _ct_of_one_study(number: int) -> Dataset:
    return _slice(header(4, 0, number, CTImageStorage, "CT"), number)


def _slice(dataset: Dataset, number: int) -> Dataset:
    dataset.KVP, dataset.ConvolutionKernel, dataset.XRayTubeCurrent = "120", "B70F", "250"
    return _with_pixels(dataset, 512, 512, 1, number)


def _multi_frame(number: int) -> Dataset:
    frames = 115
    dataset = header(3, number, 0, EnhancedCTImageStorage, "CT")
    dataset.NumberOfFrames = frames
    shared, measures = Dataset(), Dataset()
    measures.SliceThickness, measures.PixelSpacing = "5.0", ["0.488281", "0.488281"]
    shared.PixelMeasuresSequence = Sequence([measures])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(_frames(frames))
    return _with_pixels(dataset, 512, 512, frames, number)


def _frames(count: int) -> Iterator[Dataset]:
    for frame in range(count):
        group, content, position = Dataset(), Dataset(), Dataset()
        content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", frame + 1, [1, frame + 1]
        position.ImagePositionPatient = ["-125.0", "-125.0", str(frame)]
        group.FrameContentSequence, group.PlanePositionSequence = Sequence([content]), Sequence([position])
        yield group


KINDS = (
    Kind("mr", "35 KB MR", _mr, 800, 50),
    Kind("ct", "526 KB CT", _ct, 320, 20),
    Kind("mf", "60 MB multi-frame", _multi_frame, 16, 1),
)
RETRIEVED = Kind("study", "526 KB CT", _ct_of_one_study, 200, 200)
"""One study, to be asked for as a whole."""
