"""Picks what a picture needs out of an encoded data set: some attributes, first items, and where the pixels are."""

import io
import os
from dataclasses import dataclass
from typing import BinaryIO, cast

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence_item
from pydicom.tag import BaseTag

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Buffer, header_reader, read_implicit
from radnode.instance.walk import Element, is_sequence, walk
from radnode.model.uid import UID

PIXEL_ELEMENTS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
MAX_VALUE = 2**20  # bytes; no attribute that matters has a longer value
_COLORS = ("Red", "Green", "Blue")
_KEYWORDS = (
    *(
        "SOPClassUID",
        "Modality",
        "NumberOfFrames",
        "PixelPresentation",
        "PresentationLUTShape",
        "PresentationLUTSequence",
    ),
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio", "DoseGridScaling"),
    *("SegmentationType", "MaximumFractionalValue", "SegmentSequence"),
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *(f"{kind}PixelPadding{end}" for kind in ("Float", "DoubleFloat") for end in ("Value", "RangeLimit")),
    *("RescaleIntercept", "RescaleSlope", "RescaleType", "VOILUTFunction"),
    *("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation"),
    *("ModalityLUTSequence", "VOILUTSequence", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(f"{color}PaletteColorLookupTable{part}" for color in _COLORS for part in ("Descriptor", "Data")),
    *(f"Segmented{color}PaletteColorLookupTableData" for color in _COLORS),
)
_ITEMS = {"VOILUTSequence": 16, "SegmentSequence": 4096}
"""Of these sequences more than the first item matters, and of no image more than so many."""
_ITEM_LIMITS = {tag_for_keyword(keyword): limit for keyword, limit in _ITEMS.items()}
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
    """The attributes that matter, of most sequences the first item only, and the pixel data element, if any."""

    attributes: Dataset
    pixels: Element | None


def read_image_elements(dataset: Buffer, encoding: UID) -> ImageElements:
    """What a picture needs of a data set that is inflated already. Raises NotDicom, and what pydicom raises."""
    attributes = Dataset()
    for element in walk(dataset, encoding):
        if element.depth:
            continue
        if element.tag in PIXEL_ELEMENTS:
            return ImageElements(attributes, element)
        if element.tag in _WANTED:
            _add(attributes, dataset, encoding, element)
    return ImageElements(attributes, None)


def _add(attributes: Dataset, dataset: Buffer, encoding: UID, element: Element) -> None:
    tag, little = BaseTag(element.tag), encoding != EXPLICIT_VR_BIG_ENDIAN
    if is_sequence(element.tag, element.vr) or is_sequence(element.tag, ""):
        attributes[tag] = DataElement(tag, "SQ", _items(dataset, encoding, element))
    elif element.length <= MAX_VALUE:
        value = bytes(dataset[element.offset : element.offset + element.length])
        implicit = not element.vr
        attributes[tag] = RawDataElement(
            tag, element.vr or None, element.length, value, element.offset, implicit, little
        )


def _items(dataset: Buffer, encoding: UID, sequence: Element) -> list[Dataset]:
    """Mostly only the first is read: of a frame's functional groups there may be tens of thousands."""
    if sequence.length == 0:
        return []
    implicit = sequence.vr == "UN" or header_reader(encoding, dataset) is read_implicit
    end = len(dataset) if sequence.length == UNDEFINED else sequence.offset + sequence.length
    stream = BufferStream(dataset, sequence.offset)
    items: list[Dataset] = []
    while len(items) < _ITEM_LIMITS.get(sequence.tag, 1) and stream.tell() < end:
        item = read_sequence_item(cast("BinaryIO", stream), implicit, encoding != EXPLICIT_VR_BIG_ENDIAN, "iso8859")
        if item is None:
            break
        items.append(item)
    return items
