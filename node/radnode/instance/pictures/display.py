"""From stored values to the picture, in the Standard's order (PS3.4 N.2): grey or colour, overlays, size."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.decoders import DecodedFrame
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.color import color_picture
from radnode.instance.pictures.grey import grey_picture
from radnode.instance.pictures.labelmap import is_labelmap, labelmap_picture
from radnode.instance.pictures.overlay_elements import OverlayPlane
from radnode.instance.pictures.overlays import drawn
from radnode.instance.pictures.padding import Between
from radnode.instance.pictures.palette import Palette, read_palette, supplemental_palette
from radnode.instance.pictures.picture import Facts, PictureWish
from radnode.instance.pictures.sizes import fitted, pixel_aspect, resized

Shown = tuple[NDArray[np.uint8], Facts]


def displayed(
    frame: EncodedFrame, decoded: DecodedFrame, wish: PictureWish, planes: Iterable[OverlayPlane] = ()
) -> Shown:
    """The 8-bit picture of a frame, rows x columns or rows x columns x 3, with these overlay planes, and its making.

    Raises CannotRender, NotApplicable, and what foreign code raises on broken values.
    """
    rows, columns = decoded.values.shape[:2]
    size = fitted(rows, columns, pixel_aspect(frame.attributes, frame.groups), wish)
    picture, facts = _pictured(frame, decoded, wish)
    picture, overlays = drawn(picture, planes, frame)
    facts = replace(facts, overlays=overlays)
    if size is None or size == (rows, columns):
        return picture, facts
    said = f"{size[1]}x{size[0]} of {columns}x{rows}"
    return resized(picture, size, mixing=not is_labelmap(frame)), replace(facts, size=said)


def _pictured(frame: EncodedFrame, decoded: DecodedFrame, wish: PictureWish) -> Shown:
    if decoded.values.ndim == 2 and decoded.photometric in ("MONOCHROME1", "MONOCHROME2"):
        if is_labelmap(frame):
            return _colored(labelmap_picture(frame, decoded.values), wish, "colours of segments")
        if palette := supplemental_palette(frame):
            return _supplemented(frame, decoded, wish, palette)
        return grey_picture(frame, decoded, wish)
    if decoded.values.ndim == 2 and decoded.photometric == "PALETTE COLOR":
        palette = read_palette(frame)
        return _colored(palette.colors(decoded.values), wish, palette.fact)
    return _colored(color_picture(decoded), wish)


def _colored(picture: NDArray[np.uint8], wish: PictureWish, palette: str = "none") -> Shown:
    """Colour knows no window; one that is asked for is ignored, so that a list of images may be asked with the same."""
    voi = "none" if wish.window is None else "none, for colour knows no window"
    inverted = "inverted as asked for" if wish.invert else "none"
    return (255 - picture if wish.invert else picture), Facts(voi=voi, palette=palette, presentation=inverted)


def _supplemented(frame: EncodedFrame, decoded: DecodedFrame, wish: PictureWish, palette: Palette) -> Shown:
    """Grey below the palette's first mapped value, in colour from there on."""
    values: NDArray[Any] = decoded.values
    colored = values >= palette.first
    if not colored.any():
        return grey_picture(frame, decoded, wish)
    grey, facts = grey_picture(frame, decoded, wish, apart=(Between(palette.first, np.inf),))
    picture = np.repeat(grey[..., np.newaxis], 3, axis=2)
    colors = palette.colors(values[colored][np.newaxis])[0]
    picture[colored] = 255 - colors if wish.invert else colors
    return picture, replace(facts, palette=f"supplemental, {palette.fact}")
