"""Reads the overlay planes of one frame out of a file (PS3.3 C.9.2, C.9.3): attributes, and this frame's bits."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from radnode.instance.content import opened
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.image_attributes import integer, numbers, refusing
from radnode.instance.image_elements import PIXEL_ELEMENTS
from radnode.instance.walk import Element, walk
from radnode.model.uid import UID

MAX_PLANES = 16
_GROUPS = range(0x6000, 0x6100, 2)
_DATA = 0x3000
_MAX_VALUE = 64


@dataclass(frozen=True)
class OverlayPlane:
    """One plane of one frame: its first bit is at row `top` and column `left` of the image, which begins at 0.

    `data` holds a bit for each of its points from `first_bit` on, the lowest bit of a byte first; without data they
    are the bit `bit_position` of the pixel cells.
    """

    rows: int
    columns: int
    top: int
    left: int
    bit_position: int
    data: bytes | None
    first_bit: int


def read_overlays(path: Path, frame: int) -> tuple[OverlayPlane, ...]:
    """The overlay planes that belong to a frame, 1 the first. Raises NotDicom, and CannotRender."""
    with refusing("the overlays cannot be read"), opened(path) as (dataset, encoding):
        planes = (_plane(dataset, encoding, elements, frame) for elements in _grouped(dataset, encoding))
        return tuple(plane for plane in planes if plane is not None)[:MAX_PLANES]


def _grouped(dataset: Buffer, encoding: UID) -> list[dict[int, Element]]:
    found: defaultdict[int, dict[int, Element]] = defaultdict(dict)
    for element in walk(dataset, encoding):
        if element.tag in PIXEL_ELEMENTS:
            break
        if not element.depth and element.tag >> 16 in _GROUPS and element.length != UNDEFINED:
            found[element.tag >> 16][element.tag & 0xFFFF] = element
    return [found[group] for group in sorted(found)]


def _plane(dataset: Buffer, encoding: UID, elements: dict[int, Element], frame: int) -> OverlayPlane | None:
    """The plane, or None where it belongs to other frames or has no size.

    Without a number of frames it is for all of the image's frames, otherwise for as many, from the first that it names.
    """
    attributes = _attributes(dataset, encoding, elements)
    rows, columns = integer(attributes, "OverlayRows") or 0, integer(attributes, "OverlayColumns") or 0
    frames = integer(attributes, "NumberOfFramesInOverlay")
    place = 0 if frames is None else frame - (integer(attributes, "ImageFrameOrigin") or 1)
    if rows <= 0 or columns <= 0 or not 0 <= place < (frames or 1):
        return None
    origin = numbers(attributes, "OverlayOrigin")
    top, left = (int(one) - 1 for one in origin) if len(origin) == 2 else (0, 0)
    position = max(0, integer(attributes, "OverlayBitPosition") or 0)
    data, first_bit = None, 0
    if _DATA in elements:
        swapped = encoding == EXPLICIT_VR_BIG_ENDIAN and elements[_DATA].vr == "OW"
        data, first_bit = _bits(dataset, elements[_DATA], place * rows * columns, rows * columns, swapped=swapped)
    return OverlayPlane(rows, columns, top, left, position, data, first_bit)


def _attributes(dataset: Buffer, encoding: UID, elements: dict[int, Element]) -> Dataset:
    """The short elements of the group, as those of the first overlay group, whose keywords pydicom knows."""
    attributes = Dataset()
    for number, element in elements.items():
        if number != _DATA and element.length <= _MAX_VALUE:
            tag = BaseTag(_GROUPS.start << 16 | number)
            value = bytes(dataset[element.offset : element.offset + element.length])
            little = encoding != EXPLICIT_VR_BIG_ENDIAN
            attributes[tag] = RawDataElement(
                tag, element.vr or None, element.length, value, element.offset, not element.vr, little
            )
    return attributes


def _bits(dataset: Buffer, element: Element, first: int, count: int, *, swapped: bool) -> tuple[bytes, int]:
    """The bytes in which these bits are, from a whole 16-bit word on, and the place of the first bit in them."""
    start, stop = first // 16 * 2, min(-(-(first + count) // 16) * 2, element.length)
    data = bytes(dataset[element.offset + start : element.offset + stop])
    if swapped:
        data = np.frombuffer(data[: len(data) // 2 * 2], "<u2").byteswap().tobytes()
    return data, first % 16
