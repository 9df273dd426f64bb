"""What a picture can be asked for in a URL, as typed models; each becomes one PictureWish."""

import math
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from radnode.instance.pictures.picture import PictureWish, WindowWish
from radnode_http.params.query import Quality, whole_number

LARGEST_SIDE = 16384
LARGEST_FRAME = 999_999
LONGEST_NAME = 64
"""Characters of a preset's name: a Window Center & Width Explanation is an LO (PS3.5 6.2)."""
THUMBNAIL = 128
_NUMBER = r"[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*", re.ASCII)


def _window(value: object) -> WindowWish:
    """Two numbers are a window, anything else that can be read is a name; whether there is such a one, the image says.

    A width must be positive: what one below 1 means, the VOI LUT function says (PS3.3 C.11.2.1).
    """
    if value is None:
        return None
    text = str(value)
    pair = _PAIR.fullmatch(text)
    center, width = (float(pair[1]) + 0.0, float(pair[2])) if pair else (0.0, 1.0)  # -0.0 is 0.0
    named = 0 < len(text) <= LONGEST_NAME and text.isprintable() and text.strip() != ""
    if not (named or pair) or width <= 0 or not (math.isfinite(center) and math.isfinite(width)):
        raise PydanticCustomError(
            "window", "must be center,width (decimal numbers, the width above 0), auto or the name of a preset"
        )
    return (center, width) if pair else text


def _switch(value: object) -> object:
    if value not in ("true", "false", True, False):
        raise PydanticCustomError("switch", "must be true or false")
    return value in ("true", True)


Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE), BeforeValidator(whole_number(1, LARGEST_SIDE))]
Size = Annotated[int, Field(ge=16, le=512), BeforeValidator(whole_number(16, 512))]
Frame = Annotated[int, Field(ge=1, le=LARGEST_FRAME), BeforeValidator(whole_number(1, LARGEST_FRAME))]
Switch = Annotated[bool, BeforeValidator(_switch)]
Window = Annotated[
    tuple[float, float] | str | None,
    BeforeValidator(_window),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}),
]


class ImageParameters(BaseModel):
    """How /image makes the picture."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: Literal["png", "jpeg"] = "png"
    """The format of the picture."""
    quality: Quality = 95
    """JPEG quality; PNG is lossless and has none."""
    frame: Frame = 1
    """The frame of a multi-frame object, 1 the first."""
    window: Window = None
    """`center,width` in output units, a preset, `auto`, `robust` or `full`; without it what the object says itself."""
    width: Side | None = None
    """The picture is made smaller until it is at most so many pixels wide; it keeps its shape."""
    height: Side | None = None
    """The picture is made smaller until it is at most so many pixels high; it keeps its shape."""
    enlarge: Switch = False
    """Whether it is also made larger to fit into `width` and `height`."""
    invert: Switch = False
    """Whether black and white are exchanged."""
    overlays: Switch = False
    """Whether overlay planes and embedded overlays are drawn."""

    def wish(self) -> PictureWish:
        """The picture that is wanted."""
        return PictureWish(**dict(self))


class ThumbnailParameters(BaseModel):
    """How /thumbnail makes the picture."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    size: Size = THUMBNAIL
    """The picture fits into a square of so many pixels; it keeps its shape, and is never enlarged."""
    format: Literal["png", "jpeg"] = "jpeg"
    """The format of the picture."""
    quality: Quality = 80
    """JPEG quality; PNG is lossless and has none."""
    frame: Frame | None = None
    """The frame of a multi-frame object, 1 the first; without it the Representative Frame Number, or the middle one."""
    window: Window = None
    """As for the image."""

    def wish(self) -> PictureWish:
        """The picture that is wanted."""
        return PictureWish(self.format, self.quality, self.frame, self.window, width=self.size, height=self.size)
