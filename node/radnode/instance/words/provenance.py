"""Where the values of a summary come from: which attribute, of which object, and where in that."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import dictionary_VR

from radnode.instance.content import Content, opened, read_content
from radnode.instance.words.metadata import KEYWORDS, TAGS, VRS, Metadata, metadata_of
from radnode.instance.words.summary import StructuredData, Value

SOP_INSTANCE, SOP_CLASS = 0x00080018, 0x00080016
IDENTITY = {tag: dictionary_VR(tag) for tag in (SOP_INSTANCE, SOP_CLASS)}
"""Tag -> VR of what an object is."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One value's attribute, its object, and the place in that: its data set or functional groups (PS3.3 C.7.6.16)."""

    tag: str
    """As (gggg,eeee)."""
    keyword: str
    sop_instance_uid: str
    file_path: str
    within: str


Origins = Mapping[str, Origin]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of each value that is there, under the groups and keys of the structured data."""

    patient: dict[str, Origin]
    study: dict[str, Origin]
    technical: dict[str, Origin]


@dataclass(frozen=True, slots=True)
class TracedData(StructuredData):
    """The structured data of a summary, and where each value comes from."""

    provenance: Provenance


def read_origins(path: Path, file_path: str) -> tuple[Metadata, Origins]:
    """The metadata of a Part 10 file, which is stored at `file_path`, and the origin of each value. Raises NotDicom."""
    with opened(path) as (dataset, encoding):
        content = read_content(dataset, encoding, VRS | IDENTITY)
    return metadata_of(content), origins_of(content, file_path)


def origins_of(content: Content, file_path: str) -> Origins:
    """The origin of each metadata value that is there, by key."""
    sop_instance = content.find(SOP_INSTANCE)[0] or ""
    found = {key: (tag, *content.find(tag)) for key, tag in TAGS.items()}
    return {
        key: Origin(tag_text(tag), KEYWORDS[key], sop_instance, file_path, place.value)
        for key, (tag, text, place) in found.items()
        if text is not None
    }


def tag_text(tag: int) -> str:
    """A tag as PS3.6 writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def traced(data: StructuredData, origins: Origins) -> TracedData:
    """The same data with the origin of each value that it shows."""
    groups = (data.patient, data.study, data.technical)
    return TracedData(*groups, Provenance(*(_shown(group, origins) for group in groups)))


def _shown(group: Mapping[str, Value], origins: Origins) -> dict[str, Origin]:
    return {key: origins[key] for key, value in group.items() if value is not None and key in origins}
