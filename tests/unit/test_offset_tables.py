"""Offset tables that lie (PS3.5 A.4): no frame is shown as another."""

import struct
from itertools import accumulate
from pathlib import Path

import jpeg_ls
import numpy as np
import pytest
from pydicom.uid import UID, JPEGLSLossless
from support.instances import write_part10
from support.pictures import image_of, padded

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.pixels import read_frame
from radnode.model.errors import CannotRender

FRAMES = np.random.default_rng(7).integers(0, 256, (5, 16, 16), np.uint8)
STREAMS = [padded(bytes(jpeg_ls.encode_buffer(frame.tobytes(), 16, 16, 1, 8, 0, 0))) for frame in FRAMES]
HALVES = [half for data in STREAMS for half in (data[: len(data) // 4 * 2], data[len(data) // 4 * 2 :])]


def places(fragments: list[bytes]) -> list[int]:
    """Where they begin, and where they end."""
    return [0, *accumulate(len(data) + 8 for data in fragments)]


PLACES = places(STREAMS)
LIES = {
    "from the second on": PLACES[1:],
    "backwards": PLACES[4::-1],
    "two in each other's place": [PLACES[number] for number in (0, 2, 1, 3, 4)],
    "all the first": [0] * 5,
    "without the second": [PLACES[number] for number in (0, 2, 3, 4, 5)],
    "one twice": [PLACES[number] for number in (0, 2, 3, 4, 4)],
}


def write(table: list[int], fragments: list[bytes], folder: Path, extended: list[int] | None = None) -> Path:
    image = image_of(FRAMES[0], NumberOfFrames=5)
    image.file_meta.TransferSyntaxUID = UID(JPEGLSLossless)
    items = [struct.pack(f"<{len(table)}L", *table), *fragments]
    image.PixelData = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(data)) + data for data in items)
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    if extended is not None:
        image.ExtendedOffsetTable = struct.pack(f"<{len(extended)}Q", *extended)
        image.ExtendedOffsetTableLengths = struct.pack("<5Q", *map(len, STREAMS))
    return write_part10(image, folder / "image.dcm")


def shown(path: Path, number: int) -> int | None:
    """Which of the frames that is, 1 the first; None where it is refused."""
    try:
        values = decode(read_frame(path, number)).values
    except CannotRender:
        return None
    return next(place for place, frame in enumerate(FRAMES, 1) if np.array_equal(frame, values))


@pytest.mark.parametrize("lie", LIES)
def test_a_table_that_contradicts_itself_is_not_believed(lie: str, tmp_path: Path) -> None:
    path = write(LIES[lie], STREAMS, tmp_path)
    assert [shown(path, number) for number in range(1, 6)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("lie", LIES)
def test_nor_is_an_extended_one(lie: str, tmp_path: Path) -> None:
    path = write([], STREAMS, tmp_path, extended=LIES[lie][:5])
    assert [shown(path, number) for number in range(1, 6)] == [1, 2, 3, 4, 5]


def test_a_table_of_fragments_is_none_of_frames(tmp_path: Path) -> None:
    path = write(places(HALVES)[:5], HALVES, tmp_path)
    assert all(shown(path, number) in (number, None) for number in range(1, 6))


def test_as_many_fragments_as_frames_may_still_be_parts_of_fewer(tmp_path: Path) -> None:
    path = write([], [*HALVES[:2], *STREAMS[1:4]], tmp_path)
    assert all(shown(path, number) in (number, None) for number in range(1, 6))
