"""Windows that are asked for: by numbers, by the file's own names, by those usual for CT, and by the values."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian
from support.golden import table
from support.instances import REMOVED, write_part10
from support.pictures import Array, facts_of, grey, image_of, item, rendered

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.instance.pictures.windows import Function, Window
from radnode.model.errors import CannotRender, NotApplicable

RAMP = np.arange(-1024, 1024, 8, dtype=np.int16).reshape(16, 16)
HOUNSFIELD = {"RescaleSlope": "1", "RescaleIntercept": "0"}


def by(center: float, width: float, function: Function = Function.LINEAR) -> Array:
    """The formulas themselves are held by test_render_grey."""
    return grey(Window(center, width, function)(RAMP.astype(float)))


def two_windows(**attributes: Any) -> Dataset:
    image = image_of(RAMP, WindowCenter=["40", "-600"], WindowWidth=["400", "1500"], **attributes)
    image.WindowCenterWidthExplanation = ["SOFT TISSUE", "Lung"]
    return image


@pytest.mark.parametrize("function", Function)
def test_center_and_width_by_the_function_of_the_images_own(function: Function, tmp_path: Path) -> None:
    image = two_windows(VOILUTFunction=function.value)
    assert np.array_equal(rendered(image, tmp_path, window=(10.5, 300)), by(10.5, 300, function))
    assert facts_of(image, tmp_path, window=(10.5, 300)).voi == f"window 10.5/300 {function.value.lower()} as asked for"


def test_center_and_width_are_linear_where_the_image_says_nothing_and_see_output_units(tmp_path: Path) -> None:
    image = image_of(RAMP, RescaleSlope="2", RescaleIntercept="0")
    assert np.array_equal(rendered(image, tmp_path, window=(40, 400)), grey(Window(40, 400)(RAMP * 2.0)))


def test_a_width_below_1_is_exact(tmp_path: Path) -> None:
    values = np.array([[0, 1, 2, 3]], np.uint8)
    assert rendered(image_of(values), tmp_path, window=(1.5, 0.5)).tolist() == [[0, 0, 255, 255]]
    for window in ((1.5, 0), (1.5, -3), (float("nan"), 3), (1.5, float("inf"))):
        with pytest.raises(NotApplicable, match="width above 0"):
            rendered(image_of(values), tmp_path, window=window)


@pytest.mark.parametrize(
    ("name", "center", "width"),
    [("1", 40, 400), ("2", -600, 1500), ("LUNG", -600, 1500), ("soft tissue", 40, 400), ("ct-bone", 400, 1800)],
)
def test_presets(name: str, center: float, width: float, tmp_path: Path) -> None:
    image = two_windows(**HOUNSFIELD)
    assert np.array_equal(rendered(image, tmp_path, window=name), by(center, width))
    said = facts_of(image, tmp_path, window=name).voi
    assert said.startswith("preset ")
    assert said.endswith(f" {center}/{width} linear")


def test_a_table_is_a_preset(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    tables = [table(values.ravel(), 0, 8), table(255 - values.ravel(), 0, 8)]
    image = image_of(values, VOILUTSequence=tables)
    assert np.array_equal(rendered(image, tmp_path), values)
    assert np.array_equal(rendered(image, tmp_path, window="lut-2"), 255 - values)
    assert facts_of(image, tmp_path).voi == "VOI LUT 1 of the image"


@pytest.mark.parametrize(
    ("name", "why"), [("3", "one of auto, robust, full, 1, 2"), ("nose", "one of"), ("ct-lung", "Hounsfield")]
)
def test_what_the_image_has_not_is_refused(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match=why):
        rendered(two_windows(), tmp_path, window=name)


def test_auto_goes_from_least_to_greatest_whatever_the_image_says(tmp_path: Path) -> None:
    assert np.array_equal(rendered(two_windows(), tmp_path, window="auto"), grey((RAMP + 1024.0) / 2040 * 255))
    assert facts_of(two_windows(), tmp_path, window="AUTO").voi == "automatic -1024..1016"


@pytest.mark.parametrize(
    ("attributes", "ends"),
    [
        ({"BitsStored": 12, "PixelRepresentation": 0}, (0, 4095)),
        ({"BitsStored": 12, "RescaleSlope": "-2", "RescaleIntercept": "5"}, (-4089, 4101)),
        ({"ModalityLUTSequence": [table(np.arange(100) * 600, 50, 16)]}, (0, 65535)),
    ],
)
def test_full_is_all_that_there_can_be(attributes: dict[str, Any], ends: tuple[int, int], tmp_path: Path) -> None:
    image = image_of(np.abs(RAMP) % 2048, **attributes)
    assert facts_of(image, tmp_path, window="full").voi == f"full {ends[0]}..{ends[1]}"


@pytest.mark.parametrize("kind", ["integer", "float"])
def test_robust_leaves_a_hundredth_out_at_both_ends_and_padding_altogether(kind: str, tmp_path: Path) -> None:
    values = np.repeat(np.arange(100), 10).reshape(20, 50)
    values[0, :5], values[-1, -5:] = -30000, 30000
    padded = np.vstack([values, np.full((20, 50), -5)])
    if kind == "integer":
        image = image_of(padded.astype(np.int16), PixelPaddingValue=0x10000 - 5)
    else:
        image = image_of(padded, PixelData=REMOVED, FloatPixelPaddingValue=-5.0)
        image.FloatPixelData = padded.astype("<f4").tobytes()
        assert facts_of(image, tmp_path, window="full").voi == "full -30000..30000"
    assert facts_of(image, tmp_path, window="robust").voi == "robust 0..98"
    assert np.array_equal(rendered(image, tmp_path, window="robust")[:20], grey(values / 98 * 255))


def test_robust_of_an_image_that_is_nearly_all_background_shows_the_rest(tmp_path: Path) -> None:
    values = np.zeros((20, 20), np.uint8)
    values[0, 0] = 200
    assert facts_of(image_of(values), tmp_path, window="robust").voi == "robust 0..200"


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
@pytest.mark.parametrize("value", ["abc ", "NaN ", "1\\x "])
def test_rescaling_that_cannot_be_read_is_refused_not_left_out(keyword: str, value: str, tmp_path: Path) -> None:
    """The window, which is in output units, would show something else."""
    units: dict[str, str] = {**HOUNSFIELD, keyword: "8765"}
    path = write_part10(two_windows(**units), tmp_path / "image.dcm")
    path.write_bytes(path.read_bytes().replace(b"8765", value.encode()))
    with pytest.raises(CannotRender, match=f"Rescale {keyword.removeprefix('Rescale')} is not a number"):
        render(path, PictureWish())


def test_an_empty_value_behind_the_first_does_not_matter(tmp_path: Path) -> None:
    image = two_windows(RescaleSlope=["2", ""], RescaleIntercept=["-10", "", ""])
    assert np.array_equal(rendered(image, tmp_path), grey(Window(40, 400)(RAMP * 2.0 - 10)))


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({"RescaleSlope": "1", "RescaleIntercept": "-1024"}, [0, 255]),
        ({"RescaleSlope": "-2", "RescaleIntercept": "0.5"}, [255, 0]),
        ({"PixelRepresentation": 1}, [255, 0]),
        ({"ModalityLUTSequence": [table(np.array([300, 20]), 0, 16)]}, [255, 0]),
    ],
)
@pytest.mark.parametrize("window", [None, "full"])
def test_one_bit_is_black_and_white_in_its_own_units(
    window: str | None, attributes: dict[str, Any], shown: list[int], tmp_path: Path
) -> None:
    bits: dict[str, Any] = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": b"\2\0"}
    image = image_of(np.zeros((1, 2), np.uint8), **bits, **attributes)
    assert rendered(image, tmp_path, window=window).tolist() == [shown]


def test_a_table_with_missing_entries_is_none(tmp_path: Path) -> None:
    cut = table(np.arange(255) * 16, 0, 12)
    cut.LUTDescriptor = [256, 0, 12]
    image = image_of(RAMP, VOILUTSequence=[cut], WindowCenter="40", WindowWidth="400")
    assert np.array_equal(rendered(image, tmp_path), by(40, 400))
    with pytest.raises(CannotRender, match="less data than its descriptor says"):
        rendered(image_of(RAMP, ModalityLUTSequence=[cut]), tmp_path)


def test_a_million_windows_are_none(tmp_path: Path) -> None:
    """In implicit VR nothing bounds them; to read them all takes many seconds."""
    image = image_of(RAMP)
    image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    for keyword in ("WindowCenter", "WindowWidth"):
        image[keyword] = RawDataElement(Tag(keyword), "DS", 2**17, b"40\\ " * 2**15, 0, False, True)
    assert facts_of(image, tmp_path).voi == "automatic -1024..1016"


def test_the_frames_own_presets(tmp_path: Path) -> None:
    groups = [item(FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth="100")]) for center in ("50", "500")]
    image = image_of(RAMP, NumberOfFrames="2", PixelData=RAMP.tobytes() * 2)
    image.PerFrameFunctionalGroupsSequence = groups
    assert facts_of(image, tmp_path, frame=2).voi == "window 500/100 linear of the frame"
    assert facts_of(image, tmp_path, frame=1, window="1").voi == "preset 1 50/100 linear"


def test_colour_ignores_a_window_and_says_so(tmp_path: Path) -> None:
    values = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert np.array_equal(rendered(image_of(values), tmp_path, window="ct-lung"), values)
    assert facts_of(image_of(values), tmp_path, window=(1, 2)).voi == "none, for colour knows no window"
