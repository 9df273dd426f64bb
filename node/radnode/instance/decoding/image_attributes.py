"""What an image says about its pixels (PS3.3 C.7.6.3), read into one frozen value and checked once."""

import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

from radnode.model.errors import CannotRender

MAX_PIXELS = 2**28
MAX_FRAME_BYTES = 512 * 2**20
MAX_NUMBERS = 2**16  # bytes; what explicit VR can say of numbers in text (PS3.5 7.1.2)
BIT_DEPTHS = (1, *range(8, 65, 8))  # PS3.5 8.1.1
SUBSAMPLED = {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL"}
"""Colour spaces in which pixels share their chroma, and what they are once each has its own (PS3.3 C.7.6.3.1.2)."""

# What pydicom and the decoders raise on broken values: data, not faults of this program.
FOREIGN_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    BytesLengthException,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    struct.error,
    SyntaxError,
    SystemError,
    TypeError,
    ValueError,
    zlib.error,
)


@contextmanager
def refusing(why: str) -> Iterator[None]:
    """Whatever foreign code raises inside becomes CannotRender(why); its own words may name patients or paths."""
    try:
        yield
    except MemoryError as error:
        raise CannotRender("the picture needs more memory than is allowed") from error
    except FOREIGN_FAILURES as error:
        raise CannotRender(why) from error


def numbers(attributes: Dataset, keyword: str) -> tuple[float, ...]:
    """All values of a numeric attribute, or none where it is absent, empty or one of them is no finite number."""
    found = numbers_in_place(attributes, keyword)
    values = tuple(one for one in found if one is not None)
    return values if len(values) == len(found) else ()


def numbers_in_place(attributes: Dataset, keyword: str) -> tuple[float | None, ...]:
    """All values of a numeric attribute, None in the place of one that is empty or not finite.

    None at all where it is longer than MAX_NUMBERS: to make a million numbers of text takes many seconds.
    """
    try:
        element = attributes.get_item(keyword)
        if isinstance(element, RawDataElement) and element.length > MAX_NUMBERS:
            return ()
        value = attributes.get(keyword)
        if value is None or value == "":
            return ()
        found = [value] if isinstance(value, (int, float, str)) else list(value)
        values = [None if one is None or one == "" else float(one) for one in found]
    except FOREIGN_FAILURES:
        return ()
    return tuple(None if one is None or not math.isfinite(one) else one for one in values)


def number(attributes: Dataset, keyword: str) -> float | None:
    """The first value of a numeric attribute, or None."""
    return next(iter(numbers_in_place(attributes, keyword)), None)


def integer(attributes: Dataset, keyword: str) -> int | None:
    """The first value of a numeric attribute, where it is a whole number, or None."""
    value = number(attributes, keyword)
    return int(value) if value is not None and value.is_integer() else None


def required(attributes: Dataset, keyword: str, name: str) -> int:
    """An integer without which there is no picture; CannotRender names it."""
    value = integer(attributes, keyword)
    if value is None:
        raise CannotRender(f"{name} is missing or not a number")
    return value


def text(attributes: Dataset, keyword: str) -> str:
    """The first value of a code string, trimmed; empty where there is none."""
    try:
        value = attributes.get(keyword)
        first = value if isinstance(value, str) or not value else value[0]
        return str(first or "").strip(" \0").upper()
    except FOREIGN_FAILURES:
        return ""


def first_item(attributes: Dataset, keyword: str) -> Dataset | None:
    """The first item of a sequence, or None where it is absent, empty or unreadable."""
    return next(iter(items_of(attributes, keyword)), None)


def items_of(attributes: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence, none where it is absent or unreadable."""
    try:
        return tuple(item for item in attributes.get(keyword) or () if isinstance(item, Dataset))
    except FOREIGN_FAILURES:
        return ()


@dataclass(frozen=True)
class PixelDescription:
    """The Image Pixel module; `element` is PixelData, FloatPixelData or DoubleFloatPixelData."""

    element: str
    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: bool
    frames: int

    @property
    def pixels(self) -> int:
        """Pixels of one frame."""
        return self.rows * self.columns

    @property
    def native_bits(self) -> int:
        """Bits of one frame where it is not compressed (PS3.5 8.1.1; chroma of 4:2:2 is subsampled, C.7.6.3.1.2)."""
        samples = 2 if self.photometric in SUBSAMPLED else self.samples
        return self.pixels * samples * self.allocated

    @property
    def native_bytes(self) -> int:
        """Those bits in whole bytes."""
        return (self.native_bits + 7) // 8


def describe(attributes: Dataset, element: str) -> PixelDescription:
    """The checked description; CannotRender where it is incomplete, contradictory or beyond the limits."""
    stored, high_bit, allocated = _bits(attributes, element)
    description = PixelDescription(
        element=element,
        rows=required(attributes, "Rows", "Rows"),
        columns=required(attributes, "Columns", "Columns"),
        samples=required(attributes, "SamplesPerPixel", "Samples per Pixel"),
        allocated=allocated,
        stored=stored,
        high_bit=high_bit,
        signed=element == "PixelData" and _signed(attributes),
        photometric=text(attributes, "PhotometricInterpretation"),
        planar=integer(attributes, "PlanarConfiguration") == 1,
        frames=frame_count(attributes),
    )
    _check(description)
    return description


def upsampled(photometric: str) -> str:
    """What a Photometric Interpretation is called once each pixel has its own chroma."""
    return SUBSAMPLED.get(photometric, photometric)


def frame_count(attributes: Dataset) -> int:
    """Number of Frames, 1 where nothing sensible is said."""
    return max(1, integer(attributes, "NumberOfFrames") or 1)


def representative_frame(attributes: Dataset) -> int:
    """The frame that stands for all: Representative Frame Number (PS3.3 C.7.6.9) if there is it, or the middle one."""
    frames, told = frame_count(attributes), integer(attributes, "RepresentativeFrameNumber")
    return told if told is not None and 1 <= told <= frames else (frames + 1) // 2


def _signed(attributes: Dataset) -> bool:
    representation = required(attributes, "PixelRepresentation", "Pixel Representation")
    if representation not in (0, 1):
        raise CannotRender("Pixel Representation is neither 0 nor 1")
    return representation == 1


def _bits(attributes: Dataset, element: str) -> tuple[int, int, int]:
    if element != "PixelData":
        bits = 32 if element == "FloatPixelData" else 64
        return bits, bits - 1, bits
    allocated = required(attributes, "BitsAllocated", "Bits Allocated")
    if allocated not in BIT_DEPTHS:
        raise CannotRender(f"{allocated} Bits Allocated are neither 1 nor a multiple of 8")
    stored = required(attributes, "BitsStored", "Bits Stored")
    if not 1 <= stored <= allocated:
        raise CannotRender("Bits Stored is not between 1 and Bits Allocated")
    high_bit = integer(attributes, "HighBit")
    if high_bit is None or not stored - 1 <= high_bit < allocated:
        high_bit = stored - 1
    return stored, high_bit, allocated


def _check(description: PixelDescription) -> None:
    if not (0 < description.rows < 65536 and 0 < description.columns < 65536):
        raise CannotRender("Rows or Columns is not between 1 and 65535")
    if description.samples not in (1, 3):
        named = description.photometric[:16] or "that is missing"
        raise CannotRender(
            f"Photometric Interpretation {named} with {description.samples} Samples per Pixel is not shown"
        )
    if not description.photometric:
        raise CannotRender("Photometric Interpretation is missing")
    size = description.pixels * description.samples * max(1, description.allocated // 8)
    if description.pixels > MAX_PIXELS or size > MAX_FRAME_BYTES:
        raise CannotRender("the frame is larger than can be rendered")
