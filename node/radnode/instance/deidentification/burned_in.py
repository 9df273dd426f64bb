"""Whether pixels or documents may show who the patient is (PS3.15 E.1.1, E.3.1): pixel data is not cleaned here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

CLASS, MODALITY, IMAGE_TYPE, CONVERSION, SAMPLES, BURNED_IN, VISUAL_FEATURES = (
    0x00080016,
    0x00080060,
    0x00080008,
    0x00080064,
    0x00280002,
    0x00280301,
    0x00280302,
)
POSSIBLE, ACCEPTED, FEATURES, DOCUMENT, VOICE, OVERLAY_BITS, CAMERA, EXCESS = (
    "burned-in-annotation-possible",
    "burned-in-annotation-accepted",
    "recognizable-visual-features",
    "encapsulated-document-replaced",
    "voice-recording",
    "overlay-in-pixel-data",
    "camera-data-in-pixel-data",
    "bytes-after-pixel-data",
)
WARNINGS = (POSSIBLE, ACCEPTED, FEATURES, DOCUMENT, VOICE, OVERLAY_BITS, CAMERA, EXCESS)
"""Every word of warning there is."""
ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."
_AUDIO = "1.2.840.10008.5.1.4.1.1.9.4."
_SUSPECTED_CLASSES = (  # secondary capture, ultrasound, visible light and video, X-ray angiography and fluoroscopy
    "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.12",
    "1.2.840.10008.5.1.4.1.1.77.1",
)
_SUSPECTED_MODALITIES = frozenset(
    "BMD CD CF DD DF DG DMS DOC EC ECG ES GM HC IVUS LP OAM OP OPV OT PX RF RG SC TG US VF XA XC".split()  # noqa: SIM905
)
_GREY_MODALITIES = frozenset({"CR", "CT", "DX", "MG", "MR", "NM", "PT"})
"""Of these a picture in colour is a drawing, a map or a screen."""
_SCREEN = re.compile(r"SCREEN|CAPTURE|DOSE|REPORT|\bPROT\b")


@dataclass(frozen=True, slots=True)
class BurnedIn:
    """Why the object is refused unless that is accepted ("" if it is not), and what is to be warned of."""

    refusal: str = ""
    warnings: tuple[str, ...] = ()


def burned_in(texts: Mapping[int, str], *, has_pixel_data: bool, has_document: bool) -> BurnedIn:
    """By what the object says of itself: the texts of the attributes above."""
    if has_document or texts.get(CLASS, "").startswith(ENCAPSULATED):
        why = "an encapsulated document cannot be cleaned, only replaced by an empty one; accept_burned_in does that"
        return BurnedIn(why, (DOCUMENT,))
    if texts.get(CLASS, "").startswith(_AUDIO):
        return BurnedIn("a recording of a voice cannot be cleaned; accept_burned_in copies it", (VOICE,))
    if not has_pixel_data:
        return BurnedIn()
    features = (FEATURES,) if texts.get(VISUAL_FEATURES, "").strip().upper() == "YES" else ()
    said = texts.get(BURNED_IN, "").strip().upper()
    if said == "YES":
        why = "its pixels have burned-in annotation, which is not removed; accept_burned_in copies it"
        return BurnedIn(why, (ACCEPTED, *features))
    return BurnedIn("", (POSSIBLE, *features) if said != "NO" and _is_suspected(texts) else features)


def _is_suspected(texts: Mapping[int, str]) -> bool:
    sop_class = texts.get(CLASS, "")
    return (
        texts.get(MODALITY, "") in _SUSPECTED_MODALITIES
        or any(f"{sop_class}.".startswith(f"{one}.") for one in _SUSPECTED_CLASSES)
        or bool(texts.get(CONVERSION))
        or _SCREEN.search(texts.get(IMAGE_TYPE, "").upper()) is not None
        or (texts.get(SAMPLES) == "3" and texts.get(MODALITY) in _GREY_MODALITIES)
    )
