"""Picks what a picture needs out of an encoded data set: some attributes, first items, and where the pixels are."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import BinaryIO, cast

from pydicom.charset import convert_encodings, python_encoding
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence_item
from pydicom.tag import BaseTag

from radnode.instance.charset import LONGEST
from radnode.instance.decoding.fragments import ExtendedOffsets
from radnode.instance.decoding.group_places import ITEM_HEADER, GroupPlaces, group_places
from radnode.instance.decoding.image_attributes import first_item, representative_frame
from radnode.instance.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    UNDEFINED,
    Buffer,
    HeaderReader,
    header_reader,
    read_implicit,
)
from radnode.instance.walk import MAX_ELEMENTS, Element, is_sequence, walk, walk_within
from radnode.model.uid import UID

PIXEL_ELEMENTS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
MAX_VALUE = 2**20  # bytes; no attribute that matters has a longer value
_COLORS = ("Red", "Green", "Blue")
_KEYWORDS = (
    *(
        "SOPClassUID",
        "Modality",
        "NumberOfFrames",
        "RepresentativeFrameNumber",
        "PixelPresentation",
        "PresentationLUTShape",
        "PresentationLUTSequence",
    ),
    *("RecommendedDisplayFrameRate", "CineRate", "FrameTime", "FrameTimeVector"),
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio", "DoseGridScaling"),
    *("SegmentationType", "MaximumFractionalValue", "SegmentSequence"),
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *(f"{kind}PixelPadding{end}" for kind in ("Float", "DoubleFloat") for end in ("Value", "RangeLimit")),
    *("RescaleIntercept", "RescaleSlope", "RescaleType", "VOILUTFunction"),
    *("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation"),
    *("ModalityLUTSequence", "VOILUTSequence", "SharedFunctionalGroupsSequence"),
    *(f"{color}PaletteColorLookupTable{part}" for color in _COLORS for part in ("Descriptor", "Data")),
    *(f"Segmented{color}PaletteColorLookupTableData" for color in _COLORS),
)
_ITEMS = {"VOILUTSequence": 16, "SegmentSequence": 4096}
"""Of these sequences more than the first item matters, and of no image more than so many."""
_ITEM_LIMITS = {tag_for_keyword(keyword): limit for keyword, limit in _ITEMS.items()}
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_PER_FRAME_GROUPS = 0x52009230
_CHARACTER_SET = 0x00080005
_WANTED = frozenset(tag for keyword in _KEYWORDS if (tag := tag_for_keyword(keyword)) is not None)


class BufferStream(io.BufferedIOBase):
    """Reads a buffer as a file, without a copy of it."""

    def __init__(self, buffer: Buffer, position: int = 0) -> None:
        self._buffer = buffer
        self._position = position

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, fewer at the end."""
        end = len(self._buffer) if size is None or size < 0 else self._position + size
        data = bytes(self._buffer[self._position : end])
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place, and say which."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: len(self._buffer)}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """The place of the next byte."""
        return self._position


@dataclass(frozen=True)
class ImageElements:
    """The attributes that matter, and where the pixel data element is, if there is one.

    Most sequences have one item: of the functional groups of frames that of the `frame`, of others the first.
    """

    attributes: Dataset
    pixels: Element | None
    frame: int
    extended: ExtendedOffsets | None = None
    frame_groups: Element | None = None
    """The functional groups of all frames."""

    @property
    def groups(self) -> tuple[Dataset, ...]:
        """The functional groups that hold for the frame, its own first (PS3.3 C.7.6.16)."""
        keywords = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
        return tuple(item for keyword in keywords if (item := first_item(self.attributes, keyword)))


def read_image_elements(
    dataset: Buffer, encoding: UID, frame: int | None = 1, places: Callable[[Element], GroupPlaces] | None = None
) -> ImageElements:
    """What a picture of a frame, or of the one that stands for all, needs of a data set, which is inflated already.

    `places` tells where functional groups without a length are. Raises NotDicom, and what pydicom raises.
    """
    reading = _Reading(dataset, encoding, frame, places or partial(group_places, dataset, encoding))
    pixels = next((element for element in reading.elements() if element.tag in PIXEL_ELEMENTS), None)
    offsets, lengths = (reading.tables.get(tag) for tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS))
    extended = ExtendedOffsets(offsets, lengths) if offsets and lengths else None
    groups = reading.tables.get(_PER_FRAME_GROUPS)
    return ImageElements(reading.attributes, pixels, reading.frame, extended, groups)


class _Reading:
    """What has been met so far of one data set."""

    def __init__(
        self, dataset: Buffer, encoding: UID, frame: int | None, places: Callable[[Element], GroupPlaces]
    ) -> None:
        self.attributes = Dataset()
        self.tables: dict[int, Element] = {}
        self._dataset = dataset
        self._wanted = frame
        self._little = encoding != EXPLICIT_VR_BIG_ENDIAN
        self._read = header_reader(encoding, dataset)
        self._encoding = encoding
        self._places = places
        self._encodings: list[str] | str = "iso8859"  # of text in sequences

    @cached_property
    def frame(self) -> int:
        """The number of the frame. What it depends on stands before all that depends on it (group 0028)."""
        return representative_frame(self.attributes) if self._wanted is None else self._wanted

    def elements(self) -> Iterator[Element]:
        """The elements at the top, each taken before it is given; frames' functional groups are not walked through."""
        position: int | None = 0
        while position is not None:
            walked, position = walk(self._dataset, self._encoding, position=position), None
            for element in walked:
                if element.depth:
                    continue
                after = self._take(element)
                yield element
                if after is not None:
                    position = after
                    break

    def _take(self, element: Element) -> int | None:
        """Take what is wanted of an element; where to go on, if that is known."""
        if element.tag == _PER_FRAME_GROUPS:
            return self._take_groups(element)
        if element.tag == _CHARACTER_SET:
            self._take_character_set(element)
        elif element.tag in _WANTED:
            self._add(element)
        elif element.tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS):
            self.tables[element.tag] = element
        return None

    def _take_character_set(self, element: Element) -> None:
        """Only known terms: pydicom would take the others for names of Python's codecs, and refuse all that follows."""
        value = bytes(self._dataset[element.offset : element.offset + min(element.length, LONGEST)])
        terms = [term.strip() for term in value.decode("ascii", "replace").split("\\")]
        if set(terms) <= python_encoding.keys():
            self.attributes.SpecificCharacterSet = terms
            self._encodings = convert_encodings(terms)

    def _take_groups(self, sequence: Element) -> int | None:
        """Of functional groups there may be tens of thousands: those of one frame are read, the others passed."""
        self.tables[sequence.tag] = sequence
        number = min(max(self.frame, 1), MAX_ELEMENTS)
        if sequence.length == UNDEFINED:
            places = self._places(sequence)
            if number <= len(places.items):
                self._add_items(sequence, places.items[number - 1])
            return places.after
        items = walk_within(self._dataset, self._reader_in(sequence), sequence.offset, sequence.length, deep=False)
        found = islice((item for item in items if item.depth == 1), number - 1, None)
        if item := next(found, None):
            self._add_items(sequence, item.offset - ITEM_HEADER)
        return None

    def _add(self, element: Element) -> None:
        if is_sequence(element.tag, element.vr) or is_sequence(element.tag, ""):
            self._add_items(element, element.offset)
        elif element.length <= MAX_VALUE:
            tag, value = BaseTag(element.tag), bytes(self._dataset[element.offset : element.offset + element.length])
            self.attributes[tag] = RawDataElement(
                tag, element.vr or None, element.length, value, element.offset, not element.vr, self._little
            )

    def _add_items(self, sequence: Element, position: int) -> None:
        """Have the item whose header stands at `position` for the whole sequence, or the few from there that matter."""
        implicit = self._reader_in(sequence) is read_implicit
        end = len(self._dataset) if sequence.length == UNDEFINED else sequence.offset + sequence.length
        stream, items = cast("BinaryIO", BufferStream(self._dataset, position)), list[Dataset]()
        while len(items) < _ITEM_LIMITS.get(sequence.tag, 1) and stream.tell() < end:
            item = read_sequence_item(stream, implicit, self._little, self._encodings)
            if item is None:
                break
            items.append(item)
        tag = BaseTag(sequence.tag)
        self.attributes[tag] = DataElement(tag, "SQ", items)

    def _reader_in(self, sequence: Element) -> HeaderReader:
        return read_implicit if sequence.vr == "UN" else self._read
