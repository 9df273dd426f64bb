"""Supplemental palettes (PS3.3 C.7.6.19, C.8.16.2.1.1.1): grey below the first mapped value, colour from there on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.pictures import Array, facts_of, grey, image_of, item, rendered

VALUES = np.arange(0, 128, 2, dtype=np.uint16).reshape(8, 8)
FIRST = 100
COLORS = {"Red": (65535, 0, 257), "Green": (0, 65535, 514), "Blue": (0, 0, 771)}


def supplemental(values: Array = VALUES, **attributes: Any) -> Dataset:
    image = image_of(values, **{"PixelPresentation": "COLOR", **attributes})
    for color, entries in COLORS.items():
        setattr(image, f"{color}PaletteColorLookupTableDescriptor", [3, FIRST, 16])
        setattr(image, f"{color}PaletteColorLookupTableData", np.array(entries, "<u2").tobytes())
    return image


def expected(level: Array) -> Array:
    picture = np.stack([grey(level)] * 3, axis=-1)
    picture[VALUES >= FIRST] = (1, 2, 3)
    picture[VALUES == FIRST] = (255, 0, 0)
    return picture


def test_values_from_the_first_mapped_on_are_coloured_and_no_part_of_the_automatic_window(tmp_path: Path) -> None:
    level = VALUES / 98 * 255
    assert np.array_equal(rendered(supplemental(), tmp_path), expected(level))
    said = facts_of(supplemental(), tmp_path)
    assert (said.palette, said.voi) == ("supplemental, 3 entries from 100", "automatic 0..98")


def test_the_window_holds_for_the_grey_part(tmp_path: Path) -> None:
    image = supplemental(WindowCenter="50", WindowWidth="20", VOILUTFunction="LINEAR_EXACT")
    assert np.array_equal(rendered(image, tmp_path), expected(((VALUES - 50.0) / 20 + 0.5) * 255))


@pytest.mark.parametrize("presentation", ["MONOCHROME", ""])
def test_without_the_word_of_pixel_presentation_it_stays_grey(presentation: str, tmp_path: Path) -> None:
    assert rendered(supplemental(PixelPresentation=presentation), tmp_path).ndim == 2


@pytest.mark.parametrize(("own", "dimensions"), [("COLOR", 3), ("MONOCHROME", 2)])
def test_of_mixed_images_each_frame_has_its_own(own: str, dimensions: int, tmp_path: Path) -> None:
    group = item(MRImageFrameTypeSequence=[item(PixelPresentation=own)])
    image = supplemental(PixelPresentation="MIXED", PerFrameFunctionalGroupsSequence=[group])
    assert rendered(image, tmp_path).ndim == dimensions


def test_a_palette_that_is_broken_leaves_the_image_grey_and_so_does_one_that_nothing_needs(tmp_path: Path) -> None:
    broken = supplemental()
    del broken.GreenPaletteColorLookupTableData
    assert rendered(broken, tmp_path).ndim == 2
    assert rendered(supplemental(VALUES % FIRST), tmp_path).ndim == 2


def test_both_parts_are_inverted(tmp_path: Path) -> None:
    assert np.array_equal(rendered(supplemental(), tmp_path, invert=True), 255 - rendered(supplemental(), tmp_path))
