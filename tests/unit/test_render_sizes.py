"""How large pictures are: fitted, never enlarged unaskedly, in the shape that pixels have in space."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.instances import REMOVED
from support.pictures import facts_of, image_of, item, rendered

from radnode.model.errors import NotApplicable

VALUES = np.arange(100 * 200, dtype=np.uint16).reshape(100, 200)
SQUARE = {"PixelSpacing": REMOVED}


@pytest.mark.parametrize(
    ("wish", "shape"),
    [
        ({}, (100, 200)),
        ({"width": 50}, (25, 50)),
        ({"height": 50}, (50, 100)),
        ({"width": 50, "height": 50}, (25, 50)),
        ({"width": 200, "height": 10}, (10, 20)),
        ({"width": 1}, (1, 1)),
        ({"width": 400}, (100, 200)),
        ({"width": 400, "height": 150}, (100, 200)),
        ({"width": 400, "enlarge": True}, (200, 400)),
        ({"width": 400, "height": 150, "enlarge": True}, (150, 300)),
        ({"enlarge": True}, (100, 200)),
    ],
)
def test_pictures_fit_into_width_and_height(wish: dict[str, Any], shape: tuple[int, int], tmp_path: Path) -> None:
    assert rendered(image_of(VALUES, **SQUARE), tmp_path, **wish).shape == shape


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({"PixelAspectRatio": ["2", "1"]}, (50, 50)),
        ({"PixelAspectRatio": ["1", "2"]}, (12, 50)),
        ({"PixelSpacing": ["0.5", "0.25"]}, (50, 50)),
        ({"ImagerPixelSpacing": ["1", "2"], "PixelSpacing": REMOVED}, (12, 50)),
        ({"PixelAspectRatio": ["1", "1"], "PixelSpacing": ["0.5", "0.25"]}, (25, 50)),
        ({"PixelSpacing": ["1000", "1"]}, (25, 50)),
        ({"PixelSpacing": ["0", "1"]}, (25, 50)),
        ({"PixelSpacing": ["1"]}, (25, 50)),
    ],
)
def test_a_size_that_is_asked_for_minds_the_shape_of_pixels(
    attributes: dict[str, Any], shape: tuple[int, int], tmp_path: Path
) -> None:
    image = image_of(VALUES, **attributes)
    assert rendered(image, tmp_path, width=50).shape == shape
    assert rendered(image, tmp_path).shape == (100, 200)


def test_neither_direction_has_more_elements_than_pixels(tmp_path: Path) -> None:
    tall = image_of(VALUES, PixelAspectRatio=["4", "1"])
    assert rendered(tall, tmp_path, width=1000).shape == (100, 50)
    assert rendered(tall, tmp_path, width=1000, enlarge=True).shape == (2000, 1000)


def test_the_spacing_of_functional_groups_counts_too(tmp_path: Path) -> None:
    groups = item(PixelMeasuresSequence=[item(PixelSpacing=["2", "1"])])
    image = image_of(VALUES, SharedFunctionalGroupsSequence=[groups], **SQUARE)
    assert rendered(image, tmp_path, height=50).shape == (50, 50)


def test_smaller_is_averaged_after_the_window(tmp_path: Path) -> None:
    """A raster of black and white becomes grey of the same brightness, and stays what it is where it is even."""
    values = np.indices((64, 64)).sum(axis=0) % 2 * 1000
    values[:, 32:] = 4000
    image = image_of(values.astype(np.uint16), WindowCenter="500", WindowWidth="2", **SQUARE)
    small = rendered(image, tmp_path, width=16).astype(int)
    assert np.abs(small[:, :7] - 127).max() <= 1
    assert set(small[:, 9:].ravel()) == {255}


def test_nothing_rings_beside_an_edge(tmp_path: Path) -> None:
    values = np.full((50, 50), 100, np.uint8)
    values[:, 25:] = 150
    image = image_of(values, WindowCenter="128", WindowWidth="256", **SQUARE)
    for wish in ({"width": 17}, {"width": 120, "enlarge": True}):
        found = rendered(image, tmp_path, **wish)
        assert (found.min(), found.max()) == (100, 150)


def test_an_enormous_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="width and height"):
        rendered(image_of(VALUES), tmp_path, width=65535, enlarge=True)


def test_the_size_is_told_where_it_is_not_the_images(tmp_path: Path) -> None:
    image = image_of(VALUES, **SQUARE)
    assert facts_of(image, tmp_path, width=50).size == "50x25 of 200x100"
    assert facts_of(image, tmp_path, width=500).size == facts_of(image, tmp_path).size == "none"


@pytest.mark.parametrize("size", [32, 20])
def test_an_element_is_the_average_of_its_area(size: int, tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(100, 156, (64, 64)).astype(np.uint8)
    shares = np.clip(
        np.minimum.outer(np.arange(1, size + 1) * 64 / size, np.arange(1, 65))
        - np.maximum.outer(np.arange(size) * 64 / size, np.arange(64)),
        0,
        None,
    )
    exact = shares @ values @ shares.T / (64 / size) ** 2
    image = image_of(values, WindowCenter="128", WindowWidth="256", **SQUARE)
    apart = np.abs(rendered(image, tmp_path, width=size) - exact)
    assert apart.max() <= (1 if 64 % size == 0 else 8)
    assert apart.mean() < 2
