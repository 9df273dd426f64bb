"""Segmentations, doses and parametric maps (PS3.3 C.8.20.2, C.8.8.3, C.8.32): what is no plain image."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED
from support.pictures import Array, facts_of, grey, image_of, item, rendered

from radnode.instance.pictures.labelmap import rgb_of_cielab

LABELS = np.array([[0, 1, 2, 3], [0, 0, 300, 300]], np.uint16)


def labelmap(**more: Any) -> Dataset:
    segments = [
        item(SegmentNumber=1, RecommendedDisplayCIELabValue=[65535, 32896, 32896]),
        item(SegmentNumber=2),
        item(SegmentNumber=300, RecommendedDisplayCIELabValue=[0, 32896, 32896]),
    ]
    return image_of(LABELS, SegmentationType="LABELMAP", SegmentSequence=segments, **more)


def test_a_label_map_shows_each_segment_in_its_colour(tmp_path: Path) -> None:
    picture = rendered(labelmap(), tmp_path)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[0, 1].tolist() == [255, 255, 255]
    assert picture[1, 2].tolist() == [0, 0, 0]
    made_up = {tuple(picture[0, 2].tolist()), tuple(picture[0, 3].tolist())}
    assert len(made_up) == 2
    assert all(max(color) == 255 and min(color) < 100 for color in made_up)
    assert facts_of(labelmap(), tmp_path).palette == "colours of segments"


def test_labels_are_never_mixed(tmp_path: Path) -> None:
    small = rendered(labelmap(), tmp_path, width=2)
    large = rendered(labelmap(), tmp_path, width=40, enlarge=True)
    there = {tuple(color) for color in rendered(labelmap(), tmp_path).reshape(-1, 3).tolist()}
    assert {tuple(color) for picture in (small, large) for color in picture.reshape(-1, 3).tolist()} <= there


def test_a_label_map_may_have_a_palette(tmp_path: Path) -> None:
    image = image_of(LABELS % 4, SegmentationType="LABELMAP", PhotometricInterpretation="PALETTE COLOR")
    for color, entries in (("Red", [0, 200, 0, 0]), ("Green", [0, 0, 100, 0]), ("Blue", [0, 0, 0, 50])):
        setattr(image, f"{color}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(image, f"{color}PaletteColorLookupTableData", bytes(entries))
    small = {tuple(color) for color in rendered(image, tmp_path, width=3).reshape(-1, 3).tolist()}
    assert small <= {(0, 0, 0), (200, 0, 0), (0, 100, 0), (0, 0, 50)}


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [
        ((100, 0, 0), (255, 255, 255)),
        ((0, 0, 0), (0, 0, 0)),
        ((54.29, 80.81, 69.89), (255, 0, 0)),
        ((87.82, -79.29, 80.99), (0, 255, 0)),
        ((29.57, 68.30, -112.03), (0, 0, 255)),
        ((53.59, 0, 0), (128, 128, 128)),
    ],
)
def test_cielab(lab: tuple[float, float, float], rgb: tuple[int, int, int]) -> None:
    """The well-known values of sRGB's corners under D50."""
    encoded = (lab[0] / 100 * 65535, (lab[1] + 128) / 255 * 65535, (lab[2] + 128) / 255 * 65535)
    assert np.abs(np.array(rgb_of_cielab(encoded)) - rgb).max() <= 1


def test_fractions_are_of_the_whole_whatever_the_frame_holds(tmp_path: Path) -> None:
    values = np.array([[0, 10, 50, 100]], np.uint8)
    image = image_of(values, SegmentationType="FRACTIONAL", MaximumFractionalValue=200)
    assert np.array_equal(rendered(image, tmp_path), grey(values / 200 * 255))
    assert facts_of(image, tmp_path).voi == "automatic 0..200"
    image.MaximumFractionalValue = 0
    assert np.array_equal(rendered(image, tmp_path), grey(values / 100 * 255))


def test_a_binary_segmentation_is_white_on_black(tmp_path: Path) -> None:
    bits = np.array([[1, 0, 1, 1, 0, 0, 0, 1]], np.uint8)
    data = np.packbits(bits, bitorder="little").tobytes() + b"\0"
    image = image_of(bits, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=data, SegmentationType="BINARY")
    assert np.array_equal(rendered(image, tmp_path), bits * 255)


def dose(values: Array, **more: Any) -> Dataset:
    made = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2", "DoseGridScaling": "0.001", "Modality": "RTDOSE"}
    return image_of(values, **{**made, **more})


def test_a_dose_is_shown_whole_and_its_windows_are_in_its_units(tmp_path: Path) -> None:
    values = np.linspace(0, 70000, 64).astype(np.uint32).reshape(8, 8)
    assert np.array_equal(rendered(dose(values), tmp_path), grey(values / 70000 * 255))
    assert facts_of(dose(values), tmp_path).modality == "dose grid scaling 0.001"
    gray = values * 0.001
    expected = grey(((gray - 34.5) / 19 + 0.5) * 255)  # LINEAR: center - 0.5, width - 1
    assert np.array_equal(rendered(dose(values), tmp_path, window=(35, 20)), expected)


def test_a_window_that_a_dose_brings_is_for_stored_values(tmp_path: Path) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8)
    image = dose(values, WindowCenter="32", WindowWidth="64", VOILUTFunction="LINEAR_EXACT")
    assert np.array_equal(rendered(image, tmp_path), grey(values / 64 * 255))


def test_a_parametric_map_is_not_changed_by_its_real_world_values(tmp_path: Path) -> None:
    values = np.linspace(-0.001, 0.003, 64, dtype="<f4").reshape(8, 8)
    mapping = item(RealWorldValueFirstValueMapped=0, RealWorldValueSlope=-5.0, RealWorldValueIntercept=7.0)
    image = image_of(values, PixelData=REMOVED, FloatPixelData=values.tobytes(), Modality="MR")
    image.SharedFunctionalGroupsSequence = [item(RealWorldValueMappingSequence=[mapping])]
    exact = values.astype(float)
    expected = grey((exact - exact.min()) / (exact.max() - exact.min()) * 255)
    assert np.array_equal(rendered(image, tmp_path), expected)
