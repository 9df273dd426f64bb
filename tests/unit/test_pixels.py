"""Native pixel data of every kind (PS3.5 8.1.1, 8.2, Annex D), and what is refused before anything is decoded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from support.instances import REMOVED, make_instance, write_part10
from support.pictures import Array, image_of, padded, rendered

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.native import stored_values
from radnode.instance.decoding.pixels import read_frame
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender, NoPixelData, NotFound

RANDOM = np.random.default_rng(3)


def decoded(path: Path) -> Array:
    return decode(read_frame(path)).values


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", "<u4", "<i4"])
def test_little_endian_cells(syntax: str, dtype: str, tmp_path: Path) -> None:
    limits = np.iinfo(dtype)
    values = RANDOM.integers(limits.min, limits.max, (5, 7), endpoint=True).astype(dtype)
    image = image_of(values, transfer_syntax=syntax)
    assert np.array_equal(decoded(write_part10(image, tmp_path / "image.dcm")), values)


@pytest.mark.parametrize(("dtype", "vr"), [("u1", "OB"), ("u1", "OW"), ("i1", "OW"), (">u2", "OW"), (">i2", "OW")])
def test_big_endian_cells(dtype: str, vr: str, tmp_path: Path) -> None:
    limits = np.iinfo(dtype)
    values = RANDOM.integers(limits.min, limits.max, (5, 7), endpoint=True).astype(dtype)
    data = padded(values.tobytes())
    if vr == "OW" and values.dtype.itemsize == 1:
        data = np.frombuffer(data, "<u2").byteswap().tobytes()
    image = image_of(values, transfer_syntax=ExplicitVRBigEndian)
    # A writer swaps words from the machine's order; what is wanted here is that these very bytes stand in the file.
    image["PixelData"].VR = vr
    image.PixelData = data
    path = write_part10(image, tmp_path / "image.dcm")
    assert data in path.read_bytes()
    assert np.array_equal(decoded(path), values)


def in_words(values: Array, order: str) -> Dataset:
    """32-bit values in big endian OW, the low word first or the high one."""
    image = image_of(values, transfer_syntax=ExplicitVRBigEndian)
    words = values.astype("<u4" if order == "low" else ">u4").tobytes()
    image["PixelData"].VR = "OW"
    image.PixelData = np.frombuffer(words, "<u2").byteswap().tobytes() if order == "low" else words
    return image


@pytest.mark.parametrize("order", ["low", "high"])
@pytest.mark.parametrize("unit", [1, 2**16])
def test_wide_cells_in_big_endian_words_are_not_guessed_at(unit: int, order: str, tmp_path: Path) -> None:
    """Numbers up to 30, and 65,536 times them, are the same bytes: who guesses tells a wrong dose one time."""
    values = np.add.outer(np.arange(16), np.arange(16)).astype(np.uint32) * unit
    with pytest.raises(CannotRender, match="two ways"):
        rendered(in_words(values, order), tmp_path)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("allocated", [24, 40, 48, 56, 64])
def test_cells_of_unusual_width(allocated: int, signed: bool, tmp_path: Path) -> None:
    stored = allocated - 3
    low, high = (-(2 ** (stored - 1)), 2 ** (stored - 1)) if signed else (0, 2**stored)
    values = RANDOM.integers(low, high, (5, 7), dtype=np.int64)
    rubbish = RANDOM.integers(0, 8, (5, 7)).ravel()
    cells = [
        (int(value) % 2**stored) | int(more) << stored for value, more in zip(values.ravel(), rubbish, strict=True)
    ]
    image = image_of(values, BitsAllocated=allocated, BitsStored=stored, PixelRepresentation=int(signed))
    image.PixelData = padded(b"".join(cell.to_bytes(allocated // 8, "little") for cell in cells))
    assert np.array_equal(decoded(write_part10(image, tmp_path / "image.dcm")), values)


@pytest.mark.parametrize("frames", [1, 3])
def test_single_bits_are_packed_from_the_lowest_on(frames: int, tmp_path: Path) -> None:
    values = RANDOM.integers(0, 2, (frames, 5, 7)).astype(np.uint8)
    data = padded(np.packbits(values.ravel(), bitorder="little").tobytes())
    image = image_of(values[0], BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=data, NumberOfFrames=str(frames))
    assert np.array_equal(decoded(write_part10(image, tmp_path / "image.dcm")), values[0])
    assert np.array_equal(rendered(image, tmp_path), values[0] * 255)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("stored", "high_bit"), [(12, 11), (12, 15), (10, 12), (15, 14), (1, 0), (16, 15)])
def test_bits_that_are_not_stored_are_rubbish(signed: bool, stored: int, high_bit: int, tmp_path: Path) -> None:
    low = high_bit + 1 - stored
    values = RANDOM.integers(-(2 ** (stored - 1)) if signed else 0, 2 ** (stored - int(signed)), (6, 6))
    mask = (2**stored - 1) << low
    rubbish = RANDOM.integers(0, 65536, (6, 6)) & ~mask
    cells = (((values << low) & mask) | rubbish).astype("<u2")
    image = image_of(
        cells, BitsStored=stored, HighBit=high_bit, PixelRepresentation=int(signed), PixelData=cells.tobytes()
    )
    assert np.array_equal(decoded(write_part10(image, tmp_path / "image.dcm")), values)


@pytest.mark.parametrize("stored", range(1, 9))
def test_stored_values_of_every_8_bit_cell(stored: int) -> None:
    cells = np.arange(256, dtype=np.uint8)
    expected = [(cell & (2**stored - 1)) - (2**stored if cell & 2 ** (stored - 1) else 0) for cell in range(256)]
    assert stored_values(cells, stored=stored, high_bit=stored - 1, signed=True).tolist() == expected


def test_a_high_bit_that_cannot_be_is_not_believed(tmp_path: Path) -> None:
    values = np.arange(36, dtype=np.uint16).reshape(6, 6)
    image = image_of(values, BitsStored=12, HighBit=3)
    assert np.array_equal(decoded(write_part10(image, tmp_path / "image.dcm")), values)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"Rows": 0}, "Rows or Columns"),
        ({"Columns": 0}, "Rows or Columns"),
        ({"Rows": REMOVED}, "Rows is missing"),
        ({"SamplesPerPixel": REMOVED}, "Samples per Pixel is missing"),
        ({"SamplesPerPixel": 4}, "4 Samples per Pixel"),
        ({"BitsAllocated": REMOVED}, "Bits Allocated is missing"),
        ({"BitsAllocated": 12}, "12 Bits Allocated"),
        ({"BitsStored": 17, "HighBit": 15}, "Bits Stored"),
        ({"BitsStored": 0, "HighBit": 15}, "Bits Stored"),
        ({"PixelRepresentation": REMOVED}, "Pixel Representation is missing"),
        ({"PixelRepresentation": 2}, "Pixel Representation"),
        ({"PhotometricInterpretation": REMOVED}, "Photometric Interpretation is missing"),
        ({"PhotometricInterpretation": "RGB"}, "Photometric Interpretation RGB of 1 sample"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette"),
        ({"Rows": 7}, "less pixel data"),
        ({"Rows": 65535, "Columns": 65535}, "larger than can be rendered"),
        ({"Rows": 16384, "Columns": 16384, "BitsAllocated": 32, "BitsStored": 32}, "larger than can be rendered"),
    ],
)
def test_what_cannot_be_rendered_says_why(attributes: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(CannotRender, match=why):
        rendered(image_of(np.zeros((6, 6), np.uint16), **attributes), tmp_path)


@pytest.mark.parametrize("attributes", [{"PixelData": REMOVED}, {"PixelData": b""}])
def test_no_pixel_data(attributes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(NoPixelData):
        rendered(make_instance(**attributes), tmp_path)


def test_a_missing_file_is_not_found_and_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        render(tmp_path / "missing.dcm", PictureWish())
    other = tmp_path / "other.dcm"
    for content in (b"", b"GIF89a" + bytes(500)):
        other.write_bytes(content)
        with pytest.raises(CannotRender, match="preamble"):
            render(other, PictureWish())


def test_only_the_first_frame_is_shown(tmp_path: Path) -> None:
    frames = RANDOM.integers(0, 256, (3, 4, 4)).astype(np.uint8)
    frames[0, 0, :2] = 0, 255
    image = image_of(frames[0], PixelData=frames.tobytes(), NumberOfFrames="3")
    assert np.array_equal(rendered(image, tmp_path), frames[0])


def test_jpeg_follows_the_quality(tmp_path: Path) -> None:
    values = RANDOM.integers(0, 256, (64, 64)).astype(np.uint8)
    path = write_part10(image_of(values, WindowCenter="128", WindowWidth="256"), tmp_path / "image.dcm")
    fine, coarse = (render(path, PictureWish("jpeg", quality)).data for quality in (100, 10))
    assert fine.startswith(b"\xff\xd8")
    assert len(coarse) < len(fine) / 2
