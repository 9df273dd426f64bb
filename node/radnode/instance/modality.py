"""The Modality LUT (PS3.3 C.11.1): from stored values to output units, such as Hounsfield units."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from radnode.instance.image_attributes import first_item, number, text
from radnode.instance.luts import Rescale, Transform, lookup_table
from radnode.instance.pixels import EncodedFrame
from radnode.model.errors import CannotRender

XRAY_INTENSITY = frozenset({"1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"})
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


@dataclass(frozen=True)
class Modality:
    """The transformation, what is said of it, and whether its output may be below zero (C.11.2.1.1)."""

    transform: Transform
    fact: str
    signed: bool


def modality_of(frame: EncodedFrame) -> Modality:
    """The Modality LUT of a frame: its rescaling, or the image's table or rescaling, or none.

    Of X-ray angiography and fluoroscopy it is left out, for there it gives X-ray intensities and is not meant for
    display (C.8.7.1.1.2). Real World Values (C.7.6.16.2.11) are for measuring, not for display.
    """
    attributes, signed = frame.attributes, frame.description.signed
    if text(attributes, "SOPClassUID") in XRAY_INTENSITY:
        given = {"ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"}.intersection(attributes.dir())
        return Modality(Rescale(), "left out of X-ray angiography" if given else "none", signed)
    sources = [item for group in frame.groups if (item := first_item(group, "PixelValueTransformationSequence"))]
    for source in (*sources, attributes):
        if item := first_item(source, "ModalityLUTSequence"):
            return Modality(lookup_table(item, signed=signed, big_endian=frame.big_endian), "LUT", signed=False)
        if "RescaleSlope" in source or "RescaleIntercept" in source:
            return _rescaling(_rescale(source), frame)
    if scaling := _dose_scaling(attributes):
        return Modality(Rescale(scaling), f"dose grid scaling {scaling:g}", signed)
    return Modality(Rescale(), "none", signed)


def _rescale(source: Dataset) -> Rescale:
    slope, intercept = number(source, "RescaleSlope"), number(source, "RescaleIntercept")
    if slope == 0:
        raise CannotRender("Rescale Slope is 0")
    return Rescale(1.0 if slope is None else slope, intercept or 0.0)


def _rescaling(rescale: Rescale, frame: EncodedFrame) -> Modality:
    bits, signed = frame.description.stored, frame.description.signed
    ends = np.array([-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1] if signed else [0.0, 2.0**bits - 1])
    fact = f"rescale {rescale.slope:g} {rescale.intercept:g}"
    return Modality(rescale, fact, bool(rescale(ends).min() < 0))


def _dose_scaling(attributes: Dataset) -> float | None:
    """What makes grays of an RT Dose (C.8.8.3); but a window that it brings was made for stored values."""
    if text(attributes, "SOPClassUID") != RT_DOSE or "WindowCenter" in attributes:
        return None
    scaling = number(attributes, "DoseGridScaling")
    return scaling if scaling and scaling > 0 else None
