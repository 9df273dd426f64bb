"""What must be known of an object before its elements are written anew."""

from collections.abc import Mapping
from dataclasses import dataclass

from radnode.instance.content import Place, read_content, value_of
from radnode.instance.deidentification import burned_in as burned
from radnode.instance.deidentification.acts import PATIENT_ID
from radnode.instance.deidentification.identifying import Identifying
from radnode.instance.deidentification.profile import Profile
from radnode.instance.deidentification.searching import identifying_in
from radnode.instance.deidentification.table import OVERLAYS
from radnode.instance.encodings import Buffer
from radnode.instance.values import PADDING
from radnode.instance.walk import walk
from radnode.model.errors import CannotDeidentify
from radnode.model.uid import UID, InvalidUID, parse_uid

SOP_CLASS, SOP_INSTANCE, STUDY_INSTANCE, SERIES_INSTANCE = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_DOCUMENT, _DIRECTORY = 0x00420011, "1.2.840.10008.1.3.10"
_DIRECTORY_RECORDS = 0x00041220
_OVERLAY_TYPE = 0x0040
_FRAMES, _ROWS, _COLUMNS, _BITS_ALLOCATED = 0x00280008, 0x00280010, 0x00280011, 0x00280100
_TEXTS = {
    **dict.fromkeys((SOP_CLASS, SOP_INSTANCE, STUDY_INSTANCE, SERIES_INSTANCE), "UI"),
    **dict.fromkeys((burned.MODALITY, burned.IMAGE_TYPE, burned.CONVERSION), "CS"),
    **dict.fromkeys((burned.BURNED_IN, burned.VISUAL_FEATURES), "CS"),
    **dict.fromkeys((_ROWS, _COLUMNS, burned.SAMPLES, _BITS_ALLOCATED), "US"),
    _FRAMES: "IS",
    **dict.fromkeys((_DOCUMENT, _DIRECTORY_RECORDS), "CS"),  # whether they are there is all that counts
    PATIENT_ID: "LO",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The object's identity, in its own words, whether it shows more, and what cleaning has to look out for."""

    sop_class: UID
    sop_instance: str
    series: str
    study: str
    patient: str
    burned_in: burned.BurnedIn
    identifying: Identifying
    regions: frozenset[int]
    """The groups of overlays that are regions of interest, not graphics."""
    pixel_bytes: int | None
    """How long the pixel data is at most, where it is not compressed; None where that is not said."""

    @property
    def timeline(self) -> str:
        """Whose dates belong together: the patient's, or where nobody is named, the study's."""
        return self.patient or f"study {self.study}"


def read_subject(dataset: Buffer, encoding: UID, profile: Profile) -> Subject:
    """Raises NotDicom, Truncated, and CannotDeidentify for what is no SOP instance."""
    content = read_content(dataset, encoding, _TEXTS)
    texts = content.texts[Place.DATA_SET]
    if _DIRECTORY_RECORDS in texts or texts.get(SOP_CLASS) == _DIRECTORY:
        raise CannotDeidentify("it is a directory of files, not an object")
    return Subject(
        _identity(texts, SOP_CLASS, "SOP Class"),
        _identity(texts, SOP_INSTANCE, "SOP Instance"),
        texts.get(SERIES_INSTANCE, ""),
        texts.get(STUDY_INSTANCE, ""),
        texts.get(PATIENT_ID, "").strip(),
        burned.burned_in(texts, has_pixel_data=content.has_pixel_data, has_document=_DOCUMENT in texts),
        identifying_in(dataset, encoding, profile),
        _regions(dataset, encoding) if profile.clean_graphics else frozenset(),
        _pixel_bytes(texts),
    )


def _identity(texts: Mapping[int, str], tag: int, name: str) -> UID:
    try:
        return parse_uid(texts.get(tag, ""))
    except InvalidUID:
        raise CannotDeidentify(f"it has no valid {name} UID") from None


def _pixel_bytes(texts: Mapping[int, str]) -> int | None:
    """Padded to an even number (PS3.5 8.1.1)."""
    try:
        rows, columns, bits = (int(texts[tag]) for tag in (_ROWS, _COLUMNS, _BITS_ALLOCATED))
        samples, frames = (int(texts.get(tag) or "1") for tag in (burned.SAMPLES, _FRAMES))
    except (KeyError, ValueError):
        return None
    return -(-rows * columns * samples * frames * bits // 16) * 2


def _regions(dataset: Buffer, encoding: UID) -> frozenset[int]:
    return frozenset(
        element.tag >> 16
        for element in walk(dataset, encoding)
        if not element.depth
        and OVERLAYS <= element.tag >> 16 < OVERLAYS + 0x100
        and element.tag & 0xFFFF == _OVERLAY_TYPE
        and value_of(dataset, element).decode("latin_1").strip(PADDING) == "R"
    )
