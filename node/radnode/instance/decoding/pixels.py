"""The frames of an image, still encoded: of the pixel data nothing is read but the frame that is wanted."""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import Struct

from pydicom.dataset import Dataset

from radnode.instance.content import opened
from radnode.instance.decoding.compressions import Compression, compression_of
from radnode.instance.decoding.fragments import Fragments
from radnode.instance.decoding.group_places import remembered_places
from radnode.instance.decoding.image_attributes import MAX_FRAME_BYTES, PixelDescription, describe, refusing
from radnode.instance.decoding.image_elements import PIXEL_ELEMENTS, BufferStream, ImageElements, read_image_elements
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer
from radnode.instance.walk import SEQUENCE_END, Element
from radnode.model.errors import CannotRender, NoPixelData, NotApplicable, NotDicom, NotFound
from radnode.model.uid import UID

IN_TWO_WAYS = "cells of more than 16 bits in big endian words can be read in two ways"
_ITEM = Struct("<HHL")
_WORD = 16  # bits


@dataclass(frozen=True)
class EncodedFrame:
    """One frame as it stands in the file: its bytes (compressed unless native) and what describes them.

    `number` is 1 for the first. `groups` are the functional groups that hold for it, the frame's own first (PS3.3
    C.7.6.16).
    """

    compression: Compression
    description: PixelDescription
    data: bytes
    attributes: Dataset
    groups: tuple[Dataset, ...]
    big_endian: bool
    number: int = 1


def read_frame(path: Path, wanted: int | None = 1) -> EncodedFrame:
    """A frame of an image file, 1 the first, still encoded; of no other frame the pixel data is read.

    None is the frame that stands for all (`representative_frame`). Raises NotFound where there is no such file,
    NoPixelData where the object has none (absent or empty), NotApplicable where it has fewer frames, and CannotRender
    where the frame is incomplete, not described, or beyond the limits.
    """
    with readable(path) as (dataset, encoding):
        with refusing("the header cannot be read"):
            elements = read_image_elements(
                dataset, encoding, wanted, lambda sequence: remembered_places(path, encoding, sequence)
            )
        frames = Frames(dataset, encoding, elements)
        number = elements.frame
        if not 1 <= number <= frames.description.frames:
            raise NotApplicable(f"Parameter frame must be from 1 to {frames.description.frames}")
        return frames.frame(number, elements.groups)


@contextmanager
def readable(path: Path) -> Iterator[tuple[Buffer, UID]]:
    """The inflated data set of a file, and its encoding. Raises NotFound, and CannotRender where it is none."""
    try:
        with opened(path) as (dataset, encoding):
            yield dataset, encoding
    except FileNotFoundError as error:
        raise NotFound("DICOM file not found") from error
    except NotDicom as error:
        raise CannotRender(str(error)) from error
    except OSError as error:
        raise CannotRender("the file cannot be read") from error


class Frames:
    """The frames of an image whose data set is open, each read when it is asked for."""

    def __init__(self, dataset: Buffer, encoding: UID, elements: ImageElements) -> None:
        """Raises NoPixelData and CannotRender."""
        if elements.pixels is None or is_empty(dataset, elements.pixels):
            raise NoPixelData("DICOM file does not contain pixel data")
        self.compression = compression_of(encoding)
        self.description = describe(elements.attributes, PIXEL_ELEMENTS[elements.pixels.tag])
        self.is_big_endian = encoding == EXPLICIT_VR_BIG_ENDIAN
        self.is_word_swapped = self.is_big_endian and elements.pixels.vr == "OW"
        if self.is_word_swapped and self.description.allocated > _WORD:
            raise CannotRender(IN_TWO_WAYS)
        self._dataset = dataset
        self._attributes = elements.attributes
        self._pixels = elements.pixels
        self._extended = elements.extended

    def frame(self, number: int, groups: tuple[Dataset, ...] = ()) -> EncodedFrame:
        """A frame, 1 the first, with its functional groups; CannotRender where it is not there."""
        return EncodedFrame(
            self.compression,
            self.description,
            self._data(number),
            self._attributes,
            groups,
            self.is_big_endian,
            number,
        )

    def _data(self, number: int) -> bytes:
        """The bytes of a frame; of cells of at most 8 bits as OB has them."""
        with refusing("the pixel data cannot be read"):
            if self.compression is Compression.NATIVE:
                data = self._native(number)
            else:
                data = self._fragments.frame(1 if self.compression is Compression.VIDEO else number)
        if not data:
            raise CannotRender(f"there is no frame {number}, or not the whole of it, in the pixel data")
        return data

    @cached_property
    def _fragments(self) -> Fragments:
        if self._pixels.length != UNDEFINED:
            raise CannotRender("the pixel data is not encapsulated, but the transfer syntax is")
        is_video = self.compression is Compression.VIDEO
        if is_video and len(self._dataset) - self._pixels.offset > MAX_FRAME_BYTES:
            raise CannotRender("the video is longer than can be decoded")
        size = self.description.native_bytes if self.compression is Compression.ENCAPSULATED else None
        return Fragments(self._dataset, self._pixels, 1 if is_video else self.description.frames, self._extended, size)

    def _native(self, number: int) -> bytes:
        """Frames follow each other without a gap, also where they do not end with a byte (PS3.5 8.1.1)."""
        if self._pixels.length == UNDEFINED:
            raise CannotRender("the pixel data is encapsulated, but the transfer syntax is not")
        bits = self.description.native_bits
        begin, shift = divmod((number - 1) * bits, 8)
        end = begin + (shift + bits + 7) // 8
        if end > min(self._pixels.length, len(self._dataset) - self._pixels.offset):
            raise CannotRender("there is less pixel data than Rows and Columns say")
        data = self._unswapped(begin, end)
        # The lowest bit of a byte comes first, as the lowest byte of a number does.
        return (int.from_bytes(data, "little") >> shift).to_bytes(len(data), "little") if shift else data

    def _unswapped(self, begin: int, end: int) -> bytes:
        """These bytes of the pixel data; small cells that stand in big endian words as if they stood in bytes."""
        offset = self._pixels.offset
        if not self.is_word_swapped or self.description.allocated > 8:
            return bytes(self._dataset[offset + begin : offset + end])
        first, last = begin // 2 * 2, min((end + 1) // 2 * 2, self._pixels.length // 2 * 2)
        words = array("H", bytes(self._dataset[offset + first : offset + last]))
        words.byteswap()
        return words.tobytes()[begin - first : end - first]


def is_empty(dataset: Buffer, pixels: Element) -> bool:
    """Whether there is not one byte, or no fragment after the offset table (PS3.5 A.4)."""
    if pixels.length != UNDEFINED:
        return pixels.length == 0
    stream = BufferStream(dataset, pixels.offset)
    with refusing("the pixel data cannot be read"):
        stream.seek(_ITEM.unpack(stream.read(8))[2] + pixels.offset + 8)
        group, element, _ = _ITEM.unpack(stream.read(8))
    return bool(group << 16 | element == SEQUENCE_END)
