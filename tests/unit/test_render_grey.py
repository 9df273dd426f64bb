"""The grey pipeline against the Standard's formulas, worked out here independently in floating point."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import ImplicitVRLittleEndian
from support.instances import REMOVED, write_part10
from support.pictures import Array, facts_of, grey, image_of, item, pixels_of, rendered

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render

RAMP = np.arange(-1000, 1000, 5, dtype=np.int16).reshape(20, 20)


def linear(x: float, center: float, width: float) -> float:
    """PS3.3 C.11.2.1.2.1, ymin 0, ymax 255, word for word."""
    if x <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if x > center - 0.5 + (width - 1) / 2:
        return 255.0
    return ((x - (center - 0.5)) / (width - 1) + 0.5) * 255


def linear_exact(x: float, center: float, width: float) -> float:
    """PS3.3 C.11.2.1.3.2."""
    if x <= center - width / 2:
        return 0.0
    if x > center + width / 2:
        return 255.0
    return ((x - center) / width + 0.5) * 255


def sigmoid(x: float, center: float, width: float) -> float:
    """PS3.3 C.11.2.1.3.1."""
    power = -4 * (x - center) / width
    return 255 / (1 + math.exp(power)) if power < 700 else 0.0


FUNCTIONS = {"LINEAR": linear, "LINEAR_EXACT": linear_exact, "SIGMOID": sigmoid}


def by_formula(function: str, values: Array, center: float, width: float) -> Array:
    return grey(np.vectorize(lambda x: FUNCTIONS[function](float(x), center, width), otypes=[float])(values))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-20.25, 2), (0.5, 1), (300, 1500.5), (5000, 10)])
def test_a_window_is_the_standards_formula(function: str, center: float, width: float, tmp_path: Path) -> None:
    image = image_of(RAMP, WindowCenter=str(center), WindowWidth=str(width), VOILUTFunction=function)
    assert np.array_equal(rendered(image, tmp_path), by_formula(function, RAMP, center, width))


def test_windows_without_a_function_are_linear_and_see_rescaled_values(tmp_path: Path) -> None:
    image = image_of(RAMP, RescaleSlope="2.5", RescaleIntercept="-1024", WindowCenter="40", WindowWidth="400")
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR", RAMP * 2.5 - 1024, 40, 400))


def test_a_fractional_slope_is_not_truncated(tmp_path: Path) -> None:
    image = image_of(RAMP, RescaleSlope="0.00375", RescaleIntercept="0.5", WindowCenter="1", WindowWidth="1.2")
    image.VOILUTFunction = "LINEAR_EXACT"
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR_EXACT", RAMP * 0.00375 + 0.5, 1, 1.2))


def test_the_first_of_several_windows_holds(tmp_path: Path) -> None:
    image = image_of(RAMP, WindowCenter=["40", "300"], WindowWidth=["400", "1500"])
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR", RAMP, 40, 400))


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"WindowCenter": "40", "WindowWidth": "0"},
        {"WindowCenter": "40", "WindowWidth": "-5"},
        {"WindowCenter": "40", "WindowWidth": "0.5"},
        {"WindowCenter": "40", "WindowWidth": "0", "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": "40"},
        {"WindowWidth": "400"},
        {"WindowCenter": "", "WindowWidth": ""},
        {"WindowCenter": "NaN", "WindowWidth": "400"},
        {"WindowCenter": "40", "WindowWidth": "400", "VOILUTFunction": "CUBIC"},
    ],
)
def test_without_a_valid_window_it_goes_from_least_to_greatest(window: dict[str, str], tmp_path: Path) -> None:
    image = image_of(RAMP, RescaleSlope="2", RescaleIntercept="3", **window)
    expected = grey((RAMP + 1000.0) / (995 + 1000) * 255)
    assert np.array_equal(rendered(image, tmp_path), expected)


def test_widths_below_1_are_valid_but_for_linear(tmp_path: Path) -> None:
    values = np.array([[0, 1, 2, 3]], np.uint8)
    image = image_of(values, WindowCenter="1.5", WindowWidth="0.5", VOILUTFunction="LINEAR_EXACT")
    assert rendered(image, tmp_path).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize(
    ("padding", "shown"),
    [
        ({"PixelPaddingValue": 0x10000 - 2000}, (-995, 995)),
        ({"PixelPaddingValue": 0x10000 - 2000, "PixelPaddingRangeLimit": 0x10000 - 900}, (-895, 995)),
        ({"PixelPaddingValue": 900, "PixelPaddingRangeLimit": 3000}, (-2000, 895)),
    ],
)
def test_padding_is_no_part_of_the_automatic_window(
    padding: dict[str, int], shown: tuple[int, int], tmp_path: Path
) -> None:
    values = RAMP.copy()
    values[0, 0] = -2000
    level = (values.astype(float) - shown[0]) / (shown[1] - shown[0]) * 255
    assert np.array_equal(rendered(image_of(values, **padding), tmp_path), grey(level))


def test_one_value_alone_is_black_and_one_bit_is_black_and_white(tmp_path: Path) -> None:
    assert set(rendered(image_of(np.full((4, 4), 77, np.uint8)), tmp_path).ravel()) == {0}
    bits = image_of(np.ones((4, 4), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=b"\xff\xff")
    assert set(rendered(bits, tmp_path).ravel()) == {255}


@pytest.mark.parametrize(
    ("attributes", "inverted"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, True),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}, True),
        ({"PresentationLUTShape": "INVERSE"}, True),
        ({"PresentationLUTShape": "IDENTITY"}, False),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"}, False),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "LIN OD"}, True),
    ],
)
def test_polarity(attributes: dict[str, Any], inverted: bool, tmp_path: Path) -> None:
    level = np.vectorize(lambda x: linear(float(x), 40, 400))(RAMP)
    image = image_of(RAMP, WindowCenter="40", WindowWidth="400", **attributes)
    assert np.array_equal(rendered(image, tmp_path), grey(255 - level if inverted else level))


def test_functional_groups_go_before_the_image_and_the_frames_own_before_shared_ones(tmp_path: Path) -> None:
    def groups(center: str, intercept: str) -> Any:
        return item(
            FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth="400")],
            PixelValueTransformationSequence=[item(RescaleSlope="1", RescaleIntercept=intercept)],
        )

    enhanced = {"NumberOfFrames": "2", "PixelData": np.stack([RAMP, RAMP[::-1]]).tobytes()}
    shared = image_of(
        RAMP, **enhanced, SharedFunctionalGroupsSequence=[groups("100", "10")], WindowCenter="1", WindowWidth="2"
    )
    assert np.array_equal(rendered(shared, tmp_path), by_formula("LINEAR", RAMP + 10.0, 100, 400))
    shared.SharedFunctionalGroupsSequence = [item(PixelValueTransformationSequence=[])]
    shared.PerFrameFunctionalGroupsSequence = [groups("-50", "7"), groups("900", "0")]
    assert np.array_equal(rendered(shared, tmp_path), by_formula("LINEAR", RAMP + 7.0, -50, 400))


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_xray_intensities_are_not_displayed(kind: int, tmp_path: Path) -> None:
    """C.8.7.1.1.2: of XA the Modality LUT is for intensities; the window holds for stored values."""
    image = image_of(RAMP, RescaleSlope="3", RescaleIntercept="9", WindowCenter="40", WindowWidth="400")
    image.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.12.{kind}"
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR", RAMP, 40, 400))


def test_a_window_that_is_no_number_is_no_window(tmp_path: Path) -> None:
    path = write_part10(image_of(RAMP, WindowCenter="123", WindowWidth="400"), tmp_path / "image.dcm")
    path.write_bytes(path.read_bytes().replace(b"DS\x04\x00123 ", b"DS\x04\x00abc "))
    expected = grey((RAMP + 1000.0) / (995 + 1000) * 255)
    assert np.array_equal(pixels_of(render(path, PictureWish()).data), expected)


@pytest.mark.parametrize("dtype", [np.uint32, np.int32])
def test_32_bit_values(dtype: type, tmp_path: Path) -> None:
    values: Array = np.linspace(np.iinfo(dtype).min, np.iinfo(dtype).max, 400).astype(dtype).reshape(20, 20)
    expected = grey((values.astype(float) - values.min()) / (float(values.max()) - float(values.min())) * 255)
    assert np.array_equal(rendered(image_of(values), tmp_path), expected)


@pytest.mark.parametrize(("dtype", "element"), [("<f4", "FloatPixelData"), ("<f8", "DoubleFloatPixelData")])
def test_float_pixel_data(dtype: str, element: str, tmp_path: Path) -> None:
    values = np.linspace(-1.5, 2.5, 400).astype(dtype).reshape(20, 20)
    values[0, :3] = np.nan, np.inf, -np.inf
    image = image_of(values, PixelData=REMOVED, **{element: values.tobytes()})
    finite = values[np.isfinite(values)].astype(float)
    with np.errstate(invalid="ignore"):
        level = (values.astype(float) - finite.min()) / (finite.max() - finite.min()) * 255
    level[0, 0] = 0
    assert np.array_equal(rendered(image, tmp_path), grey(level))


def test_no_number_is_black_also_where_the_picture_is_inverted(tmp_path: Path) -> None:
    values = np.array([[np.nan, 0.0, 1.0]], "<f4")
    for attributes, wish in (({"PhotometricInterpretation": "MONOCHROME1"}, {}), ({}, {"invert": True})):
        image = image_of(values, PixelData=REMOVED, FloatPixelData=values.tobytes(), **attributes)
        assert rendered(image, tmp_path, **wish).tolist() == [[0, 255, 0]]


def test_the_widest_doubles(tmp_path: Path) -> None:
    most = np.finfo(np.float64).max
    values = np.array([[-most, 0.0, most, most]])
    image = image_of(values, PixelData=REMOVED, DoubleFloatPixelData=values.tobytes())
    assert rendered(image, tmp_path).tolist() == [[0, 128, 255, 255]]


def test_the_second_window_holds_where_the_first_is_none(tmp_path: Path) -> None:
    image = image_of(RAMP, WindowCenter=["40", "300"], WindowWidth=["0", "1500"])
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR", RAMP, 300, 1500))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_invert_turns_all_but_padding(photometric: str, tmp_path: Path) -> None:
    values = RAMP.copy()
    values[0] = -2000
    image = image_of(values, PhotometricInterpretation=photometric, PixelPaddingValue=0x10000 - 2000)
    plain, inverted = rendered(image, tmp_path), rendered(image, tmp_path, invert=True)
    assert np.array_equal(inverted[0], plain[0])
    assert np.array_equal(inverted[1:], 255 - plain[1:])


def test_a_presentation_lut_comes_last(tmp_path: Path) -> None:
    """C.11.4.1: it is over the whole range of the VOI LUT's output, and gives P-Values."""
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    entries = (1023 - np.arange(1024)).astype("<u2")
    table = item(LUTDescriptor=[1024, 0, 10])
    table.add_new(0x00283006, "OW", entries.tobytes())
    image = image_of(values, WindowCenter="128", WindowWidth="256", PresentationLUTSequence=[table])
    expected = np.floor(entries[np.rint(values / 255 * 1023).astype(int)] / 1023 * 255 + 0.5)
    assert np.array_equal(rendered(image, tmp_path), expected)
    image.PhotometricInterpretation = "MONOCHROME1"
    assert np.array_equal(rendered(image, tmp_path), expected)


def test_32_bit_neighbours_beyond_2_to_the_24_are_told_apart(tmp_path: Path) -> None:
    values = (2**31 + np.arange(256, dtype=np.uint32)).reshape(16, 16)
    assert np.array_equal(rendered(image_of(values), tmp_path), np.arange(256).reshape(16, 16))


def test_the_largest_64_bit_values(tmp_path: Path) -> None:
    values = np.array([[2**64 - 2, 2**64 - 1]], np.uint64)
    assert rendered(image_of(values, WindowCenter="40", WindowWidth="400"), tmp_path).tolist() == [[255, 255]]


def test_the_facts_of_a_grey_picture(tmp_path: Path) -> None:
    image = image_of(RAMP, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter="40", WindowWidth="400.5")
    image.PhotometricInterpretation = "MONOCHROME1"
    facts = facts_of(image, tmp_path, invert=True)
    assert facts.modality == "rescale 2 -1024"
    assert facts.voi == "window 40/400.5 linear of the image"
    assert facts.presentation == "inverse (MONOCHROME1), inverted as asked for"
    assert facts_of(image_of(RAMP), tmp_path).voi == "automatic -1000..995"


def test_a_number_of_the_wrong_length_is_none(tmp_path: Path) -> None:
    """In implicit VR nothing else tells how long a number is."""
    values = RAMP.astype("<f4")
    image = image_of(values, PixelData=REMOVED, FloatPixelData=values.tobytes(), WindowCenter="40", WindowWidth="400")
    image.add_new("FloatPixelPaddingValue", "OB", b"\1\2\3\4\5\6")
    image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert np.array_equal(rendered(image, tmp_path), by_formula("LINEAR", RAMP, 40, 400))
