"""Which presets an image has (PS3.3 C.11.2.1.2, C.8.2.1)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED, write_part10
from support.pictures import image_of, item, pixels_of

from radnode.instance.decoding.pixels import read_frame
from radnode.instance.pictures.frame_facts import Preset
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.presets import CT_PRESETS, presets_of
from radnode.instance.pictures.render import render

VALUES = np.arange(16, dtype=np.int16).reshape(4, 4)


def ours(image: Dataset, *groups: Dataset) -> list[Preset]:
    return [preset for preset in presets_of(image, groups) if preset not in CT_PRESETS]


def test_windows_are_numbered_as_they_stand_and_explained() -> None:
    image = image_of(VALUES, WindowCenter=["40", "7", "-600"], WindowWidth=["400", "0", "1500"])
    image.WindowCenterWidthExplanation = ["SOFT", "BROKEN"]
    assert ours(image) == [Preset("1", 40, 400, "LINEAR", "SOFT"), Preset("3", -600, 1500, "LINEAR", "")]


def test_an_empty_value_among_others_costs_only_its_own_window(tmp_path: Path) -> None:
    image = image_of(VALUES, WindowCenter=["", "7", "30"], WindowWidth=["400", "9", ""])
    read = read_frame(write_part10(image, tmp_path / "image.dcm"))
    assert [(one.name, one.center, one.width) for one in presets_of(read.attributes, ())] == [("2", 7, 9)]


def test_tables_are_presets_too() -> None:
    tables = [item(LUTDescriptor=[2, 0, 8], LUTExplanation=name, LUTData=[0, 1]) for name in ("NORMAL", "HARD")]
    image = image_of(VALUES, VOILUTSequence=tables, WindowCenter="1", WindowWidth="2", VOILUTFunction="SIGMOID")
    assert [(one.name, one.function, one.explanation) for one in ours(image)] == [
        ("1", "SIGMOID", ""),
        ("lut-1", "TABLE", "NORMAL"),
        ("lut-2", "TABLE", "HARD"),
    ]


def test_the_frames_own_windows_stand_for_those_of_the_image() -> None:
    group = item(FrameVOILUTSequence=[item(WindowCenter="5", WindowWidth="10")])
    image = image_of(VALUES, WindowCenter="1", WindowWidth="2")
    assert [one.center for one in ours(image, item(), group)] == [5]
    assert [one.center for one in ours(image, item(FrameVOILUTSequence=[item()]))] == [1]


@pytest.mark.parametrize(
    ("attributes", "group", "has"),
    [
        ({"RescaleIntercept": "-1024"}, {}, True),
        ({"RescaleIntercept": "-1024", "RescaleType": "HU"}, {}, True),
        ({"RescaleIntercept": "0", "RescaleType": "US"}, {}, False),
        ({}, {}, False),
        ({"RescaleIntercept": "0", "Modality": "MR"}, {}, False),
        ({}, {"RescaleIntercept": "-1024", "RescaleType": "HU"}, True),
        ({}, {"RescaleIntercept": "0", "RescaleType": "Z_EFF"}, False),
    ],
)
def test_presets_of_ct_are_for_hounsfield_units(attributes: dict[str, str], group: dict[str, str], has: bool) -> None:
    groups = (item(PixelValueTransformationSequence=[item(**group)]),) if group else ()
    assert (CT_PRESETS[0] in presets_of(image_of(VALUES, **attributes), groups)) is has


def test_colour_has_none() -> None:
    image = image_of(np.zeros((2, 2, 3), np.uint8), WindowCenter="1", WindowWidth="2", RescaleIntercept="0")
    assert presets_of(image, ()) == ()
    palette = image_of(VALUES, PhotometricInterpretation="PALETTE COLOR", WindowCenter="1", WindowWidth="2")
    assert presets_of(palette, ()) == ()


def test_what_is_broken_is_no_preset() -> None:
    image = image_of(VALUES, WindowCenter="1", WindowWidth=REMOVED, WindowCenterWidthExplanation="X")
    assert ours(image) == []


@pytest.mark.parametrize("named", ["ISO_IR 192", "ISO_IR 144", ["", "ISO 2022 IR 144"]])
def test_explanations_are_read_by_the_character_set(named: str | list[str], tmp_path: Path) -> None:
    window: dict[str, Any] = {"WindowCenter": "1", "WindowWidth": "2", "WindowCenterWidthExplanation": "Легкие"}
    frame = item(FrameVOILUTSequence=[item(**window)])
    image = image_of(VALUES, SpecificCharacterSet=named, SharedFunctionalGroupsSequence=[frame], **window)
    read = read_frame(write_part10(image, tmp_path / "image.dcm"))
    for groups in ((), read.groups):
        assert presets_of(read.attributes, groups)[0].explanation == "Легкие"


@pytest.mark.parametrize("named", [b"hex", b"idna", b"\0\0\0\0", b"ISO_IR 9", b"\xff\xfe"])
def test_a_character_set_that_there_is_not_costs_no_picture(named: bytes, tmp_path: Path) -> None:
    image = image_of(VALUES, WindowCenter="1", WindowWidth="2", WindowCenterWidthExplanation="LUNG")
    image.SpecificCharacterSet = "ISO_IR 100"
    path = write_part10(image, tmp_path / "image.dcm")
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 100", named.ljust(10)))
    assert pixels_of(render(path, PictureWish(window="lung")).data).shape == VALUES.shape
