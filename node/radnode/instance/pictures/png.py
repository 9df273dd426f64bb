"""Writes PNG (ISO/IEC 15948) for speed: one filter for the whole picture, chosen by a sample, deflated by ISA-L."""

from collections.abc import Iterator
from struct import pack

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NONE, SUB, UP = 0, 1, 2
"""Filter types (9.2): the samples themselves, or what they are more than the pixel before or above."""
_GREY, _TRUECOLOUR = 0, 2
_LEVEL = 2
_STRIP = 2**20  # bytes that are filtered at once: more than that leaves the processor's cache
_SAMPLED = 8  # rows of a sample, of which there are so many
_SAMPLES = 4

Picture = NDArray[np.uint8]


def encode_png(picture: Picture) -> bytes:
    """The picture, rows x columns (grey) or rows x columns x 3 (RGB), 8 bits a sample; the same one, the same bytes."""
    rows, columns = picture.shape[:2]
    colour, samples = (_TRUECOLOUR, 3) if picture.ndim == 3 else (_GREY, 1)
    lines = np.ascontiguousarray(picture).reshape(rows, columns * samples)
    header = pack(">2I5B", columns, rows, 8, colour, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), *_data(lines, samples), _chunk(b"IEND", b""))
    return b"".join((SIGNATURE, *chunks))


def _chunk(name: bytes, data: bytes) -> bytes:
    return b"".join((pack(">I", len(data)), name, data, pack(">I", isal_zlib.crc32(data, isal_zlib.crc32(name)))))


def _data(lines: Picture, samples: int) -> Iterator[bytes]:
    """The zlib stream, in as many chunks as it comes in (11.2.4)."""
    kind, compressor = _best_filter(lines, samples), isal_zlib.compressobj(_LEVEL)
    height = max(1, _STRIP // lines.shape[1])
    for top in range(0, len(lines), height):
        if data := compressor.compress(_filtered(lines, top, top + height, samples, kind)):
            yield _chunk(b"IDAT", data)
    yield _chunk(b"IDAT", compressor.flush())


def _best_filter(lines: Picture, samples: int) -> int:
    """The one that makes the least of some rows here and there."""
    step = max(_SAMPLED, len(lines) // _SAMPLES)
    tops = range(min(step // 2, len(lines) - 1), len(lines), step)

    def size(kind: int) -> int:
        sample = [_filtered(lines, top, top + _SAMPLED, samples, kind) for top in tops]
        return len(isal_zlib.compress(np.concatenate(sample), _LEVEL))

    return min((NONE, SUB, UP), key=size)


def _filtered(lines: Picture, top: int, bottom: int, samples: int, kind: int) -> Picture:
    """These rows, the filter type before each."""
    rows = lines[top:bottom]
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = kind
    data = filtered[:, 1:]
    if kind == SUB:
        data[:, :samples] = rows[:, :samples]
        np.subtract(rows[:, samples:], rows[:, :-samples], out=data[:, samples:])
    elif kind == UP:
        np.subtract(rows[1:], rows[:-1], out=data[1:])
        data[0] = rows[0] - lines[top - 1] if top else rows[0]
    else:
        data[:] = rows
    return filtered
