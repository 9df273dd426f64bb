"""Makes a picture of a DICOM image: one frame, as the Standard's display pipeline says (PS3.4 N.2)."""

import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.image_attributes import refusing
from radnode.instance.decoding.pixels import read_frame
from radnode.instance.pictures.display import Shown, displayed
from radnode.instance.pictures.overlay_elements import read_overlays
from radnode.instance.pictures.picture import Format, Picture, PictureWish
from radnode.instance.pictures.png import encode_png


def render(path: Path, wish: PictureWish) -> Picture:
    """The wanted picture, 8 bits, grey or RGB, and how it was made.

    Raises NotFound where there is no such file, NoPixelData where the object has none, CannotRender with the reason
    where no right picture can be made, NotApplicable where it can, but not as it is asked for.
    """
    with warnings.catch_warnings():
        # What pydicom and the decoders have to say about an odd object is not the caller's business.
        warnings.simplefilter("ignore")
        shown, facts = _shown(path, wish)
    with refusing(f"the picture cannot be written as {wish.format}"):
        return Picture(_encode(shown, wish.format, wish.quality), facts)


def _shown(path: Path, wish: PictureWish) -> Shown:
    frame = read_frame(path, wish.frame)
    decoded = decode(frame)
    planes = read_overlays(path, frame.number) if wish.overlays else ()
    with refusing("the pixel data cannot be shown"):
        shown, facts = displayed(frame, decoded, wish, planes)
    return shown, replace(facts, frame=str(frame.number), decoder=decoded.decoder)


def _encode(picture: NDArray[np.uint8], format: Format, quality: int) -> bytes:  # noqa: A002
    if format == "png":
        return encode_png(picture)
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling="4:4:4")
    return out.getvalue()
