"""The Modality LUT (PS3.3 C.11.1): from stored values to output units, such as Hounsfield units."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import first_item, number, refusing, text
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.luts import Rescale, Transform, lookup_table
from radnode.model.errors import CannotRender

XRAY_INTENSITY = frozenset(f"1.2.840.10008.5.1.4.1.1.12.{number}" for number in (1, 2, 3))
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


@dataclass(frozen=True)
class Modality:
    """The transformation, what is said of it, and the least and greatest possible output; None where it is endless."""

    transform: Transform
    fact: str
    reach: tuple[float, float] | None

    @property
    def is_signed(self) -> bool:
        """Whether the output may be below zero, so that a VOI table's first value is signed (C.11.2.1.1)."""
        return self.reach is not None and self.reach[0] < 0


def modality_of(frame: EncodedFrame) -> Modality:
    """The Modality LUT of a frame: its rescaling, or the image's table or rescaling, or none.

    Of X-ray angiography and fluoroscopy it is left out, for there it gives X-ray intensities and is not meant for
    display (C.8.7.1.1.2). Real World Values (C.7.6.16.2.11) are for measuring, not for display.
    """
    attributes = frame.attributes
    if text(attributes, "SOPClassUID") in XRAY_INTENSITY:
        given = any(keyword in attributes for keyword in ("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"))
        return _scaled(Rescale(), "left out of X-ray angiography" if given else "none", frame)
    sources = [item for group in frame.groups if (item := first_item(group, "PixelValueTransformationSequence"))]
    for source in (*sources, attributes):
        if item := first_item(source, "ModalityLUTSequence"):
            table = lookup_table(item, signed=frame.description.signed, big_endian=frame.big_endian)
            return Modality(table, "LUT", (0.0, 2.0**table.bits - 1))
        if "RescaleSlope" in source or "RescaleIntercept" in source:
            rescale = _rescale(source)
            return _scaled(rescale, f"rescale {rescale.slope:g} {rescale.intercept:g}", frame)
    if scaling := _dose_scaling(attributes):
        return _scaled(Rescale(scaling), f"dose grid scaling {scaling:g}", frame)
    return _scaled(Rescale(), "none", frame)


def _rescale(source: Dataset) -> Rescale:
    slope = _number(source, "RescaleSlope", "Rescale Slope", 1.0)
    if slope == 0:
        raise CannotRender("Rescale Slope is 0")
    return Rescale(slope, _number(source, "RescaleIntercept", "Rescale Intercept", 0.0))


def _number(source: Dataset, keyword: str, name: str, absent: float) -> float:
    """One that is there but cannot be read is refused: windows in output units would show something else."""
    value = number(source, keyword)
    if value is not None:
        return value
    with refusing(f"{name} is not a number"):
        if source.get(keyword) not in (None, ""):
            raise ValueError
    return absent


def _scaled(rescale: Rescale, fact: str, frame: EncodedFrame) -> Modality:
    description = frame.description
    if description.element != "PixelData":
        return Modality(rescale, fact, None)
    most = 2.0 ** (description.stored - description.signed)
    ends = rescale(np.array([-most if description.signed else 0.0, most - 1]))
    return Modality(rescale, fact, (float(ends.min()), float(ends.max())))


def _dose_scaling(attributes: Dataset) -> float | None:
    """What makes grays of an RT Dose (C.8.8.3); but a window that it brings was made for stored values."""
    if text(attributes, "SOPClassUID") != RT_DOSE or "WindowCenter" in attributes:
        return None
    scaling = number(attributes, "DoseGridScaling")
    return scaling if scaling and scaling > 0 else None
