"""Reads what a JPEG, JPEG-LS or JPEG 2000 codestream says of itself, before any decoder is let loose on it."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from radnode.model.errors import CannotRender

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_AFTER_HEADERS = frozenset({0xD9, 0xDA})  # the end, and what precedes entropy-coded data
_HUFFMAN_TABLES = 0xC4
_CODING_STYLE, _TILE_PART = 0x52, 0x90
_SCAN = re.compile(rb"\xff\xda\0[\x06-\x0c][\x01-\x04]")  # and of how many components
_JP2_SIGNATURE = b"\0\0\0\x0cjP  "


class Process(Enum):
    """How the samples are coded: what decides which decoder can read them."""

    DCT = "JPEG, discrete cosine transform"
    LOSSLESS = "lossless JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"


@dataclass(frozen=True)
class Codestream:
    """Size, precision in bits and components of a codestream.

    `transform` is the colour transform of Adobe's APP14 segment, or the multiple component transformation of JPEG 2000;
    0 says that there is none, None that the codestream does not say. `jfif` says whether there is a JFIF segment, and
    `letters` whether the components are called R, G, B.
    """

    process: Process
    rows: int
    columns: int
    components: int
    precision: int
    transform: int | None = None
    jfif: bool = False
    letters: bool = False


def read_codestream(data: bytes) -> Codestream:
    """The frame header of a codestream; CannotRender where there is none."""
    try:
        if data.startswith(_JP2_SIGNATURE):
            return _jpeg_2000(data, data.index(b"jp2c") + 4)
        if data.startswith(b"\xff\x4f\xff\x51"):
            return _jpeg_2000(data, 0)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except (IndexError, ValueError, ArithmeticError, struct.error) as error:
        raise CannotRender("the compressed frame has no valid header") from error
    raise CannotRender("the compressed frame is not of the declared kind")


def _jpeg_2000(data: bytes, start: int) -> Codestream:
    """The SIZ segment, and whether COD says that the components are transformed (ISO/IEC 15444-1 A.5.1, A.6.1)."""
    width, height, left, top = struct.unpack_from(">4L", data, start + 8)
    components = struct.unpack_from(">H", data, start + 40)[0]
    sizes = {data[start + 42 + 3 * component] for component in range(components)}
    if len(sizes) != 1:
        raise CannotRender("the components of the compressed frame differ in precision or sign")
    precision = (sizes.pop() & 0x7F) + 1
    position, transform = start + 2, None
    while data[position] == 0xFF and data[position + 1] not in (_TILE_PART, 0xD9):
        if data[position + 1] == _CODING_STYLE:
            transform = data[position + 8]
            break
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return Codestream(Process.JPEG_2000, height - top, width - left, components, precision, transform)


def _jpeg(data: bytes) -> Codestream:
    transform, jfif = None, False
    for marker, begin, end in _segments(data):
        segment = data[begin:end]
        if process := _process(marker):
            return _frame_header(process, segment, transform, jfif)
        if marker in _AFTER_HEADERS:
            break
        jfif = jfif or (marker == 0xE0 and segment.startswith(b"JFIF\0"))
        if marker == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
            transform = segment[11]
    raise ValueError("no frame header")


def end_of_image(data: bytes) -> int:
    """Where the data of a JPEG ends: before its marker of that and what fills up to it. Raises ValueError for none."""
    scan = next(end for marker, _, end in _segments(data) if marker in _AFTER_HEADERS)
    return len(data[: data.index(b"\xff\xd9", scan)].rstrip(b"\xff"))


def components_in_scans(data: bytes) -> int:
    """How many components of a JPEG have a scan, one for all or one of their own (ITU-T T.81 B.2.3)."""
    first = next(begin for marker, begin, _ in _segments(data) if marker in _AFTER_HEADERS)
    scans = (data[found.end() : found.end() + 2 * found[0][-1] : 2] for found in _SCAN.finditer(data, first - 4))
    return len({name for names in scans for name in names})


def lossless_differences(data: bytes) -> frozenset[int]:
    """The differences that a decoder of lossless JPEG makes without data.

    Those are 0 and, of each table, what its code of zeros with zeros behind it says (ITU-T T.81 H.1.2, C). Raises
    ValueError and IndexError.
    """
    differences = {0}
    for marker, begin, end in _segments(data):
        if marker in _AFTER_HEADERS:
            break
        table = begin
        while marker == _HUFFMAN_TABLES and table < end:
            differences.add(1 - 2 ** min(data[table + 17], 16))
            table += 17 + sum(data[table + 1 : table + 17])
    return frozenset(differences)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker of each segment and where its parameters begin and end (ITU-T T.81 B.1.1.4, T.87 C.1.1).

    What follows a scan's header is not segments any more. Raises ValueError and IndexError at the end of the data.
    """
    position = 2
    while True:
        position = data.index(b"\xff", position)
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE or marker == 0:
            position += 1 if marker == 0xFF else 2
            continue
        begin = position + 4
        position += 2 + int.from_bytes(data[position + 2 : begin], "big")
        yield marker, begin, position


def _process(marker: int) -> Process | None:
    if marker == 0xC3:
        return Process.LOSSLESS
    if marker == 0xF7:
        return Process.JPEG_LS
    return Process.DCT if marker in (0xC0, 0xC1, 0xC2) else None


def _frame_header(process: Process, segment: bytes, transform: int | None, jfif: bool) -> Codestream:
    rows, columns = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    names = bytes(segment[6::3][: segment[5]])
    letters = names.upper() == b"RGB"
    return Codestream(process, rows, columns, segment[5], segment[0], transform, jfif, letters)
