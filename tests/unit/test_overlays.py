"""Overlay planes (PS3.3 C.9.2, C.9.3), drawn where they are asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.peers import run
from support.pictures import Array, facts_of, image_of, rendered

DARK = np.full((9, 11), 10, np.uint8)
WINDOW = {"WindowCenter": "128", "WindowWidth": "256"}
POINTS = np.zeros((3, 5), np.uint8)
POINTS[0, 0] = POINTS[1, 2] = POINTS[2, 4] = 1


def packed(bits: Array) -> bytes:
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def with_plane(image: Dataset, bits: Array, origin: tuple[int, int] = (1, 1), group: int = 0x6000, **more: Any) -> None:
    """Adds a plane; its frames, if `bits` has three dimensions, begin at the frame `first`."""
    image.add_new((group, 0x0010), "US", bits.shape[-2])
    image.add_new((group, 0x0011), "US", bits.shape[-1])
    if bits.ndim == 3:
        image.add_new((group, 0x0015), "IS", str(len(bits)))
    image.add_new((group, 0x0040), "CS", more.get("type", "G"))
    image.add_new((group, 0x0050), "SS", list(origin))
    if "first" in more:
        image.add_new((group, 0x0051), "US", more["first"])
    image.add_new((group, 0x0100), "US", more.get("allocated", 1))
    image.add_new((group, 0x0102), "US", more.get("position", 0))
    if "position" not in more:
        image.add_new((group, 0x3000), "OW", more.get("data", packed(bits)))


def overlaid(image: Dataset, folder: Path, **wish: Any) -> Array:
    return rendered(image, folder, overlays=True, **wish)


def over(values: Array, points: list[tuple[int, int]], color: int = 255) -> Array:
    expected = values.copy()
    for row, column in points:
        expected[row, column] = color
    return expected


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(
    ("origin", "points"),
    [
        ((1, 1), [(0, 0), (1, 2), (2, 4)]),
        ((4, 6), [(3, 5), (4, 7), (5, 9)]),
        ((0, -1), [(0, 0), (1, 2)]),
        ((8, 8), [(7, 7), (8, 9)]),
        ((100, 1), []),
        ((-30000, -30000), []),
    ],
)
def test_planes_are_white_from_their_origin_on_and_cut_at_the_images_edge(
    syntax: UID, origin: tuple[int, int], points: list[tuple[int, int]], tmp_path: Path
) -> None:
    values = DARK.astype(np.uint16)
    if syntax == ExplicitVRBigEndian:
        image = image_of(values, **WINDOW, PixelData=values.byteswap().tobytes())
        with_plane(image, POINTS, origin, data=np.frombuffer(packed(POINTS), "<u2").byteswap().tobytes())
    else:
        image = image_of(values, **WINDOW)
        with_plane(image, POINTS, origin)
    image.file_meta.TransferSyntaxUID = syntax
    assert np.array_equal(overlaid(image, tmp_path), over(DARK, points))
    assert np.array_equal(rendered(image, tmp_path), DARK)


def test_where_the_image_is_bright_they_are_black_and_colour_keeps_its_three_samples(tmp_path: Path) -> None:
    bright = np.full((9, 11), 200, np.uint8)
    image = image_of(bright, **WINDOW)
    with_plane(image, POINTS)
    assert np.array_equal(overlaid(image, tmp_path), over(bright, [(0, 0), (1, 2), (2, 4)], 0))
    color = image_of(np.stack([DARK] * 3, axis=-1))
    with_plane(color, POINTS, type="R")
    assert overlaid(color, tmp_path)[1, 2].tolist() == [255, 255, 255]


def test_several_planes_and_their_count(tmp_path: Path) -> None:
    image = image_of(DARK, **WINDOW)
    for place in range(20):
        with_plane(image, np.ones((1, 1), np.uint8), (1 + place % 9, 1 + place // 9), group=0x6000 + 2 * place)
    assert facts_of(image, tmp_path, overlays=True).overlays == "16 drawn"
    assert np.count_nonzero(overlaid(image, tmp_path) == 255) == 16
    assert facts_of(image, tmp_path).overlays == facts_of(image_of(DARK), tmp_path, overlays=True).overlays == "none"


def test_overlays_of_frames(tmp_path: Path) -> None:
    """Two overlay frames of 15 points, not on byte borders, for the frames 2 and 3; one plane is for all frames."""
    image = image_of(DARK, **WINDOW, NumberOfFrames="4", PixelData=DARK.tobytes() * 4)
    with_plane(image, np.stack([POINTS, POINTS[::-1]]), first=2)
    with_plane(image, np.ones((1, 1), np.uint8), (9, 11), group=0x6002)
    corner = (8, 10)
    drawn = {1: [], 2: [(0, 0), (1, 2), (2, 4)], 3: [(2, 0), (1, 2), (0, 4)], 4: []}
    for frame, points in drawn.items():
        assert np.array_equal(overlaid(image, tmp_path, frame=frame), over(DARK, [*points, corner])), frame


def test_a_bit_above_the_stored_ones(tmp_path: Path) -> None:
    """Retired, but there are archives full of it."""
    bits = np.zeros((4, 4), np.uint16)
    bits[1, 3] = 1
    values = np.full((4, 4), 100, np.uint16) | bits << 12
    image = image_of(values, BitsStored=12, WindowCenter="2048", WindowWidth="4096")
    with_plane(image, bits, allocated=16, position=12)
    assert np.array_equal(overlaid(image, tmp_path), over(rendered(image, tmp_path), [(1, 3)]))
    assert set(rendered(image, tmp_path).ravel()) == {6}


@pytest.mark.parametrize("more", [{"data": b"\0\0"}, {"allocated": 8, "position": 3}, {"position": 40}])
def test_a_plane_that_is_not_there_is_told_and_left_out(more: dict[str, Any], tmp_path: Path) -> None:
    image = image_of(DARK, **WINDOW)
    with_plane(image, np.ones((9, 11), np.uint8), **more)
    assert np.array_equal(overlaid(image, tmp_path), DARK)
    assert facts_of(image, tmp_path, overlays=True).overlays == "0 drawn, 1 unreadable"


def test_overlays_are_drawn_before_the_picture_is_made_smaller(tmp_path: Path) -> None:
    image = image_of(np.zeros((40, 40), np.uint8), **WINDOW)
    with_plane(image, np.ones((20, 20), np.uint8))
    small = overlaid(image, tmp_path, width=10)
    assert set(small[:4, :4].ravel()) == {255}
    assert set(small[6:, 6:].ravel()) == {0}


@pytest.mark.parametrize("frame", [1, 2, 3, 4])
def test_dcmtk_draws_the_same(frame: int, tmp_path: Path) -> None:
    """But regions of interest, which it does not draw, and what lies on bright ground."""
    random = np.random.default_rng(frame)
    bits = random.integers(0, 2, (24, 31)).astype(np.uint16)
    values = np.full((24, 31), 200, np.uint16) | bits << 13
    window = {"WindowCenter": "500", "WindowWidth": "800"}
    image = image_of(values, BitsStored=12, NumberOfFrames="4", PixelData=values.tobytes() * 4, **window)
    with_plane(image, random.integers(0, 2, (2, 13, 11)).astype(np.uint8), (-3, 9), first=2)
    with_plane(image, random.integers(0, 2, (5, 5)).astype(np.uint8), (22, 1), group=0x6002)
    with_plane(image, bits, allocated=16, position=13, group=0x6004)
    ours = overlaid(image, tmp_path, frame=frame)
    run("dcmj2pnm", "--use-window", "1", "--frame", str(frame), tmp_path / "image.dcm", tmp_path / "theirs.pnm")
    with Image.open(tmp_path / "theirs.pnm") as theirs:
        assert np.abs(ours.astype(int) - np.asarray(theirs)).max() <= 1
