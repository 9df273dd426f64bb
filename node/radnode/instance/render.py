"""Makes a picture of a DICOM image: one frame, as the Standard's display pipeline says (PS3.4 N.2)."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from radnode.instance.color import color_picture
from radnode.instance.decoders import decode
from radnode.instance.grey import grey_picture
from radnode.instance.image_attributes import refusing
from radnode.instance.picture import Facts, Format, Picture, PictureWish
from radnode.instance.pixels import read_frame


def render(path: Path, wish: PictureWish) -> Picture:
    """The wanted picture, 8 bits, grey or RGB.

    Raises NotFound where there is no such file, NoPixelData where the object has none, NotApplicable where it has fewer
    frames, CannotRender with the reason where no right picture can be made.
    """
    with warnings.catch_warnings():
        # What pydicom and the decoders have to say about an odd object is not the caller's business.
        warnings.simplefilter("ignore")
        shown, facts = _picture(path, wish)
    with refusing(f"the picture cannot be written as {wish.format}"):
        return Picture(_encode(shown, wish.format, wish.quality), facts)


def _picture(path: Path, wish: PictureWish) -> tuple[NDArray[np.uint8], Facts]:
    frame = read_frame(path, wish.frame)
    facts = Facts(frame=str(frame.number))
    decoded = decode(frame)
    with refusing("the pixel data cannot be shown"):
        grey = decoded.photometric in ("MONOCHROME1", "MONOCHROME2") and decoded.values.ndim == 2
        return grey_picture(frame, decoded) if grey else color_picture(frame, decoded), facts


def _encode(picture: NDArray[np.uint8], format: Format, quality: int) -> bytes:  # noqa: A002
    image, out = Image.fromarray(picture), BytesIO()
    if format == "png":
        image.save(out, "PNG", compress_level=1)
    else:
        image.save(out, "JPEG", quality=quality, subsampling="4:4:4")
    return out.getvalue()
