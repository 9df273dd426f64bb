"""What picture is wanted of an image, and what came of it; light, so that who only asks loads no decoder."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Format = Literal["png", "jpeg"]
WindowWish: TypeAlias = tuple[float, float] | str | None
"""A window's center and width in output units (PS3.3 C.11.2), the name of a preset, "auto", or what the image says."""


@dataclass(frozen=True, slots=True)
class PictureWish:
    """A picture that is wanted of one frame, 1 the first; the defaults are what the image itself says.

    Without a `frame` it is the one that stands for all: Representative Frame Number (PS3.3 C.7.6.9), or the middle one.
    `quality` is JPEG's, 1 to 100. The picture fits into `width` and `height`, keeps its shape, and is not enlarged
    unless `enlarge` says so.
    """

    format: Format = "png"
    quality: int = 95
    frame: int | None = 1
    window: WindowWish = None
    width: int | None = None
    height: int | None = None
    enlarge: bool = False
    invert: bool = False
    overlays: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Which pipeline made a picture (PS3.4 N.2), in short printable ASCII; "none" is a step that there was not."""

    frame: str = "1"
    decoder: str = "none"
    modality: str = "none"
    voi: str = "none"
    palette: str = "none"
    presentation: str = "none"
    overlays: str = "none"
    size: str = "none"


@dataclass(frozen=True, slots=True)
class Picture:
    """The encoded picture and how it was made."""

    data: bytes
    facts: Facts
