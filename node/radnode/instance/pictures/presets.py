"""Windows that have a name: the file's own, by number or explanation (PS3.3 C.11.2.1.2), and the usual ones of CT."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import FOREIGN_FAILURES, first_item, integer, items_of, text
from radnode.instance.pictures.frame_facts import Preset
from radnode.instance.pictures.windows import Function, read_windows

TABLE = "TABLE"
MAX_EXPLANATION = 64


CT_PRESETS = tuple(
    Preset(f"ct-{name}", center, width, Function.LINEAR.value, explanation)
    for name, center, width, explanation in (
        ("abdomen", 40, 400, "Abdomen"),
        ("angio", 300, 600, "Angiography"),
        ("bone", 400, 1800, "Bone"),
        ("brain", 40, 80, "Brain"),
        ("liver", 80, 150, "Liver"),
        ("lung", -600, 1500, "Lung"),
        ("mediastinum", 50, 350, "Mediastinum"),
        ("soft-tissue", 50, 400, "Soft tissue"),
        ("spine", 50, 250, "Spine"),
        ("stroke", 40, 40, "Stroke"),
        ("subdural", 75, 215, "Subdural"),
        ("temporal-bone", 600, 2800, "Temporal bone"),
    )
)
"""Centers and widths in Hounsfield units, as they are in common use."""


def presets_of(attributes: Dataset, groups: tuple[Dataset, ...]) -> tuple[Preset, ...]:
    """The presets that an image can be asked for: its own windows `1`, `2` …, its tables `lut-1` …, and those of CT.

    `groups` are the functional groups of the frame, its own first. An image in colour has none.
    """
    if (integer(attributes, "SamplesPerPixel") or 1) > 1 or text(attributes, "PhotometricInterpretation")[:1] == "P":
        return ()
    own = next((found for source in voi_sources(attributes, groups) if (found := tuple(_own(source)))), ())
    return own + (CT_PRESETS if is_hounsfield(attributes, groups) else ())


def voi_sources(attributes: Dataset, groups: tuple[Dataset, ...]) -> tuple[Dataset, ...]:
    """Where VOI LUTs stand: of the frame, of all frames (C.7.6.16.2.10), of the image; the first that has one holds."""
    return (*(item for group in groups if (item := first_item(group, "FrameVOILUTSequence"))), attributes)


def is_hounsfield(attributes: Dataset, groups: tuple[Dataset, ...]) -> bool:
    """Whether output units are Hounsfield units: of CT they are unless Rescale Type says otherwise (C.8.2.1)."""
    if text(attributes, "Modality") != "CT":
        return False
    transformations = (first_item(group, "PixelValueTransformationSequence") for group in groups)
    source = next((one for one in transformations if one), attributes)
    return "RescaleIntercept" in source and text(source, "RescaleType") in ("", "HU")


def _own(source: Dataset) -> Iterator[Preset]:
    explanations = _texts(source, "WindowCenterWidthExplanation")
    for place, window in enumerate(read_windows(source)):
        if window is not None:
            explanation = explanations[place] if place < len(explanations) else ""
            yield Preset(f"{place + 1}", window.center, window.width, window.function.value, explanation)
    for place, item in enumerate(items_of(source, "VOILUTSequence")):
        explanation = next(iter(_texts(item, "LUTExplanation")), "")
        yield Preset(f"lut-{place + 1}", None, None, TABLE, explanation)


def _texts(source: Dataset, keyword: str) -> list[str]:
    try:
        value = source.get(keyword) or ()
        return [str(one).strip(" \0")[:MAX_EXPLANATION] for one in ([value] if isinstance(value, str) else value)]
    except FOREIGN_FAILURES:
        return []
