"""What an image says about its frames before any is decoded; light, so that who only asks loads no decoder."""

from dataclasses import dataclass

MAX_WINDOWS = 10_000
"""Frames whose own windows are told."""


@dataclass(frozen=True, slots=True)
class FramesWish:
    """The facts of an image's frames are wanted."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to show an image; `function` is a VOI LUT Function, or TABLE, which has no center and no width.

    `explanation` is the file's own free text, at most MAX_EXPLANATION characters; it may say anything.
    """

    name: str
    center: float | None
    width: float | None
    function: str
    explanation: str


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """How many frames there are and how they are meant to be seen.

    `rate` is in frames a second, `duration` in seconds; both are None where the image does not say them. `width` and
    `height` are those of the largest picture with square pixels that is not enlarged. `windows` are center and width of
    each frame, None for one that has none, where the frames have windows of their own (PS3.3 C.7.6.16.2.10) that
    differ; at most MAX_WINDOWS are told.
    """

    count: int
    rate: float | None
    duration: float | None
    rows: int
    columns: int
    width: int
    height: int
    bits: int
    photometric_interpretation: str
    transfer_syntax: str
    presets: tuple[Preset, ...]
    windows: tuple[tuple[float, float] | None, ...] | None
