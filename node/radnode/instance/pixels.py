"""The first frame of an image, still encoded: nothing else of the pixel data is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from radnode.instance.compressions import Compression, compression_of
from radnode.instance.content import opened
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.image_attributes import PixelDescription, describe, first_item, refusing
from radnode.instance.image_elements import PIXEL_ELEMENTS, BufferStream, read_image_elements
from radnode.instance.walk import SEQUENCE_END, Element
from radnode.model.errors import CannotRender, NoPixelData, NotDicom, NotFound
from radnode.model.uid import UID

_ITEM = Struct("<HHL")


@dataclass(frozen=True)
class EncodedFrame:
    """The first frame as it stands in the file: its bytes (compressed unless native) and what describes them.

    `word_swapped` says that bytes stand in big endian 16-bit words (PS3.5 Annex D: OW in a big endian data set).
    `groups` are the functional groups that hold for it, the frame's own first (PS3.3 C.7.6.16).
    """

    compression: Compression
    description: PixelDescription
    data: bytes
    attributes: Dataset
    groups: tuple[Dataset, ...]
    big_endian: bool
    word_swapped: bool


def read_first_frame(path: Path) -> EncodedFrame:
    """The first frame of an image file, still encoded.

    Raises NotFound where there is no such file, NoPixelData where the object has none (absent or empty), and
    CannotRender where the frame is incomplete, not described, or beyond the limits.
    """
    with _readable(path) as (dataset, encoding):
        with refusing("the header cannot be read"):
            elements = read_image_elements(dataset, encoding)
        if elements.pixels is None:
            raise NoPixelData("DICOM file does not contain pixel data")
        return _first_frame(dataset, encoding, elements.attributes, elements.pixels)


@contextmanager
def _readable(path: Path) -> Iterator[tuple[Buffer, UID]]:
    try:
        with opened(path) as (dataset, encoding):
            yield dataset, encoding
    except FileNotFoundError as error:
        raise NotFound("DICOM file not found") from error
    except NotDicom as error:
        raise CannotRender(str(error)) from error
    except OSError as error:
        raise CannotRender("the file cannot be read") from error


def _first_frame(dataset: Buffer, encoding: UID, attributes: Dataset, pixels: Element) -> EncodedFrame:
    if is_empty(dataset, pixels):
        raise NoPixelData("DICOM file does not contain pixel data")
    compression = compression_of(encoding)
    description = describe(attributes, PIXEL_ELEMENTS[pixels.tag])
    with refusing("the pixel data cannot be read"):
        if compression is Compression.NATIVE:
            data = _native_frame(dataset, description, pixels)
        else:
            data = _encapsulated_frame(dataset, attributes, description, pixels)
    keywords = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
    groups = tuple(item for keyword in keywords if (item := first_item(attributes, keyword)))
    big_endian = encoding == EXPLICIT_VR_BIG_ENDIAN
    return EncodedFrame(
        compression, description, data, attributes, groups, big_endian, word_swapped=big_endian and pixels.vr == "OW"
    )


def is_empty(dataset: Buffer, pixels: Element) -> bool:
    """Whether there is not one byte, or no fragment after the offset table (PS3.5 A.4)."""
    if pixels.length != UNDEFINED:
        return pixels.length == 0
    stream = BufferStream(dataset, pixels.offset)
    with refusing("the pixel data cannot be read"):
        stream.seek(_ITEM.unpack(stream.read(8))[2] + pixels.offset + 8)
        group, element, _ = _ITEM.unpack(stream.read(8))
    return bool(group << 16 | element == SEQUENCE_END)


def _native_frame(dataset: Buffer, description: PixelDescription, pixels: Element) -> bytes:
    if pixels.length == UNDEFINED:
        raise CannotRender("the pixel data is encapsulated, but the transfer syntax is not")
    needed, available = description.native_bytes, min(pixels.length, len(dataset) - pixels.offset)
    if available < needed:
        raise CannotRender("there is less pixel data than Rows and Columns say")
    # One byte more where an odd frame stands in 16-bit words.
    return bytes(dataset[pixels.offset : pixels.offset + min(needed + needed % 2, available)])


def _encapsulated_frame(dataset: Buffer, attributes: Dataset, description: PixelDescription, pixels: Element) -> bytes:
    if pixels.length != UNDEFINED:
        raise CannotRender("the pixel data is not encapsulated, but the transfer syntax is")
    extended = None
    if "ExtendedOffsetTable" in attributes and "ExtendedOffsetTableLengths" in attributes:
        extended = (attributes.ExtendedOffsetTable, attributes.ExtendedOffsetTableLengths)
    stream = BufferStream(dataset, pixels.offset)
    return get_frame(stream, 0, number_of_frames=description.frames, extended_offsets=extended)
