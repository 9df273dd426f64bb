"""Modality and VOI lookup tables in the whole pipeline (PS3.3 C.11.1.1, C.11.2.1.1)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.pictures import Array, grey, image_of, item, rendered

from radnode.instance.pictures.luts import table_of
from radnode.model.errors import CannotRender

VALUES = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)


def table(count: int, first: int, bits: int, entries: Array) -> Dataset:
    made = item(LUTDescriptor=[count, first, bits])
    made.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return made


def looked_up(values: Array, first: int, entries: Array) -> Array:
    """C.11.1.1.1: below the first mapped value the first entry, beyond the last one the last entry."""
    return np.array([entries[min(max(int(x) - first, 0), len(entries) - 1)] for x in values.ravel()]).reshape(
        values.shape
    )


@pytest.mark.parametrize("first", [0, 50])
def test_a_modality_table_comes_before_the_window(first: int, tmp_path: Path) -> None:
    entries = (np.arange(150) ** 2).astype(np.uint16)
    image = image_of(VALUES, ModalityLUTSequence=[table(150, first, 16, entries)])
    image.WindowCenter, image.WindowWidth, image.VOILUTFunction = "9000", "12000", "LINEAR_EXACT"
    real = looked_up(VALUES, first, entries).astype(float)
    assert np.array_equal(rendered(image, tmp_path), grey(((real - 9000) / 12000 + 0.5) * 255))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_voi_table_is_spread_over_its_own_range_and_goes_before_the_window(bits: int, tmp_path: Path) -> None:
    entries = np.linspace(2**bits - 1, 0, 200).round().astype(np.uint16)
    image = image_of(VALUES, VOILUTSequence=[table(200, 20, bits, entries)], WindowCenter="1", WindowWidth="2")
    expected = grey(looked_up(VALUES, 20, entries) / (2**bits - 1) * 255)
    assert np.array_equal(rendered(image, tmp_path), expected)


def test_a_voi_table_of_rescaled_values_may_begin_below_zero(tmp_path: Path) -> None:
    entries = np.arange(256, dtype=np.uint16)[::-1]
    image = image_of(VALUES, RescaleSlope="1", RescaleIntercept="-100")
    image.VOILUTSequence = [table(256, 0x10000 - 100, 8, entries)]
    assert np.array_equal(rendered(image, tmp_path), 255 - VALUES)


@pytest.mark.parametrize(
    ("modality", "first", "below"),
    [
        ({"RescaleSlope": "1", "RescaleIntercept": "0"}, 0x10000 - 100, True),
        ({"RescaleSlope": "-1", "RescaleIntercept": "0", "PixelRepresentation": 0}, 0x10000 - 100, True),
        ({"RescaleSlope": "1", "RescaleIntercept": "40000"}, 0x10000 - 100, False),
        ({"ModalityLUTSequence": [table(2, 0, 16, np.array([0, 65500]))]}, 0x10000 - 100, False),
    ],
)
def test_a_voi_tables_first_value_is_signed_where_the_modality_luts_output_can_be(
    modality: dict[str, Any], first: int, below: bool, tmp_path: Path
) -> None:
    """C.11.2.1.1; the last two end far above zero, where the table begins if it is not signed."""
    values = np.arange(-128, 128, dtype=np.int16).reshape(16, 16)
    if modality.get("PixelRepresentation") == 0:
        values = np.abs(values).astype(np.uint16)
    entries = np.arange(256, dtype=np.uint16)
    image = image_of(values, **modality, VOILUTSequence=[table(256, first, 8, entries)])
    if "ModalityLUTSequence" in modality:
        real = np.where(values > 0, 65500, 0)
    else:
        real = values.astype(int) * int(modality["RescaleSlope"]) + int(modality["RescaleIntercept"])
    expected = looked_up(real, first - 0x10000 if below else first, entries)
    assert np.array_equal(rendered(image, tmp_path), expected)


def test_a_table_of_65536_entries_says_0(tmp_path: Path) -> None:
    values = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    entries = np.arange(65536, dtype=np.uint16)[::-1]
    image = image_of(values, VOILUTSequence=[table(0, 0, 16, entries)])
    assert np.array_equal(rendered(image, tmp_path), grey((65535.0 - values) / 65535 * 255))


def test_a_broken_voi_table_gives_way_to_the_window(tmp_path: Path) -> None:
    image = image_of(VALUES, VOILUTSequence=[item(LUTDescriptor=[4, 0])], WindowCenter="128", WindowWidth="256")
    assert np.array_equal(rendered(image, tmp_path), VALUES)


def test_the_second_voi_table_holds_where_the_first_is_broken(tmp_path: Path) -> None:
    tables = [item(LUTDescriptor=[4, 0]), table(256, 0, 8, 255 - VALUES.ravel())]
    image = image_of(VALUES, VOILUTSequence=tables, WindowCenter="128", WindowWidth="256")
    assert np.array_equal(rendered(image, tmp_path), 255 - VALUES)


def test_a_broken_modality_table_is_refused(tmp_path: Path) -> None:
    image = image_of(VALUES, ModalityLUTSequence=[item(LUTDescriptor=[4, 0, 16])])
    with pytest.raises(CannotRender, match="lookup table"):
        rendered(image, tmp_path)


def test_a_slope_of_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRender, match="Rescale Slope is 0"):
        rendered(image_of(VALUES, RescaleSlope="0", RescaleIntercept="1"), tmp_path)


@pytest.mark.parametrize(
    ("descriptor", "signed", "value", "expected"),
    [((4.0, 65534.0, 16.0), True, -1, 20), ((4.0, 65534.0, 16.0), False, -1, 10), ((4.0, -2.0, 16.0), False, -1, 20)],
)
def test_the_first_value_is_signed_where_the_pixels_are(
    descriptor: tuple[float, ...], signed: bool, value: int, expected: int
) -> None:
    made = table_of(descriptor, np.array([10, 20, 30, 40], np.uint16), signed=signed)
    assert made(np.array([value])).tolist() == [expected]


def test_entries_of_8_bits_may_be_packed_in_words() -> None:
    packed = np.array([0x0201, 0x0403], np.uint16)
    made = table_of((3.0, 0.0, 8.0), packed, signed=False)
    assert made(np.arange(5)).tolist() == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("descriptor", [(), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
def test_a_descriptor_has_three_numbers(descriptor: tuple[Any, ...]) -> None:
    with pytest.raises(CannotRender):
        table_of(descriptor, np.array([1], np.uint16), signed=False)
