"""Any frame of an image, with its own functional groups, however the frames are laid out (PS3.5 8.1.1, A.4)."""

import os
import struct
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)
from support.instances import write_part10
from support.pictures import Array, image_of, item, padded, pixels_of, with_syntax

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.pixels import read_frame
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender, NotApplicable

RANDOM = np.random.default_rng(17)
FRAMES = RANDOM.integers(0, 16, (3, 13, 17)).astype(np.uint8)
BASELINE = "1.2.840.10008.1.2.4.50"
ENCAPSULATED, DEFLATED = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"


def frames_of(path: Path, count: int = 3) -> Array:
    return np.stack([decode(read_frame(path, number)).values for number in range(1, count + 1)])


def series(values: Array, **overrides: Any) -> Dataset:
    """An image of several frames."""
    return image_of(values[0], **{"PixelData": padded(values.tobytes()), "NumberOfFrames": len(values), **overrides})


def in_fragments(value: bytes, **overrides: Any) -> Dataset:
    """FRAMES, encapsulated in that value."""
    image = series(FRAMES, **overrides)
    image.file_meta.TransferSyntaxUID = UID(RLELossless)
    image.PixelData = value
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    return image


def write(image: Dataset, syntax: str, folder: Path) -> Path:
    return with_syntax(write_part10(image, folder / "image.dcm"), syntax)


def lossless(values: Array) -> bytes:
    """A JPEG-LS codestream."""
    image = image_of(values)
    image.compress(JPEGLSLossless, encoding_plugin="pyjpegls", generate_instance_uid=False)
    data = image.PixelData
    return bytes(data[data.index(b"\xff\xd8") : data.rindex(b"\xff\xd9") + 2])


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("dtype", ["u1", "<i2"])
def test_native_frames_follow_each_other(syntax: str, dtype: str, tmp_path: Path) -> None:
    values = RANDOM.integers(0, 128, (3, 5, 7)).astype(dtype)
    path = write_part10(series(values, transfer_syntax=syntax), tmp_path / "image.dcm")
    assert np.array_equal(frames_of(path), values)


@pytest.mark.parametrize("size", [(5, 7), (3, 3), (4, 8), (1, 1)])
def test_frames_of_single_bits_begin_anywhere_in_a_byte(size: tuple[int, int], tmp_path: Path) -> None:
    values = RANDOM.integers(0, 2, (11, *size)).astype(np.uint8)
    data = padded(np.packbits(values.ravel(), bitorder="little").tobytes())
    image = series(values, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=data)
    assert np.array_equal(frames_of(write_part10(image, tmp_path / "image.dcm"), 11), values)


@pytest.mark.parametrize("bits", [1, 8])
def test_small_cells_in_big_endian_words(bits: int, tmp_path: Path) -> None:
    """Frames of 221 cells: every other one begins in the middle of a word (PS3.5 A.3)."""
    values = FRAMES if bits == 8 else FRAMES % 2
    data = FRAMES.tobytes() if bits == 8 else np.packbits(values.ravel(), bitorder="little").tobytes()
    image = series(values, transfer_syntax=ExplicitVRBigEndian, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    image["PixelData"].VR = "OW"
    image.PixelData = np.frombuffer(padded(data), "<u2").byteswap().tobytes()
    assert np.array_equal(frames_of(write_part10(image, tmp_path / "image.dcm")), values)


def extended(codestreams: list[bytes]) -> dict[str, Any]:
    """The value and the tables that say where each frame is in it."""
    value, offsets, lengths = encapsulate_extended(codestreams)
    return {"value": value, "ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}


LAYOUTS: dict[str, Callable[[list[bytes]], dict[str, Any]]] = {
    "basic offset table": lambda frames: {"value": encapsulate(frames)},
    "basic offset table, several fragments": lambda frames: {"value": encapsulate(frames, fragments_per_frame=3)},
    "no table": lambda frames: {"value": encapsulate(frames, has_bot=False)},
    "no table, several fragments": lambda frames: {"value": encapsulate(frames, fragments_per_frame=3, has_bot=False)},
    "extended offset table": extended,
    "a table that leads elsewhere": lambda frames: {
        "value": encapsulate(frames)[:8] + struct.pack("<3L", 0, 6, 2**31) + encapsulate(frames)[20:]
    },
    "a table of one entry": lambda frames: {
        "value": encapsulate(frames, has_bot=False).replace(bytes(4), b"\4\0\0\0" + bytes(4), 1)
    },
    "extended offsets that lead elsewhere": lambda frames: {
        **extended(frames),
        "ExtendedOffsetTable": struct.pack("<3Q", 2, 2**63, 2**64 - 8),
    },
    "all in one fragment": lambda frames: {
        "value": encapsulate([padded(b"".join(map(padded, frames)))], has_bot=False)
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_encapsulated_frames(layout: str, tmp_path: Path) -> None:
    image = in_fragments(**LAYOUTS[layout]([lossless(frame) for frame in FRAMES]))
    assert np.array_equal(frames_of(write(image, JPEGLSLossless, tmp_path)), FRAMES)


def test_frames_that_are_no_codestreams(tmp_path: Path) -> None:
    deflated = []
    for frame in FRAMES:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated.append(padded(deflater.compress(frame.tobytes()) + deflater.flush()))
    run_lengths = series(FRAMES)
    run_lengths.compress(RLELossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    native = [padded(frame.tobytes()) for frame in FRAMES]
    for syntax, value in (
        (DEFLATED, encapsulate(deflated, has_bot=False)),
        (RLELossless, run_lengths.PixelData),
        (ENCAPSULATED, encapsulate(native)),
        (ENCAPSULATED, encapsulate([padded(FRAMES.tobytes())], has_bot=False)),
    ):
        assert np.array_equal(frames_of(write(in_fragments(value), syntax, tmp_path)), FRAMES)


def test_fragments_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    image = in_fragments(encapsulate([bytes(8)] * 7, has_bot=False))
    with pytest.raises(CannotRender, match="cannot be read"):
        read_frame(write(image, JPEGLSLossless, tmp_path), 2)


def test_empty_fragments(tmp_path: Path) -> None:
    """Between the fragments of frames they are no frames; in the place of one they are a frame that is not there."""
    codestreams = [padded(lossless(frame)) for frame in FRAMES]

    def joined(*fragments: bytes) -> bytes:
        return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(one)) + one for one in (b"", *fragments))

    between = joined(codestreams[0], b"", codestreams[1], b"", b"", codestreams[2])
    assert np.array_equal(frames_of(write(in_fragments(between), JPEGLSLossless, tmp_path)), FRAMES)
    instead = joined(codestreams[0], b"", codestreams[2])
    path = write(in_fragments(instead), JPEGLSLossless, tmp_path)
    assert np.array_equal(decode(read_frame(path, 3)).values, FRAMES[2])
    with pytest.raises(CannotRender, match="no frame 2"):
        read_frame(path, 2)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, 10_000, 2**32 - 8])
def test_a_fragment_that_claims_more_than_there_is_ends_the_frames(length: int, tmp_path: Path) -> None:
    codestreams = [padded(lossless(frame)) for frame in FRAMES]
    value = bytearray(encapsulate(codestreams))
    last = value.rindex(b"\xfe\xff\x00\xe0")
    value[last + 4 : last + 8] = struct.pack("<L", length)
    path = write(in_fragments(encapsulate(codestreams)), JPEGLSLossless, tmp_path)
    path.write_bytes(path.read_bytes().replace(encapsulate(codestreams), bytes(value)))
    assert np.array_equal(frames_of(path, 2), FRAMES[:2])
    with pytest.raises(CannotRender, match="no frame 3"):
        read_frame(path, 3)


@pytest.mark.parametrize("number", [0, -1, 4, 2**31])
def test_a_number_beyond_the_frames_is_told(number: int, tmp_path: Path) -> None:
    path = write_part10(series(FRAMES), tmp_path / "image.dcm")
    with pytest.raises(NotApplicable, match=r"^Parameter frame must be from 1 to 3$"):
        render(path, PictureWish(frame=number))


def test_frames_that_are_declared_but_not_there(tmp_path: Path) -> None:
    native = write_part10(series(FRAMES, NumberOfFrames=2**31 - 1), tmp_path / "native.dcm")
    assert np.array_equal(frames_of(native), FRAMES)
    with pytest.raises(CannotRender, match="less pixel data"):
        read_frame(native, 4)
    image = in_fragments(encapsulate([lossless(frame) for frame in FRAMES]), NumberOfFrames=2**31 - 1)
    path = write(image, JPEGLSLossless, tmp_path)
    assert np.array_equal(frames_of(path), FRAMES)
    with pytest.raises(CannotRender, match="no frame 2000000000"):
        read_frame(path, 2_000_000_000)


def with_groups(centers: list[int], *, undefined: bool, syntax: str) -> Dataset:
    """Frames of the value 100, each with a window of its own."""
    values = np.full((len(centers), 2, 2), 100, np.uint8)
    groups = [
        item(FrameVOILUTSequence=[item(WindowCenter=str(center), WindowWidth="100")], PixelMeasuresSequence=[item()])
        for center in centers
    ]
    image = series(values, PerFrameFunctionalGroupsSequence=groups, transfer_syntax=syntax)
    for sequence in (image, *groups):
        for element in sequence:
            if element.VR == "SQ":
                element.is_undefined_length = undefined
                for one in element.value:
                    one.is_undefined_length_sequence_item = undefined
    return image


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_each_frame_has_its_own_functional_groups(undefined: bool, syntax: str, tmp_path: Path) -> None:
    def shown(*centers: int) -> list[int]:
        path = write_part10(with_groups(list(centers), undefined=undefined, syntax=syntax), tmp_path / "image.dcm")
        return [pixels_of(render(path, PictureWish(frame=place + 1)).data)[0, 0] for place in range(len(centers))]

    assert shown(50, 100, 150) == [255, 129, 0]
    # What was remembered of the file does not hold for another one in its place.
    assert shown(150, 100, 1050, 50) == [0, 129, 0, 255]


def test_places_are_not_remembered_over_a_change_that_hides(tmp_path: Path) -> None:
    """Another file under the same name, of the same size, inode and time of modification."""
    path = tmp_path / "image.dcm"
    for centers in ([50, 1050, 150], [1050, 50, 150], [150, 1050, 50]):
        write_part10(with_groups(centers, undefined=True, syntax=ExplicitVRLittleEndian), path)
        os.utime(path, (1, 1))
        groups = [read_frame(path, number).groups[0] for number in (1, 2, 3)]
        assert [int(group.FrameVOILUTSequence[0].WindowCenter) for group in groups] == centers


def test_a_frame_is_told_in_the_facts(tmp_path: Path) -> None:
    path = write_part10(series(FRAMES), tmp_path / "image.dcm")
    assert render(path, PictureWish(frame=2)).facts.frame == "2"


def test_a_late_frame_of_many_takes_no_longer_than_the_first(tmp_path: Path) -> None:
    """5,000 frames, without an offset table and with; the time of the whole is what would be too long."""
    one = Image.fromarray(np.zeros((256, 256), np.uint8))
    out = BytesIO()
    one.save(out, "JPEG")
    image = in_fragments(encapsulate([padded(out.getvalue())] * 5000, has_bot=False), NumberOfFrames=5000)
    image.Rows = image.Columns = 256
    path = write(image, BASELINE, tmp_path)
    began = time.process_time()
    for number in (1, 2500, 5000):
        assert not decode(read_frame(path, number)).values.any()
    assert time.process_time() - began < 1
