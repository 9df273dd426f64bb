"""In which order the two 16-bit words of a 32-bit cell stand in big endian OW pixel data (PS3.5-2016b 7.3, 8.1.1).

OW is turned round word by word, so that the low word goes first; that is what DCMTK writes. Many others turn round
whole cells, so that the high word goes first; that is what pydicom reads, and what its test files hold. Nothing in the
object says which, but the cells do: from one to the next high words change little and low words a lot.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.decoding.image_attributes import PixelDescription
from radnode.model.errors import CannotRender

IN_TWO_WAYS = "cells of more than 16 bits in big endian words can be read in two ways"
_WORD = 16  # bits
_CLEARLY = 4  # times as much as high words low words change where there is no doubt
_ENOUGH = 64  # cells; of fewer, it may be chance


def cells_of_words(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """The 32-bit cells of a frame; CannotRender where nothing tells the order, or cells have another size."""
    if description.allocated != 2 * _WORD:
        raise CannotRender(IN_TWO_WAYS)
    words = np.frombuffer(data, ">u2").reshape(-1, 2)
    high, low = words.T if _is_high_first(words) else words.T[::-1]
    cells: NDArray[Any] = high.astype(np.uint32) << _WORD | low
    return cells


def _is_high_first(words: NDArray[Any]) -> bool:
    """Whether the words of the first column are the high ones; where both columns are equal, that is the same."""
    first, second = (_change(column) for column in words.T)
    is_clear = max(first, second) >= max(1, _CLEARLY * min(first, second)) and len(words) >= _ENOUGH
    if not is_clear and not np.array_equal(*words.T):
        raise CannotRender(IN_TWO_WAYS)
    return first <= second


def _change(words: NDArray[Any]) -> int:
    """How much words change from one to the next, the shorter way round, summed up; a sign is no great change."""
    return int(np.abs(np.diff(words.astype(np.int16)).astype(np.int64)).sum())
