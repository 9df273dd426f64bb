"""Reads the overlay planes of one frame out of a file (PS3.3 C.9.2, C.9.3): attributes, and this frame's bits."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from struct import calcsize, unpack_from

import numpy as np

from radnode.instance.content import opened
from radnode.instance.decoding.image_attributes import refusing
from radnode.instance.decoding.image_elements import PIXEL_ELEMENTS
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.walk import Element, walk
from radnode.model.uid import UID

MAX_PLANES = 16
_GROUPS = range(0x6000, 0x6100, 2)
_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST_FRAME = 0x0010, 0x0011, 0x0015, 0x0050, 0x0051
_BIT_POSITION, _DATA = 0x0102, 0x3000
_MAX_VALUE = 16


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
    read = partial(_numbers, dataset, encoding, elements)
    (rows,), (columns,), (frames,) = read(_ROWS, (0,)), read(_COLUMNS, (0,)), read(_FRAMES, (0,))
    place = frame - read(_FIRST_FRAME, (1,))[0] if frames else 0
    if rows <= 0 or columns <= 0 or not 0 <= place < max(1, frames):
        return None
    top, left = read(_ORIGIN, (1, 1))
    data, first_bit = None, 0
    if _DATA in elements:
        swapped = encoding == EXPLICIT_VR_BIG_ENDIAN and elements[_DATA].vr == "OW"
        data, first_bit = _bits(dataset, elements[_DATA], place * rows * columns, rows * columns, swapped=swapped)
    return OverlayPlane(rows, columns, top - 1, left - 1, read(_BIT_POSITION, (0,))[0], data, first_bit)


def _numbers(
    dataset: Buffer, encoding: UID, elements: dict[int, Element], number: int, default: tuple[int, ...]
) -> tuple[int, ...]:
    """As many numbers as the default has, which stands in where there are not as many."""
    if number not in elements:
        return default
    element = elements[number]
    value = bytes(dataset[element.offset : element.offset + min(element.length, _MAX_VALUE)])
    if number == _FRAMES:  # IS: digits
        return (int(value.strip(b" \0")),) if value.strip(b" \0").isdigit() else default
    form = f"{'>' if encoding == EXPLICIT_VR_BIG_ENDIAN else '<'}{len(default)}{'h' if number == _ORIGIN else 'H'}"
    return unpack_from(form, value) if len(value) >= calcsize(form) else default


def _bits(dataset: Buffer, element: Element, first: int, count: int, *, swapped: bool) -> tuple[bytes, int]:
    """The bytes in which these bits are, from a whole 16-bit word on, and the place of the first bit in them."""
    start, stop = first // 16 * 2, min(-(-(first + count) // 16) * 2, element.length)
    data = bytes(dataset[element.offset + start : element.offset + stop])
    if swapped:
        data = np.frombuffer(data[: len(data) // 2 * 2], "<u2").byteswap().tobytes()
    return data, first % 16
