"""The VOI LUT functions (PS3.3 C.11.2.1.2, C.11.2.1.3): which values are shown, from black (0) to white (255)."""

from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import numbers_in_place, text

WHITE = 255.0


class Function(Enum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class Window:
    """Center and width in the Modality LUT's output units; the width is one that its function allows."""

    center: float
    width: float
    function: Function = Function.LINEAR

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The values on the scale 0 to 255, not rounded."""
        match self.function:
            case Function.LINEAR:
                return self._linear(values, self.center - 0.5, self.width - 1)
            case Function.LINEAR_EXACT:
                return self._linear(values, self.center, self.width)
            case Function.SIGMOID:
                with np.errstate(over="ignore"):
                    return WHITE / (1 + np.exp(-4 * (values - self.center) / self.width))

    def _linear(self, values: NDArray[Any], center: float, width: float) -> NDArray[np.float64]:
        """Black up to the lower edge, white above the upper one, even where the window has no width."""
        if width == 0:
            return np.where(values <= center, 0.0, WHITE)
        return np.clip(((values - center) / width + 0.5) * WHITE, 0, WHITE)


@dataclass(frozen=True)
class Extent:
    """The window that was not said: from the least value that is there to the greatest."""

    least: float
    greatest: float

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The values on the scale 0 to 255, not rounded; all black where there is but one value."""
        if self.greatest <= self.least:
            return np.where(values > self.greatest, WHITE, 0.0)
        # By halves, whose difference is always a number.
        span = self.greatest / 2 - self.least / 2
        return np.clip((values / 2 - self.least / 2) / span * WHITE, 0, WHITE)


def read_windows(source: Dataset) -> tuple[Window | None, ...]:
    """The windows that an image or functional group names, in its order; None in the place of one that is not valid.

    Widths below 1 (LINEAR) or not above 0 are invalid, and so are a missing partner and an unknown function.
    """
    function = function_of(source)
    pairs = zip_longest(numbers_in_place(source, "WindowCenter"), numbers_in_place(source, "WindowWidth"))
    return tuple(window_of(center, width, function) for center, width in pairs)


def function_of(source: Dataset) -> Function | None:
    """The VOI LUT Function, which is LINEAR where none is named; None where it is no known one."""
    return Function.__members__.get(text(source, "VOILUTFunction") or "LINEAR")


def window_of(center: float | None, width: float | None, function: Function | None) -> Window | None:
    """The window, or None where its function knows no such width (C.11.2.1.2.1, C.11.2.1.3)."""
    if center is None or width is None or function is None:
        return None
    is_known = width >= 1 if function is Function.LINEAR else width > 0
    return Window(center, width, function) if is_known else None
