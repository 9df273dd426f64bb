"""What is told of an image's frames: number, times, sizes, windows (PS3.3 C.7.6.5, C.7.6.6.1, C.7.6.16.2.10)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.instances import make_instance, write_part10
from support.pictures import image_of, item

from radnode.instance.pictures.cine import read_frame_facts
from radnode.instance.pictures.frame_facts import FrameFacts
from radnode.model.errors import CannotRender, NoPixelData, NotFound

VALUES = np.zeros((4, 6), np.int16)


def facts(folder: Path, frames: int = 4, **attributes: Any) -> FrameFacts:
    image = image_of(VALUES, NumberOfFrames=str(frames), PixelData=VALUES.tobytes() * frames, **attributes)
    return read_frame_facts(write_part10(image, folder / "image.dcm"))


@pytest.mark.parametrize(
    ("attributes", "rate"),
    [
        ({}, None),
        ({"RecommendedDisplayFrameRate": "15", "CineRate": "30", "FrameTime": "10"}, 15),
        ({"CineRate": "30", "FrameTime": "10"}, 30),
        ({"CineRate": "0", "FrameTime": "40"}, 25),
        ({"FrameTimeVector": ["0", "100", "200", "300"]}, 5),
        ({"FrameTimeVector": ["0"]}, None),
        ({"FrameTime": "0"}, None),
        ({"FrameTime": "-5"}, None),
        ({"FrameTime": "1e-300"}, None),
        ({"CineRate": "2147483647"}, None),
    ],
)
def test_the_rate_is_as_recommended_or_as_acquired(attributes: Any, rate: float | None, tmp_path: Path) -> None:
    told = facts(tmp_path, **attributes)
    assert told.rate == (None if rate is None else pytest.approx(rate))
    assert told.duration == (None if rate is None else pytest.approx(4 / rate))


def test_one_frame_has_no_rate(tmp_path: Path) -> None:
    told = facts(tmp_path, frames=1, CineRate="30")
    assert (told.count, told.rate, told.duration) == (1, None, None)


def test_form_and_presets(tmp_path: Path) -> None:
    told = facts(tmp_path, WindowCenter="40", WindowWidth="400", BitsStored=12, Modality="MR")
    assert (told.count, told.rows, told.columns, told.bits) == (4, 4, 6, 12)
    assert (told.photometric_interpretation, told.transfer_syntax) == ("MONOCHROME2", "1.2.840.10008.1.2.1")
    assert [(preset.name, preset.center, preset.width) for preset in told.presets] == [("1", 40, 400)]
    assert told.windows is None


@pytest.mark.parametrize(("spacing", "size"), [(["1", "1"], (6, 4)), (["1", "2"], (6, 2)), (["2", "1"], (3, 4))])
def test_the_size_is_that_of_square_pixels(spacing: list[str], size: tuple[int, int], tmp_path: Path) -> None:
    told = facts(tmp_path, PixelSpacing=spacing)
    assert (told.width, told.height) == size


@pytest.mark.parametrize("undefined", [False, True])
def test_windows_of_frames_are_told_where_they_differ(undefined: bool, tmp_path: Path) -> None:
    def groups(*centers: str) -> dict[str, Any]:
        made = [
            item(FrameVOILUTSequence=[item(WindowCenter=[center, "7"], WindowWidth=["100", "8"])]) if center else item()
            for center in centers
        ]
        for one in made:
            one.is_undefined_length_sequence_item = undefined
        return {"PerFrameFunctionalGroupsSequence": made}

    told = facts(tmp_path, **groups("40", "40.5", "", "-1e400"))
    assert told.windows == ((40, 100), (40.5, 100), None, None)
    assert facts(tmp_path, **groups("40", "40", "40", "40")).windows is None
    assert facts(tmp_path, **groups("", "", "", "")).windows is None


def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_frame_facts(tmp_path / "missing.dcm")
    with pytest.raises(NoPixelData):
        read_frame_facts(write_part10(make_instance(PixelData=b""), tmp_path / "empty.dcm"))
    with pytest.raises(CannotRender, match="Rows"):
        facts(tmp_path, Rows=0)
