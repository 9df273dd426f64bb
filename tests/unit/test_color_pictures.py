"""Colour: palettes and colour spaces against formulas of the Standard (PS3.3 C.7.6.3.1.2, C.7.9)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pictures import Array, image_of, padded, rendered

from radnode.instance.pictures.segments import expand_segments
from radnode.model.errors import CannotRender

RANDOM = np.random.default_rng(7)
INDICES = np.arange(0, 250, 10, dtype=np.uint8).reshape(5, 5)
COLORS = ("Red", "Green", "Blue")


def palette(tables: list[Array], first: int, bits: int, *, width: int = 2) -> dict[str, Any]:
    made: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for color, entries in zip(COLORS, tables, strict=True):
        made[f"{color}PaletteColorLookupTableDescriptor"] = [len(entries) % 65536, first, bits]
        made[f"{color}PaletteColorLookupTableData"] = padded(entries.astype(f"<u{width}").tobytes())
    return made


@pytest.mark.parametrize(("bits", "width"), [(8, 1), (8, 2), (16, 2)])
@pytest.mark.parametrize("count", [256, 201, 65536])
def test_palettes(bits: int, width: int, count: int, tmp_path: Path) -> None:
    tables = [RANDOM.integers(0, 2**bits, count) for _ in COLORS]
    image = image_of(INDICES, **palette(tables, 30, bits, width=width))
    white = 2**bits - 1
    entries = np.stack(tables, axis=-1)[np.clip(INDICES.astype(int) - 30, 0, count - 1)]
    assert np.array_equal(rendered(image, tmp_path), np.floor(entries / white * 255 + 0.5).astype(np.uint8))


def test_a_palette_of_signed_indices_begins_below_zero(tmp_path: Path) -> None:
    indices = np.array([[-3, -2, -1, 0]], np.int16)
    tables = [np.array([10, 20, 30]) + place for place in range(3)]
    picture = rendered(image_of(indices, **palette(tables, 0x10000 - 2, 8)), tmp_path)
    assert picture.tolist() == [[[10, 11, 12], [10, 11, 12], [20, 21, 22], [30, 31, 32]]]


def test_a_palette_that_begins_far_below_the_indices(tmp_path: Path) -> None:
    indices = np.array([[-3, -2, -1, 0, 127]], np.int8)
    tables = [np.arange(20128) % 251 for _ in COLORS]
    picture = rendered(image_of(indices, **palette(tables, 0x10000 - 20000, 8)), tmp_path)
    assert picture[..., 0].tolist() == [[(index + 20000) % 251 for index in (-3, -2, -1, 0, 127)]]


def test_a_palette_with_missing_entries_is_refused(tmp_path: Path) -> None:
    cut = palette([np.arange(256)] * 3, 0, 16)
    cut["GreenPaletteColorLookupTableData"] = b"\1\2" * 128
    with pytest.raises(CannotRender, match="less data than its descriptor says"):
        rendered(image_of(INDICES, **cut), tmp_path)


def test_a_16_bit_palette_that_holds_8_bit_colours_is_not_black(tmp_path: Path) -> None:
    tables = [np.arange(256) for _ in COLORS]
    picture = rendered(image_of(INDICES, **palette(tables, 0, 16)), tmp_path)
    assert np.array_equal(picture, np.stack([INDICES] * 3, axis=-1))


def test_segmented_palettes(tmp_path: Path) -> None:
    """Discrete 3 entries, a line of 5 up to 1000, and the first of the two once more, by its byte offset."""
    segments = [0, 3, 10, 20, 0, 1, 5, 1000, 2, 1, 0, 0]
    expected = [10, 20, 0, 200, 400, 600, 800, 1000, 10, 20, 0]
    assert expand_segments(segments, 2) == expected
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for color in COLORS:
        attributes[f"{color}PaletteColorLookupTableDescriptor"] = [len(expected), 0, 16]
        attributes[f"Segmented{color}PaletteColorLookupTableData"] = np.array(segments, "<u2").tobytes()
    indices = np.arange(11, dtype=np.uint8).reshape(1, 11)
    picture = rendered(image_of(indices, **attributes), tmp_path)
    assert picture[0, :, 0].tolist() == np.floor(np.array(expected) / 65535 * 255 + 0.5).astype(int).tolist()


def test_indirect_segments_count_bytes() -> None:
    assert expand_segments([0, 1, 7, 1, 2, 9, 2, 1, 6, 0], 2) == [7, 8, 9, 9, 9]
    assert expand_segments([0, 2, 7, 8, 2, 1, 0, 0, 0, 0], 1) == [7, 8, 7, 8]


@pytest.mark.parametrize("segments", [[1, 5, 9], [9, 1, 1], [0, 1, 1, 2, 1, 6, 0]])
def test_nonsense_segments_are_refused(segments: list[int]) -> None:
    with pytest.raises(ValueError, match="segment type"):
        expand_segments(segments, 2)


def test_empty_segments_are_not_copied_without_end() -> None:
    with pytest.raises(ValueError, match="empty segment"):
        expand_segments([0, 1, 7, 0, 0, 2, 2, 0, 0], 2)


def test_segments_expand_to_a_bounded_number_of_entries() -> None:
    assert len(expand_segments([0, 1, 1] + [1, 65535, 2] * 1000, 2)) < 3 * 65536


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize(("dtype", "stored"), [(np.uint8, 8), (np.uint16, 16), (np.uint16, 12), (np.uint32, 32)])
def test_rgb(planar: int, dtype: type, stored: int, tmp_path: Path) -> None:
    values: Array = RANDOM.integers(0, 2**stored, (5, 7, 3)).astype(dtype)
    data = (values.transpose(2, 0, 1) if planar else values).tobytes()
    image = image_of(values, PlanarConfiguration=planar, BitsStored=stored, PixelData=padded(data))
    expected = np.floor(values / (2.0**stored - 1) * 255 + 0.5).astype(np.uint8)
    assert np.array_equal(rendered(image, tmp_path), expected)


def rgb_of(ybr: Array) -> Array:
    """C.7.6.3.1.2, YBR_FULL: the equations solved for R, G and B."""
    forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    rgb: Array = (ybr - np.array([0.0, 128.0, 128.0])) @ np.linalg.inv(forward).T
    return np.clip(rgb, 0, 255)


def test_ybr_full(tmp_path: Path) -> None:
    values = RANDOM.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    picture = rendered(image_of(values, PhotometricInterpretation="YBR_FULL"), tmp_path)
    assert np.abs(picture - rgb_of(values.astype(float))).max() < 0.6


def test_ybr_full_422_shares_chroma_between_two_pixels(tmp_path: Path) -> None:
    packed = RANDOM.integers(0, 256, (6, 4, 4)).astype(np.uint8)  # Y1 Y2 Cb Cr
    full = np.empty((6, 8, 3))
    full[:, 0::2, 0], full[:, 1::2, 0] = packed[..., 0], packed[..., 1]
    full[:, 0::2, 1:] = full[:, 1::2, 1:] = packed[..., 2:]
    image = image_of(
        np.zeros((6, 8, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422", PixelData=packed.tobytes()
    )
    assert np.abs(rendered(image, tmp_path) - rgb_of(full)).max() < 0.6


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_ybr_partial_422(dtype: type, tmp_path: Path) -> None:
    packed = np.array([[[16, 235, 128, 128]]], dtype) << (np.iinfo(dtype).bits - 8)
    image = image_of(
        np.zeros((1, 2, 3), dtype), PhotometricInterpretation="YBR_PARTIAL_422", PixelData=packed.tobytes()
    )
    assert rendered(image, tmp_path).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("photometric", ["HSV", "YBR_ICT", "ARGB", "MONOCHROME2", "PALETTE COLOR"])
def test_what_is_no_known_colour_is_refused(photometric: str, tmp_path: Path) -> None:
    with pytest.raises(CannotRender, match="Photometric Interpretation"):
        rendered(image_of(np.zeros((2, 2, 3), np.uint8), PhotometricInterpretation=photometric), tmp_path)


def test_colour_knows_no_window(tmp_path: Path) -> None:
    values = RANDOM.integers(0, 256, (4, 4, 3)).astype(np.uint8)
    assert np.array_equal(rendered(image_of(values, WindowCenter="10", WindowWidth="2"), tmp_path), values)


def test_colour_is_never_signed(tmp_path: Path) -> None:
    """C.7.6.3.1.1; what says that it were is read as it was stored."""
    for dtype in (np.uint8, np.uint16):
        values = RANDOM.integers(0, np.iinfo(dtype).max, (4, 4, 3)).astype(dtype)
        plain = rendered(image_of(values), tmp_path)
        assert np.array_equal(rendered(image_of(values, PixelRepresentation=1), tmp_path), plain)


def test_what_is_retired_is_refused_by_name(tmp_path: Path) -> None:
    image = image_of(np.zeros((2, 2, 3), np.uint8), PhotometricInterpretation="CMYK", SamplesPerPixel=4)
    with pytest.raises(CannotRender, match="Photometric Interpretation CMYK with 4"):
        rendered(image, tmp_path)
