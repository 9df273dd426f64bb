"""Windows that are made of a frame's values, where its file says none or one is asked for by these names."""

import numpy as np

from radnode.instance.decoding.image_attributes import number, text
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.modality import Modality
from radnode.instance.pictures.stored import StoredValues
from radnode.instance.pictures.windows import Extent

AUTO = "auto"
"""From the least value that is no padding to the greatest, as without a window in the file."""
ROBUST = "robust"
"""Likewise, but without the TAILS."""
FULL = "full"
"""All that Bits Stored can hold, so that the frames of an image can be compared."""
NAMES = (AUTO, ROBUST, FULL)
TAILS = (0.01, 0.99)
"""A few bright or dark values are mostly metal, markers or noise."""


def automatic_window(name: str, frame: EncodedFrame, modality: Modality, values: StoredValues) -> Extent:
    """The window of one of the NAMES, in output units; where its kind has none, that of AUTO.

    Of what is no measurement it is always the whole range: one bit, and a segmentation's fractions (C.8.20.2).
    """
    found = _by_nature(frame, modality)
    if found is None and name == FULL:
        found = modality.reach
    if found is None and name == ROBUST:
        found = values.percentiles(modality.transform, TAILS)
        found = None if found is None or found[0] == found[1] else found
    return Extent(*(found or values.extent(modality.transform) or (0.0, 0.0)))


def _by_nature(frame: EncodedFrame, modality: Modality) -> tuple[float, float] | None:
    if frame.description.stored == 1:
        ends = modality.transform(np.array([-1.0, 0.0] if frame.description.signed else [0.0, 1.0]))
        return float(ends.min()), float(ends.max())
    if text(frame.attributes, "SegmentationType") == "FRACTIONAL":
        most = number(frame.attributes, "MaximumFractionalValue")
        return (0.0, most) if most and most > 0 else None
    return None
