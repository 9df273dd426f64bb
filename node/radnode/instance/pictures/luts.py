"""Lookup tables and rescaling (PS3.3 C.11.1, C.11.2.1.1): the data's own maps from number to number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import numbers, refusing
from radnode.model.errors import CannotRender

Array = NDArray[Any]
Transform = Callable[[Array], NDArray[np.float64]]
"""Maps numbers, element by element and in any shape, to numbers in double precision."""


@dataclass(frozen=True)
class LookupTable:
    """A table whose first entry stands for `first`; what lies outside takes the nearest entry (C.11.1.1.1)."""

    first: int
    entries: Array
    bits: int

    def __call__(self, values: Array) -> NDArray[np.float64]:
        """The entries for these values."""
        return self.entries[self.places(values)].astype(np.float64)

    def places(self, values: Array) -> NDArray[np.intp]:
        """Where in the table these values are."""
        whole = np.rint(values, dtype=np.float64)  # of bytes it would be in half precision
        places: NDArray[np.intp] = np.clip(whole - self.first, 0, len(self.entries) - 1).astype(np.intp)
        return places


@dataclass(frozen=True)
class Rescale:
    """Output units = slope * stored value + intercept (C.11.1.1.2)."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, values: Array) -> NDArray[np.float64]:
        """These values in output units."""
        return values.astype(np.float64) * self.slope + self.intercept


def lookup_table(item: Dataset, *, signed: bool, big_endian: bool) -> LookupTable:
    """The table of an item of a Modality or VOI LUT Sequence; CannotRender where it is none."""
    descriptor = numbers(item, "LUTDescriptor")
    with refusing("a lookup table cannot be read"):
        value = item.LUTData
        if isinstance(value, bytes):
            words = words_of(value, big_endian=big_endian)
        else:
            words = np.atleast_1d(np.asarray(value)).astype(np.int64) & 0xFFFF
    return table_of(descriptor, words.astype(np.uint16), signed=signed)


def words_of(value: bytes, *, big_endian: bool) -> Array:
    """The whole 16-bit words of an OW value."""
    return np.frombuffer(value[: len(value) // 2 * 2], ">u2" if big_endian else "<u2")


def table_of(descriptor: tuple[float, ...], words: Array, *, signed: bool) -> LookupTable:
    """A table from its descriptor (entries, 0 for 65536; first value; bits) and its entries, one per word.

    CannotRender where entries are missing: what should be told apart would look the same.
    """
    if len(descriptor) != 3 or not len(words):
        raise CannotRender("a lookup table has no valid descriptor or no data")
    count, first, bits = (int(one) for one in descriptor)
    count = count % 65536 or 65536
    if len(words) == (count + 1) // 2 and bits <= 8:
        words = words.astype("<u2").view(np.uint8)
    if len(words) < count:
        raise CannotRender("a lookup table has less data than its descriptor says")
    words = words[:count]
    needed = int(words.max()).bit_length()
    return LookupTable(wrapped(first, signed=signed), words, max(bits if 1 <= bits <= 16 else 16, needed))


def wrapped(value: int, *, signed: bool) -> int:
    """A 16-bit number of ambiguous representation (US or SS) as Pixel Representation says it is meant."""
    return value - 0x10000 if signed and 0x8000 <= value < 0x10000 else value
