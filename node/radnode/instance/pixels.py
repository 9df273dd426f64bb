"""Finds the first frame of an image in its file: only the attributes that matter and this frame are read."""

import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble, read_sequence_item
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from radnode.instance.image_attributes import PixelDescription, describe, refusing
from radnode.model.errors import CannotRender, NoPixelData, NotFound

PIXEL_ELEMENTS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
SHARED_GROUPS, PER_FRAME_GROUPS = 0x52009229, 0x52009230
ITEM, SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
NATIVE = frozenset(
    {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"},
)
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
MAX_INFLATED = 2**30
MAX_ENCODED = 2**30
_CHUNK = 2**20
_KEYWORDS = (
    "SOPClassUID PixelIntensityRelationship SamplesPerPixel PhotometricInterpretation PlanarConfiguration"
    " NumberOfFrames Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation"
    " PixelPaddingValue PixelPaddingRangeLimit FloatPixelPaddingValue DoubleFloatPixelPaddingValue"
    " FloatPixelPaddingRangeLimit DoubleFloatPixelPaddingRangeLimit"
    " WindowCenter WindowWidth VOILUTFunction VOILUTSequence RescaleIntercept RescaleSlope ModalityLUTSequence"
    " PresentationLUTShape SharedFunctionalGroupsSequence ExtendedOffsetTable ExtendedOffsetTableLengths"
    " RedPaletteColorLookupTableDescriptor RedPaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData"
    " GreenPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableData"
    " SegmentedGreenPaletteColorLookupTableData"
    " BluePaletteColorLookupTableDescriptor BluePaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData"
).split()
_WANTED: list[BaseTag | int | str] = [tag for keyword in _KEYWORDS if (tag := tag_for_keyword(keyword)) is not None]


@dataclass(frozen=True)
class EncodedFrame:
    """The first frame as it stands in the file: its bytes (compressed unless native) and what describes them.

    `word_swapped` says that bytes stand in big endian 16-bit words (PS3.5 Annex D: OW in a big endian data set).
    `groups` are the functional groups that hold for it, shared ones first (PS3.3 C.7.6.16).
    """

    transfer_syntax: UID
    description: PixelDescription
    data: bytes
    attributes: Dataset
    groups: tuple[Dataset, ...]
    big_endian: bool
    word_swapped: bool

    @property
    def native(self) -> bool:
        """Whether the pixel cells stand in the file as they are (PS3.5 8.2)."""
        return self.transfer_syntax in NATIVE


class _Encoding(NamedTuple):
    implicit: bool
    little: bool


class _ElementHeader(NamedTuple):
    tag: int
    vr: bytes
    length: int


def read_first_frame(path: Path) -> EncodedFrame:
    """The first frame of an image file, still encoded.

    Raises NotFound where there is no such file, NoPixelData where the object has none (absent or empty), and
    CannotRender where the frame is incomplete, not described, or beyond the limits.
    """
    with _opened(path) as file:
        syntax = _transfer_syntax(file)
        with _inflated(file) if syntax in DEFLATED else _as_it_is(file) as dataset:
            return _first_frame(dataset, syntax)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound("DICOM file not found") from error
    except OSError as error:
        raise CannotRender("the file cannot be read") from error
    with file:
        yield file


@contextmanager
def _as_it_is(file: BinaryIO) -> Iterator[BinaryIO]:
    yield file


@contextmanager
def _inflated(file: BinaryIO) -> Iterator[BinaryIO]:
    """The inflated rest of the file in an unnamed temporary one, never more than MAX_INFLATED bytes of it."""
    with tempfile.TemporaryFile() as plain, refusing("the deflated data set is damaged"):
        stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        while not stream.eof and (chunk := stream.unconsumed_tail or file.read(_CHUNK)):
            plain.write(stream.decompress(chunk, _CHUNK))
            if plain.tell() > MAX_INFLATED:
                raise CannotRender("the inflated data set is larger than can be rendered")
        plain.seek(0)
        yield plain


def _transfer_syntax(file: BinaryIO) -> UID:
    with refusing("the file meta information cannot be read"):
        try:
            read_preamble(file, force=False)
        except InvalidDicomError as error:
            raise CannotRender("the file is no DICOM file") from error
        meta = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
        return UID(meta.TransferSyntaxUID)


def _first_frame(dataset: BinaryIO, syntax: UID) -> EncodedFrame:
    encoding = _Encoding(syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian)
    with refusing("the header cannot be read"):
        attributes, groups = _attributes(dataset, encoding)
        found = _read_header(dataset, encoding)
    if found is None or found.tag not in PIXEL_ELEMENTS or found.length == 0:
        raise NoPixelData("DICOM file does not contain pixel data")
    description = describe(attributes, PIXEL_ELEMENTS[found.tag])
    with refusing("the pixel data cannot be read"):
        if syntax in NATIVE:
            data = _native_frame(dataset, description, found.length)
        else:
            data = _encapsulated_frame(dataset, attributes, description)
    words = not encoding.little and found.vr == b"OW"
    return EncodedFrame(syntax, description, data, attributes, groups, not encoding.little, words)


def _attributes(dataset: BinaryIO, encoding: _Encoding) -> tuple[Dataset, tuple[Dataset, ...]]:
    """The wanted attributes up to the pixel data, and the functional groups; of the per-frame ones only the first."""
    attributes = _read_until(dataset, encoding, (PER_FRAME_GROUPS, *PIXEL_ELEMENTS))
    groups = list(attributes.get("SharedFunctionalGroupsSequence") or ())[:1]
    position = dataset.tell()
    header = _read_header(dataset, encoding)
    if header is None or header.tag != PER_FRAME_GROUPS:
        dataset.seek(position)
        return attributes, tuple(groups)
    groups += _first_of_sequence(dataset, encoding, header.length)
    attributes.update(_read_until(dataset, encoding, tuple(PIXEL_ELEMENTS)))
    return attributes, tuple(groups)


def _read_until(dataset: BinaryIO, encoding: _Encoding, stops: tuple[int, ...]) -> Dataset:
    return read_dataset(
        dataset,
        is_implicit_VR=encoding.implicit,
        is_little_endian=encoding.little,
        stop_when=lambda tag, *_: int(tag) in stops,
        specific_tags=_WANTED,
    )


def _read_header(dataset: BinaryIO, encoding: _Encoding) -> _ElementHeader | None:
    order = "<" if encoding.little else ">"
    head = dataset.read(8)
    if len(head) < 8:
        return None
    if encoding.implicit:
        group, element, length = Struct(order + "HHL").unpack(head)
        return _ElementHeader(group << 16 | element, b"", length)
    group, element, vr, length = Struct(order + "HH2sH").unpack(head)
    if vr in LONG_VRS:
        (length,) = Struct(order + "L").unpack(dataset.read(4))
    return _ElementHeader(group << 16 | element, vr, length)


def _first_of_sequence(dataset: BinaryIO, encoding: _Encoding, length: int) -> list[Dataset]:
    """The first item of a sequence; the others are stepped over, for there may be tens of thousands."""
    if length == 0:
        return []
    end = None if length == UNDEFINED else dataset.tell() + length
    item = read_sequence_item(dataset, encoding.implicit, encoding.little, "iso8859")
    if end is not None:
        dataset.seek(end)
    elif item is not None:
        _skip_items(dataset, encoding)
    return [] if item is None else [item]


def _skip_items(dataset: BinaryIO, encoding: _Encoding) -> None:
    head = Struct("<HHL" if encoding.little else ">HHL")
    while True:
        group, element, length = head.unpack(dataset.read(8))
        if group << 16 | element != ITEM:
            return
        if length == UNDEFINED:
            dataset.seek(-8, os.SEEK_CUR)
            read_sequence_item(dataset, encoding.implicit, encoding.little, "iso8859")
        else:
            dataset.seek(length, os.SEEK_CUR)


def _native_frame(dataset: BinaryIO, description: PixelDescription, length: int) -> bytes:
    if length == UNDEFINED:
        raise CannotRender("the pixel data is encapsulated, but the transfer syntax is not")
    position = dataset.tell()
    available = min(length, dataset.seek(0, os.SEEK_END) - position)
    if available < description.native_bytes:
        raise CannotRender("there is less pixel data than Rows and Columns say")
    dataset.seek(position)
    # One byte more where an odd frame stands in 16-bit words.
    return dataset.read(min(description.native_bytes + description.native_bytes % 2, available))


def _encapsulated_frame(dataset: BinaryIO, attributes: Dataset, description: PixelDescription) -> bytes:
    start = dataset.tell()
    head = Struct("<HHL")
    _, _, offsets = head.unpack(dataset.read(8))
    dataset.seek(offsets, os.SEEK_CUR)
    group, element, _ = head.unpack(dataset.read(8))
    if group << 16 | element == SEQUENCE_END:
        raise NoPixelData("DICOM file does not contain pixel data")
    dataset.seek(start)
    extended = None
    if "ExtendedOffsetTable" in attributes and "ExtendedOffsetTableLengths" in attributes:
        extended = (attributes.ExtendedOffsetTable, attributes.ExtendedOffsetTableLengths)
    return get_frame(dataset, 0, number_of_frames=description.frames, extended_offsets=extended)
