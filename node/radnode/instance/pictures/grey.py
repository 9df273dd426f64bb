"""The grey pipeline (PS3.4 N.2): stored values through Modality LUT, VOI LUT and Presentation LUT to 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.decoders import DecodedFrame
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.pictures.modality import modality_of
from radnode.instance.pictures.padding import Between, padding_of
from radnode.instance.pictures.picture import Facts, PictureWish
from radnode.instance.pictures.presentation import presentation_of
from radnode.instance.pictures.stored import Grey, StoredValues
from radnode.instance.pictures.voi import voi_of


def grey_picture(
    frame: EncodedFrame, decoded: DecodedFrame, wish: PictureWish, apart: tuple[Between, ...] = ()
) -> tuple[Grey, Facts]:
    """The 8-bit picture of a monochrome frame, rows x columns, 0 is black, and how it was made.

    What is `apart` has no say in automatic windows, as padding has none. Padding is not inverted on request, for no
    background should outshine the image; no number (NaN) is always black.
    """
    padding = padding_of(frame)
    values = StoredValues(decoded.values, apart if padding is None else (padding, *apart))
    modality = modality_of(frame)
    voi = voi_of(wish.window, frame, modality, values)
    presentation = presentation_of(frame.attributes, decoded.photometric, big_endian=frame.big_endian)

    def shade(stored: NDArray[Any]) -> Grey:
        units = modality.transform(stored)
        missing = np.isnan(units) if stored.dtype.kind == "f" else None
        levels = presentation(voi.transform(units if missing is None else np.where(missing, 0, units)))
        greys = np.floor(levels + 0.5).astype(np.uint8)
        if wish.invert:
            # Of what is rounded already, so that both pictures together are white everywhere.
            greys = 255 - greys if padding is None else np.where(padding.holds(stored), greys, 255 - greys)
        return greys if missing is None else np.where(missing, np.uint8(0), greys)

    said = f"{presentation.fact}, inverted as asked for" if wish.invert else presentation.fact
    return values.mapped(shade), Facts(modality=modality.fact, voi=voi.fact, presentation=said)
