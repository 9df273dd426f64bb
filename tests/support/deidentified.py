"""De-identified objects as an independent reader sees them: PS3.15's table held against what pydicom reads."""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.instances import encode_part10, make_instance

from radnode.instance.deidentification.deidentify import Deidentified, deidentify
from radnode.instance.deidentification.profile import Profile
from radnode.instance.deidentification.pseudonyms import Pseudonyms

DUMMY = "ANONYMIZED"
NO_UID = "2.25.0"  # what stands for the UID of nothing
KEY = b"a key of more than sixteen bytes"
ALLOWED = {  # which of these may be seen for each code
    "D_TAGS": {"dummy"},
    "Z_TAGS": {"empty", "dummy"},  # Z lets a dummy stand in its place (table E.1-1a)
    "X_TAGS": {"absent"},
    "U_TAGS": {"mapped"},
    "Z_D_TAGS": {"empty", "dummy"},
    "X_Z_TAGS": {"absent", "empty"},
    "X_D_TAGS": {"absent", "dummy"},
    "X_Z_D_TAGS": {"absent", "empty", "dummy"},
    "X_Z_U_STAR_TAGS": {"absent", "empty", "items"},
}


def table() -> dict[int, set[str]]:
    """What may be seen of each attribute that the table names, by tag."""
    return {
        entry[0] << 16 | entry[1]: allowed
        for name, allowed in ALLOWED.items()
        for entry in getattr(dicomfields_2026c, name)
        if len(entry) == 2
    }


TABLE = table()


def deidentified(path: Path, profile: Profile | None = None, **more: Any) -> tuple[bytes, Deidentified]:
    """The whole new file, and what was said of it."""
    descriptor = os.memfd_create("deidentified")
    try:
        said = deidentify(path, descriptor, profile or Profile(), Pseudonyms(KEY), **more)
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0), said
    finally:
        os.close(descriptor)


def read(file: bytes) -> Dataset:
    """The data set as pydicom reads it."""
    return pydicom.dcmread(io.BytesIO(file), force=True)


def has_value(element: DataElement) -> bool:
    """Whether there is anything in it."""
    return len(element.value) > 0 if element.VR == "SQ" else element.value not in (None, "", b"", [])


def seen(old: DataElement, new: DataElement | None) -> str:
    """What became of an element, as words of ALLOWED or "kept"."""
    if new is None:
        return "absent"
    if not has_value(new):
        return "empty"
    if new.VR == "UI":
        values = [new.value] if isinstance(new.value, str) else list(new.value)
        return "mapped" if all(value.startswith("2.25.") for value in values) else "kept"
    if new.VR == "SQ":
        is_new = not set(old.value[0].keys()) & set(new.value[0].keys())
        says_nothing = DUMMY in str(new.value) or NO_UID in str(new.value)
        return "dummy" if is_new or ("dummy" in TABLE.get(old.tag, ()) and says_nothing) else "items"
    return "kept" if str(new.value) == str(old.value) and "ANON" not in str(new.value) else "dummy"


def pairs(old: Dataset, new: Dataset, place: str = "") -> Iterator[tuple[str, DataElement, DataElement | None]]:
    """Each element of the old data set, nested ones too as far as their sequence has stayed, with the new one."""
    for element in old:
        found: DataElement | None = new.get(element.tag, None)
        yield f"{place}{element.tag}", element, found
        if element.VR == "SQ" and found is not None and found.VR == "SQ":
            for number, (before, after) in enumerate(zip(element.value, found.value, strict=False)):
                if seen(element, found) == "items":
                    yield from pairs(before, after, f"{place}{element.tag}[{number}]")


def canary(tag: int) -> Any:
    """A value of the tag's VR that nothing else says."""
    vr = dictionary_VR(tag)
    texts = {
        "AS": "087Y",
        "CS": "ZYXCANARY",
        "DA": "19870612",
        "DS": "98765.4321",
        "DT": "19870612131415",
        "IS": "987654321",
        "PN": "Yxwcanary^Person",
        "SH": f"ZYX{tag:08X}",
        "TM": "131415",
        "UI": f"1.2.826.0.1.3680043.9999.{tag}",
        "UR": "https://zyxcanary.example",
    }
    if vr == "SQ":
        item = Dataset()
        item.PatientName = texts["PN"]
        item.ReferencedSOPInstanceUID = texts["UI"]
        return [item]
    if vr.startswith(("OB", "OW", "UN")):
        return b"ZYXCANARY!"
    return 0x5A59 if vr in ("US", "US or SS") else texts.get(vr, f"ZYXCANARY {tag:08X}")


MARKS = (b"ZYX", b"yxcanary", b"xwcanary", b"19870612", b"131415", b"98765", b"1.2.826.0.1.3680043.9999", b"087Y")


def element(tag: int, vr: bytes, value: bytes, *, length: int | None = None) -> bytes:
    """An explicit VR little endian element."""
    long = vr in (b"OB", b"OW", b"SQ", b"UN", b"UT")
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return head + (struct.pack("<HL", 0, size) if long else struct.pack("<H", size)) + value


def implicit(tag: int, value: bytes, *, length: int | None = None) -> bytes:
    """An element without a VR."""
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def with_bytes(path: Path, *more: bytes) -> Path:
    """An object at whose end, before the pixels, these elements stand."""
    dataset = make_instance()
    pixels = element(0x7FE00010, b"OW", dataset.PixelData)
    head = encode_part10(dataset).removesuffix(pixels)
    path.write_bytes(head + b"".join(more) + pixels)
    return path
