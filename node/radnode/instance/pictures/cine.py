"""The frames of an image as a whole: their number, their times, their windows; no pixel data is read."""

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import describe, number, numbers, refusing
from radnode.instance.decoding.image_elements import PIXEL_ELEMENTS, ImageElements, read_image_elements
from radnode.instance.decoding.pixels import is_empty, readable
from radnode.instance.encodings import UNDEFINED, Buffer
from radnode.instance.pictures.frame_facts import MAX_WINDOWS, FrameFacts
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.presets import presets_of
from radnode.instance.pictures.sizes import fitted, pixel_aspect
from radnode.instance.walk import ITEM, Element, walk_items
from radnode.model.errors import NoPixelData
from radnode.model.uid import UID

_FRAME_VOI_LUT, _CENTER, _WIDTH = 0x00289132, 0x00281050, 0x00281051
_MAX_RATE = 10_000.0  # frames a second; what is beyond is no rate
_ANY_WIDTH = 65535  # no image is wider
_MAX_TEXT = 64  # bytes of a window's value that are read: the first number is in them

Window = tuple[float, float]


def read_frame_facts(path: Path) -> FrameFacts:
    """The facts of an image file's frames.

    Raises NotFound where there is no such file, NoPixelData where the object has none (absent or empty), CannotRender
    where the pixel data is not described.
    """
    with readable(path) as (dataset, encoding), refusing("the header cannot be read"):
        elements = read_image_elements(dataset, encoding)
        if elements.pixels is None or is_empty(dataset, elements.pixels):
            raise NoPixelData("DICOM file does not contain pixel data")
        return _facts(dataset, encoding, elements, elements.pixels)


def _facts(dataset: Buffer, encoding: UID, elements: ImageElements, pixels: Element) -> FrameFacts:
    attributes = elements.attributes
    described = describe(attributes, PIXEL_ELEMENTS[pixels.tag])
    duration = frame_duration(attributes, described.frames)
    aspect = pixel_aspect(attributes, elements.groups)
    size = fitted(described.rows, described.columns, aspect, PictureWish(width=_ANY_WIDTH))
    height, width = size or (described.rows, described.columns)
    own = _windows(dataset, encoding, elements.frame_groups, described.frames) if elements.frame_groups else ()
    return FrameFacts(
        count=described.frames,
        rate=None if duration is None else 1 / duration,
        duration=None if duration is None else duration * described.frames,
        rows=described.rows,
        columns=described.columns,
        width=width,
        height=height,
        bits=described.stored,
        photometric_interpretation=described.photometric,
        transfer_syntax=encoding,
        presets=presets_of(attributes, elements.groups),
        windows=own if len(set(own)) > 1 else None,
    )


def frame_duration(attributes: Dataset, frames: int) -> float | None:
    """The seconds that a frame is to be shown: as recommended, or as it was acquired (PS3.3 C.7.6.5, C.7.6.6.1)."""
    if frames < 2:
        return None
    vector = numbers(attributes, "FrameTimeVector")[1:frames]  # the first is no time between frames
    times = (
        *(_inverse(number(attributes, keyword)) for keyword in ("RecommendedDisplayFrameRate", "CineRate")),
        (number(attributes, "FrameTime") or 0) / 1000,
        sum(vector) / len(vector) / 1000 if vector else 0,
    )
    return next((time for time in times if 1 / _MAX_RATE <= time < math.inf), None)


def _inverse(rate: float | None) -> float:
    return 1 / rate if rate and rate > 0 else 0


def _windows(dataset: Buffer, encoding: UID, groups: Element, frames: int) -> tuple[Window | None, ...]:
    found = list(islice(_frame_windows(dataset, encoding, groups), min(frames, MAX_WINDOWS)))
    return tuple(found) if any(found) else ()


def _frame_windows(dataset: Buffer, encoding: UID, groups: Element) -> Iterator[Window | None]:
    """The first window of each frame, by one walk over all functional groups."""
    started, in_voi, found = False, False, dict[int, float | None]()
    for element in walk_items(dataset, encoding, groups):
        if element.depth == 1 and element.tag == ITEM:
            if started:
                yield _window(found)
            started, found = True, {}
        elif element.depth == 2:
            in_voi = element.tag == _FRAME_VOI_LUT
        elif in_voi and element.depth == 4 and element.tag in (_CENTER, _WIDTH) and element.length != UNDEFINED:
            found.setdefault(element.tag, _first_number(dataset, element))
    if started:
        yield _window(found)


def _window(found: dict[int, float | None]) -> Window | None:
    center, width = found.get(_CENTER), found.get(_WIDTH)
    return None if center is None or width is None else (center, width)


def _first_number(dataset: Buffer, element: Element) -> float | None:
    text = bytes(dataset[element.offset : element.offset + min(element.length, _MAX_TEXT)]).split(b"\\")[0]
    try:
        value = float(text.strip(b" \0"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
