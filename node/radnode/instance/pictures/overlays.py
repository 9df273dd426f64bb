"""Overlay planes (PS3.3 C.9.2, C.9.3; PS3.5 8.1.2): bits over the image, drawn where they are asked for."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.compressions import Compression
from radnode.instance.decoding.decoders import pixel_cells
from radnode.instance.decoding.image_attributes import MAX_PIXELS
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.overlay_elements import OverlayPlane
from radnode.model.errors import CannotRender

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
_BRIGHT = 192


def drawn(picture: Picture, planes: Iterable[OverlayPlane], frame: EncodedFrame) -> tuple[Picture, str]:
    """The picture with all planes in white, or in black where it is bright, and what is said of them."""
    marked = np.zeros(picture.shape[:2], bool)
    count = unreadable = 0
    for plane in planes:
        try:
            _mark(marked, plane, frame)
            count += 1
        except CannotRender:
            unreadable += 1
    if not count and not unreadable:
        return picture, "none"
    under = picture[marked]
    brightness = under if picture.ndim == 2 else under.mean(axis=1, keepdims=True)
    shown = picture.copy()
    shown[marked] = np.where(brightness >= _BRIGHT, 0, 255)
    return shown, f"{count} drawn" + (f", {unreadable} unreadable" if unreadable else "")


def _mark(marked: Mask, plane: OverlayPlane, frame: EncodedFrame) -> None:
    """Sets what the plane covers; of one that reaches beyond the image, what lies within it."""
    rows = range(max(0, -plane.top), min(plane.rows, marked.shape[0] - plane.top))
    left, right = max(0, -plane.left), min(plane.columns, marked.shape[1] - plane.left)
    if not rows or left >= right:
        return
    bits = _embedded(plane, frame, rows) if plane.data is None else _own(plane, rows)
    target = marked[plane.top + rows.start : plane.top + rows.stop, plane.left + left : plane.left + right]
    target |= bits[:, left:right]


def _own(plane: OverlayPlane, rows: range) -> Mask:
    """Bits of the plane's own data, the first in the lowest bit of the first byte."""
    first = plane.first_bit + rows.start * plane.columns
    count = len(rows) * plane.columns
    data = (plane.data or b"")[first // 8 : (first + count + 7) // 8]
    if count > MAX_PIXELS or len(data) * 8 < first % 8 + count:
        raise CannotRender("the overlay is incomplete")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first % 8 : first % 8 + count]
    return bits.reshape(len(rows), plane.columns).astype(bool)


def _embedded(plane: OverlayPlane, frame: EncodedFrame, rows: range) -> Mask:
    """A bit of the pixel cells that is none of the stored values' (retired, PS3.3-2004 C.9.2)."""
    described = frame.description
    stored = range(described.high_bit - described.stored + 1, described.high_bit + 1)
    fits = (plane.rows, plane.columns) == (described.rows, described.columns) and described.samples == 1
    free = plane.bit_position < described.allocated and plane.bit_position not in stored
    if not fits or not free or frame.compression is Compression.JPEG or described.element != "PixelData":
        raise CannotRender("the overlay is not where it says")
    cells = pixel_cells(frame)[rows.start : rows.stop]
    mask: Mask = (cells >> plane.bit_position & 1).astype(bool)
    return mask
