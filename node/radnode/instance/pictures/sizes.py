"""How large a picture is (PS3.3 C.7.6.3.1.7): within the wanted bounds, in the shape that the image has in space."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import first_item, numbers
from radnode.instance.pictures.picture import PictureWish
from radnode.model.errors import NotApplicable

Picture = NDArray[np.uint8]
MAX_PICTURE = 2**26
"""No picture is enlarged to more picture elements."""
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_STEEPEST = 16.0


def fitted(rows: int, columns: int, aspect: float, wish: PictureWish) -> tuple[int, int] | None:
    """Rows and columns of the picture that is wanted of an image of that many, or None for one element a pixel.

    `aspect` is a pixel's height through its width. Neither direction gets more elements than there are pixels, unless
    the wish says `enlarge`. NotApplicable beyond MAX_PICTURE.
    """
    if wish.width is None and wish.height is None:
        return None
    height, width = (rows, columns / aspect) if aspect > 1 else (rows * aspect, columns)
    bounds = [bound / size for bound, size in ((wish.width, width), (wish.height, height)) if bound is not None]
    scale = min(bounds if wish.enlarge else [*bounds, 1.0])
    size = max(1, round(height * scale)), max(1, round(width * scale))
    if size[0] * size[1] > max(MAX_PICTURE, rows * columns):
        raise NotApplicable("Parameters width and height: the picture would be larger than can be made")
    return size


def resized(picture: Picture, size: tuple[int, int], *, mixing: bool) -> Picture:
    """The picture of that many rows and columns; without `mixing`, each element is one that was there.

    Smaller is averaged with weights that are never negative (so nothing rings beside an edge), larger is interpolated.
    """
    method = _method(picture.shape[:2], size) if mixing else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize(size[::-1], method))


def _method(whole: tuple[int, ...], size: tuple[int, int]) -> Image.Resampling:
    """Pillow's box is the area's average for whole factors only; for others its Hamming comes closest to that."""
    if all(pixels % elements == 0 for pixels, elements in zip(whole, size, strict=True)):
        return Image.Resampling.BOX
    smaller = all(elements <= pixels for pixels, elements in zip(whole, size, strict=True))
    return Image.Resampling.HAMMING if smaller else Image.Resampling.BILINEAR


def pixel_aspect(attributes: Dataset, groups: tuple[Dataset, ...]) -> float:
    """A pixel's height through its width: Pixel Aspect Ratio, else what its spacing says; 1 where that is absurd."""
    measures = [item for group in groups if (item := first_item(group, "PixelMeasuresSequence"))]
    sources = [(attributes, "PixelAspectRatio"), *((item, "PixelSpacing") for item in measures)]
    for source, keyword in (*sources, *((attributes, keyword) for keyword in _SPACINGS)):
        pair = numbers(source, keyword)
        if len(pair) == 2 and min(pair) > 0:
            aspect = pair[0] / pair[1]
            return aspect if 1 / _STEEPEST <= aspect <= _STEEPEST else 1.0
    return 1.0
