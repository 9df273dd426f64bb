"""Which VOI LUT a frame is shown with (PS3.3 C.11.2): the one that was asked for, the image's, or one of its values."""

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import items_of
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.automatic import AUTO, NAMES, automatic_window
from radnode.instance.pictures.frame_facts import Preset
from radnode.instance.pictures.luts import LookupTable, Transform, lookup_table
from radnode.instance.pictures.modality import Modality
from radnode.instance.pictures.picture import WindowWish
from radnode.instance.pictures.presets import CT_PRESETS, presets_of, voi_sources
from radnode.instance.pictures.stored import StoredValues
from radnode.instance.pictures.windows import WHITE, Function, Window, function_of, read_windows, window_of
from radnode.model.errors import CannotRender, NotApplicable

_TOLD = 24


@dataclass(frozen=True)
class Voi:
    """From output units to levels, 0 to 255, and what is said of it."""

    transform: Transform
    fact: str


def voi_of(wish: WindowWish, frame: EncodedFrame, modality: Modality, values: StoredValues) -> Voi:
    """The VOI LUT to show a frame with; NotApplicable where the wish names one that it has not."""
    match wish:
        case None:
            return _own(frame, modality) or _made(AUTO, frame, modality, values)
        case str():
            return _named(wish.strip().lower(), frame, modality, values)
        case center, width:
            return _asked(center, width, frame)


def _own(frame: EncodedFrame, modality: Modality) -> Voi | None:
    """The VOI LUT of the frame, then of the image; a table goes before windows, as its maker drew it by hand."""
    for source in voi_sources(frame.attributes, frame.groups):
        whose = "image" if source is frame.attributes else "frame"
        for place in range(len(items_of(source, "VOILUTSequence"))):
            if table := _table(source, place, frame, modality):
                return Voi(table, f"VOI LUT {place + 1} of the {whose}")
        if window := next(filter(None, read_windows(source)), None):
            return Voi(window, f"window {_words(window)} of the {whose}")
    return None


def _asked(center: float, width: float, frame: EncodedFrame) -> Voi:
    """By the function of the image's own window; LINEAR has no width below 1, LINEAR_EXACT takes its place there."""
    sources = voi_sources(frame.attributes, frame.groups)
    function = next((function_of(source) for source in sources if "WindowCenter" in source), None) or Function.LINEAR
    window = window_of(center, width, function) or window_of(center, width, Function.LINEAR_EXACT)
    if window is None or not math.isfinite(center + width):
        raise NotApplicable("Parameter window must be a center and a width above 0")
    return Voi(window, f"window {_words(window)} as asked for")


def _named(name: str, frame: EncodedFrame, modality: Modality, values: StoredValues) -> Voi:
    if name in NAMES:
        return _made(name, frame, modality, values)
    presets = presets_of(frame.attributes, frame.groups)
    for matches in (lambda one: one.name == name, lambda one: one.explanation.lower() == name):
        if preset := next(filter(matches, presets), None):
            return _preset(preset, frame, modality)
    if any(preset.name == name for preset in CT_PRESETS):
        raise NotApplicable("Parameter window names a preset for CT in Hounsfield units, which this image is not in")
    known = ", ".join((*NAMES, *(preset.name for preset in presets[:_TOLD])))
    raise NotApplicable(f"Parameter window must be center,width or one of {known}")


def _preset(preset: Preset, frame: EncodedFrame, modality: Modality) -> Voi:
    if preset.center is not None and preset.width is not None:
        window = Window(preset.center, preset.width, Function(preset.function))
        return Voi(window, f"preset {preset.name} {_words(window)}")
    place = int(preset.name.removeprefix("lut-")) - 1
    for source in voi_sources(frame.attributes, frame.groups):
        if table := _table(source, place, frame, modality):
            return Voi(table, f"preset {preset.name}")
    raise NotApplicable("Parameter window names a lookup table that cannot be read")


def _table(source: Dataset, place: int, frame: EncodedFrame, modality: Modality) -> Transform | None:
    items = items_of(source, "VOILUTSequence")
    if place >= len(items):
        return None
    try:
        table = lookup_table(items[place], signed=modality.is_signed, big_endian=frame.big_endian)
    except CannotRender:
        return None
    return LookupTable(table.first, table.entries * (WHITE / (2**table.bits - 1)), table.bits)


def _made(name: str, frame: EncodedFrame, modality: Modality, values: StoredValues) -> Voi:
    extent = automatic_window(name, frame, modality, values)
    said = "automatic" if name == AUTO else name
    return Voi(extent, f"{said} {extent.least:g}..{extent.greatest:g}")


def _words(window: Window) -> str:
    return f"{window.center:g}/{window.width:g} {window.function.value.lower()}"
