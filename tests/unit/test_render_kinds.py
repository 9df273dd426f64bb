"""Objects of many frames, each kind as its devices make it: which frame, which of its groups, which grey values."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED
from support.pictures import Array, facts_of, grey, image_of, item, rendered

from radnode.model.errors import NoPixelData, NotApplicable

STORAGE = "1.2.840.10008.5.1.4.1.1."
RAMP = (np.arange(256, dtype=np.uint16) * 16).reshape(16, 16)


def many(kind: str, *frames: Array, **attributes: Any) -> Dataset:
    """An object of a storage class, by the end of its UID, with these frames."""
    data = np.stack(frames).tobytes()
    given = {"NumberOfFrames": str(len(frames)), "PixelData": data, "SOPClassUID": f"{STORAGE}{kind}", **attributes}
    return image_of(frames[0], **given)


def rescaled(slope: str, intercept: str = "0") -> Dataset:
    return item(PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=intercept)])


def windowed(center: str, width: str, **more: Any) -> Dataset:
    return item(FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth=width, **more)])


def linear(values: Array, center: float, width: float) -> Array:
    """PS3.3 C.11.2.1.2.1."""
    return grey(((values - (center - 0.5)) / (width - 1) + 0.5) * 255)


def test_each_frame_of_an_enhanced_pet_has_a_slope_of_its_own_and_one_window(tmp_path: Path) -> None:
    groups = {"PerFrameFunctionalGroupsSequence": [rescaled("0.001"), rescaled("0.004", "-1")]}
    image = many("130", RAMP, RAMP, SharedFunctionalGroupsSequence=[windowed("5", "10")], **groups)
    assert np.array_equal(rendered(image, tmp_path, frame=1), linear(RAMP * 0.001, 5, 10))
    assert np.array_equal(rendered(image, tmp_path, frame=2), linear(RAMP * 0.004 - 1, 5, 10))


def test_each_frame_of_a_tomosynthesis_has_a_window_of_its_own(tmp_path: Path) -> None:
    groups = [windowed("2000", "3000"), windowed("1000", "500", VOILUTFunction="LINEAR")]
    shared = [rescaled("1")]
    image = many(
        "13.1.3", RAMP, RAMP[::-1], SharedFunctionalGroupsSequence=shared, PerFrameFunctionalGroupsSequence=groups
    )
    assert np.array_equal(rendered(image, tmp_path, frame=2), linear(RAMP[::-1].astype(float), 1000, 500))


def test_a_mammogram_in_sigmoid_and_inverse_with_its_background_named(tmp_path: Path) -> None:
    shown: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}
    window = {"WindowCenter": ["2000", "1800"], "WindowWidth": ["3000", "2000"], "VOILUTFunction": "SIGMOID"}
    image = many("1.2", RAMP, BitsStored=12, PixelPaddingValue=0, PixelPaddingRangeLimit=60, **shown, **window)
    assert np.array_equal(rendered(image, tmp_path), grey(255 - 255 / (1 + np.exp(-4 * (RAMP - 2000.0) / 3000))))
    assert facts_of(image, tmp_path, window="auto").voi == "automatic 64..4080"


@pytest.mark.parametrize(("kind", "modality"), [("20", "NM"), ("481.2", "RTDOSE"), ("7.3", "OT")])
def test_a_frame_without_a_window_has_its_own_scale_unless_all_are_asked_for_alike(
    kind: str, modality: str, tmp_path: Path
) -> None:
    image = many(kind, RAMP, RAMP // 16, Modality=modality)
    for frame in (1, 2):
        assert np.array_equal(rendered(image, tmp_path, frame=frame), np.arange(256).reshape(16, 16))
    assert np.array_equal(rendered(image, tmp_path, frame=2, window=(2040, 4081)), grey((RAMP // 16 + 0.5) / 16))


@pytest.mark.parametrize("kind", ["6.2", "77.1.5.4"])
def test_volumes_of_ultrasound_and_of_the_eye_keep_their_shape(kind: str, tmp_path: Path) -> None:
    measures = item(PixelMeasuresSequence=[item(PixelSpacing=["0.005", "0.01"])])
    image = many(kind, RAMP, RAMP, SharedFunctionalGroupsSequence=[measures])
    assert rendered(image, tmp_path, frame=2).shape == (16, 16)
    assert rendered(image, tmp_path, frame=2, width=64).shape == (8, 16)


def test_tiles_of_a_slide_are_frames(tmp_path: Path) -> None:
    tile = np.stack([RAMP // 16, RAMP.T // 16, 255 - RAMP // 16], axis=-1).astype(np.uint8)
    image = many("77.1.6", tile, 255 - tile, TotalPixelMatrixRows=16, TotalPixelMatrixColumns=32)
    assert np.array_equal(rendered(image, tmp_path, frame=2), 255 - tile)
    with pytest.raises(NotApplicable, match="from 1 to 2"):
        rendered(image, tmp_path, frame=3)


@pytest.mark.parametrize("kind", ["11.1", "11.2", "11.8"])
def test_a_presentation_state_is_no_picture(kind: str, tmp_path: Path) -> None:
    with pytest.raises(NoPixelData):
        rendered(many(kind, RAMP, PixelData=REMOVED, Modality="PR"), tmp_path)
