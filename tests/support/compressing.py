"""Images for rendering tests, compressed."""

from typing import Any

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGLSLossless


def compressed(image: Dataset, syntax: str, frames: list[bytes], **overrides: Any) -> Dataset:
    """The image with these frames in place of its native pixel data."""
    image.file_meta.TransferSyntaxUID = UID(syntax)
    image.PixelData = encapsulate(frames)
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    for keyword, value in overrides.items():
        setattr(image, keyword, value)
    return image


def compress(image: Dataset, syntax: str) -> None:
    """By an encoder that does not abort the process, as GDCM's does."""
    plugin = "pyjpegls" if syntax == JPEGLSLossless else "pylibjpeg"
    image.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
