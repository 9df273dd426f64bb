"""The body of the answer about an image's frames."""

from typing import Literal

from pydantic import Field

from radnode_http.answers.answer import Answer


class ShownPreset(Answer):
    """A window that an image can be asked for by its name."""

    name: str
    """What `window` of the image is given."""
    center: float | None
    """In output units; null of a table."""
    width: float | None
    function: str
    """LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.3), or TABLE."""
    explanation: str
    """The file's own words; may be empty."""


class FramesAnswer(Answer):
    """An image's frames: how many, how fast, how large, and how they can be shown."""

    success: Literal[True] = True
    count: int = Field(ge=1)
    """Frames that the file declares."""
    rate: float | None = Field(gt=0)
    """Frames per second at which they are meant to be shown; null where the file does not say, or has one frame."""
    duration: float | None = Field(gt=0)
    """Seconds that all frames take at that rate."""
    rows: int = Field(ge=1)
    columns: int = Field(ge=1)
    width: int = Field(ge=1)
    """Of the largest picture with square pixels that is not enlarged."""
    height: int = Field(ge=1)
    bits: int = Field(ge=1, le=64)
    """Bits Stored, or those of a floating point number."""
    photometric_interpretation: str
    transfer_syntax: str
    """Of a deflated data set, the one it is inflated to."""
    presets: tuple[ShownPreset, ...]
    """Of the first frame."""
    windows: tuple[tuple[float, float] | None, ...] | None
    """Center and width of each frame (at most 10,000), where they differ; null where the frames share theirs."""
