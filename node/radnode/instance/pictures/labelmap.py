"""Label maps (PS3.3 C.8.20.2): each segment in the colour that its maker recommends, or in one of its own."""

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.image_attributes import integer, items_of, numbers, text
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.padding import padding_of

Color = NDArray[np.uint8]
_GOLDEN = 0.618033988749895  # of a turn: hues that are next to one another in number lie far apart
_FROM_XYZ_D50 = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
_WHITE_D50 = (0.9642, 1.0, 0.8249)


def is_labelmap(frame: EncodedFrame) -> bool:
    """Whether the values are numbers of segments, which have no order and no middle."""
    return text(frame.attributes, "SegmentationType") == "LABELMAP"


def labelmap_picture(frame: EncodedFrame, values: NDArray[Any]) -> Color:
    """The 8-bit colours of segment numbers, rows x columns x 3; black where there is no segment."""
    present, places = _labels(values)
    given = _recommended(frame)
    colors = np.array([given.get(int(label)) or _own(int(label)) for label in present], np.uint8)
    if (background := padding_of(frame)) is not None:
        colors[background.holds(present)] = 0
    return colors[places]


def _labels(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Each label that is there, and for each value which of them it is; without sorting where labels are short."""
    if values.dtype.kind != "u" or values.dtype.itemsize > 2:
        present, places = np.unique(values, return_inverse=True)
        return present, places.reshape(values.shape)
    counts = np.bincount(values.ravel())
    return np.flatnonzero(counts), (np.cumsum(counts > 0) - 1)[values]


def rgb_of_cielab(encoded: tuple[float, ...]) -> tuple[int, int, int]:
    """The sRGB of an encoded CIELab value (C.10.7.1.1): L 0 to 100 and a, b -128 to 127 as 0 to 65535."""
    lightness, a, b = encoded[0] / 65535 * 100, encoded[1] / 65535 * 255 - 128, encoded[2] / 65535 * 255 - 128
    middle = (lightness + 16) / 116
    curved = np.array([middle + a / 500, middle, middle - b / 200])
    plain = np.where(curved > 6 / 29, curved**3, 3 * (6 / 29) ** 2 * (curved - 4 / 29))
    light = np.clip(np.array(_FROM_XYZ_D50) @ (plain * np.array(_WHITE_D50)), 0, 1)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    red, green, blue = np.floor(np.clip(shown, 0, 1) * 255 + 0.5).astype(int).tolist()
    return red, green, blue


def _recommended(frame: EncodedFrame) -> dict[int, tuple[int, int, int]]:
    colors = {}
    for segment in items_of(frame.attributes, "SegmentSequence"):
        label, color = integer(segment, "SegmentNumber"), numbers(segment, "RecommendedDisplayCIELabValue")
        if label is not None and len(color) == 3 and all(0 <= one <= 65535 for one in color):
            colors[label] = rgb_of_cielab(color)
    return colors


def _own(label: int) -> tuple[int, int, int]:
    if label == 0:
        return 0, 0, 0
    red, green, blue = colorsys.hsv_to_rgb(label * _GOLDEN % 1, 0.75, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)
