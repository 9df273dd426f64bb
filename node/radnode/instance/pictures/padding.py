"""Pixel padding (PS3.3 C.7.5.1.1.2): stored values that fill a frame up and are no image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.image_attributes import integer, number
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.luts import wrapped


@dataclass(frozen=True)
class Between:
    """The stored values from `least` to `greatest`, both included."""

    least: float
    greatest: float

    def holds(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the values are among them."""
        found: NDArray[np.bool_] = (values >= self.least) & (values <= self.greatest)
        return found


def padding_of(frame: EncodedFrame) -> Between | None:
    """The range of a frame's stored values that is no image, or None."""
    attributes, description = frame.attributes, frame.description
    if description.element != "PixelData":
        prefix = description.element.removesuffix("Data")
        value, limit = number(attributes, f"{prefix}PaddingValue"), number(attributes, f"{prefix}PaddingRangeLimit")
    else:
        ends = integer(attributes, "PixelPaddingValue"), integer(attributes, "PixelPaddingRangeLimit")
        value, limit = (None if end is None else wrapped(end, signed=description.signed) for end in ends)
    if value is None:
        return None
    other = value if limit is None else limit
    return Between(min(value, other), max(value, other))
