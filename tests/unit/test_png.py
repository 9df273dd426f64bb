"""PNG as we write it: read back by Pillow pixel for pixel, whatever the shape and the content are."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import Array

from radnode.instance.pictures.png import encode_png


def read(data: bytes) -> Array:
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        image.load()
        return np.asarray(image)


@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.sampled_from([(), (3,)]),
    st.sampled_from(["noise", "ramp", "columns", "flat"]),
)
def test_pictures_are_read_back_as_they_were(rows: int, columns: int, samples: tuple[int, ...], content: str) -> None:
    shape = (rows, columns, *samples)
    picture = {
        "noise": np.random.default_rng(rows * columns).integers(0, 256, shape, np.uint8),
        "ramp": np.arange(np.prod(shape)).astype(np.uint8).reshape(shape),
        "columns": np.broadcast_to(np.arange(columns, dtype=np.uint8).reshape(1, -1, *[1] * len(samples)), shape),
        "flat": np.full(shape, 7, np.uint8),
    }[content]
    np.testing.assert_array_equal(read(encode_png(picture)), picture)


@pytest.mark.parametrize("shape", [(1500, 1400), (700, 800, 3)])
@pytest.mark.parametrize("axis", [0, 1])
def test_large_pictures_come_in_several_strips(shape: tuple[int, ...], axis: int) -> None:
    steps = np.random.default_rng(1).integers(-1, 2, shape)
    picture = (128 + np.cumsum(steps, axis)).astype(np.uint8)
    data = encode_png(picture)
    np.testing.assert_array_equal(read(data), picture)
    assert len(data) < 0.4 * picture.size
    assert data == encode_png(picture)


def test_a_picture_whose_rows_are_not_in_one_place() -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(3, 4, 5).transpose(1, 2, 0)
    np.testing.assert_array_equal(read(encode_png(picture)), picture)
