"""Images for rendering tests: made from arrays, rendered, and read back as arrays."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from support.instances import REMOVED, make_instance, put, write_part10

from radnode.instance.pictures.picture import Facts, Picture, PictureWish
from radnode.instance.pictures.render import render

Array = NDArray[Any]


def image_of(values: Array, **overrides: Any) -> Dataset:
    """An image of these stored values, without rescaling and window unless overrides give them."""
    bits = values.dtype.itemsize * 8
    colour = values.ndim == 3
    attributes: dict[str, Any] = {
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "PlanarConfiguration": 0 if colour else REMOVED,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": overrides.get("BitsStored", bits) - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
        "PixelData": padded(values.tobytes()),
        **dict.fromkeys(("RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth"), REMOVED),
    }
    return make_instance(**{**attributes, **overrides})


def padded(data: bytes) -> bytes:
    """The bytes at even length."""
    return data + b"\0" * (len(data) % 2)


def with_syntax(path: Path, syntax: str) -> Path:
    """The file with another transfer syntax in its meta, whatever its data set is; pydicom writes only known ones."""
    whole = path.read_bytes()
    start = whole.index(b"\x02\x00\x10\x00UI") + 6
    length = int.from_bytes(whole[start : start + 2], "little")
    name = syntax.encode() + b"\0" * (len(syntax) % 2)
    path.write_bytes(whole[:start] + len(name).to_bytes(2, "little") + name + whole[start + 2 + length :])
    return path


def item(**attributes: Any) -> Dataset:
    """An item of a sequence."""
    made = Dataset()
    for keyword, value in attributes.items():
        put(made, keyword, value)
    return made


def rendered(dataset: Dataset, folder: Path, **wish: Any) -> Array:
    """The PNG of a data set, read back; the keywords are those of PictureWish."""
    return pixels_of(picture_of(dataset, folder, **wish).data)


def facts_of(dataset: Dataset, folder: Path, **wish: Any) -> Facts:
    """How the picture of a data set was made."""
    return picture_of(dataset, folder, **wish).facts


def picture_of(dataset: Dataset, folder: Path, **wish: Any) -> Picture:
    """The picture of a data set, with its facts."""
    return render(write_part10(dataset, folder / "image.dcm"), PictureWish(**wish))


def pixels_of(picture: bytes) -> Array:
    """The picture's elements: rows x columns, or rows x columns x 3."""
    with Image.open(BytesIO(picture)) as image:
        assert image.mode in ("L", "RGB")
        return np.asarray(image)


def grey(level: Array) -> Array:
    """Levels on the scale 0 to 255, rounded half up."""
    return np.floor(np.clip(level, 0, 255) + 0.5).astype(np.uint8)
