"""The stored values of a frame as a whole: which there are, how often, and each one's grey."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radnode.instance.pictures.luts import Transform
from radnode.instance.pictures.padding import Between

Array = NDArray[Any]
Grey = NDArray[np.uint8]
_TABLE_SPAN = 2**18
_STRIP = 2**17  # what fits into a processor's cache beside the table
_SAMPLE = 2**22
_WIDEST = 2**63 - 1


class StoredValues:
    """Stored values: whole numbers of a small span are mapped by a table, all others strip by strip.

    What is in `apart`, padding for one, has no say in windows that are made of the values.
    """

    def __init__(self, stored: Array, apart: tuple[Between, ...] = ()) -> None:
        self.stored = stored
        self._apart = apart
        self._least = int(stored.min()) if stored.dtype.kind != "f" else 0
        most = int(stored.max()) if stored.dtype.kind != "f" else _WIDEST
        is_tabled = most - self._least < _TABLE_SPAN and most < _WIDEST
        self._table = np.arange(self._least, most + 1, dtype=np.int64) if is_tabled else None

    def mapped(self, shade: Callable[[Array], Grey]) -> Grey:
        """The grey of each value."""
        greys = None if self._table is None else shade(self._table)
        picture = np.empty(self.stored.shape, np.uint8)
        for rows in self._strips():
            strip = self.stored[rows]
            if greys is None:
                picture[rows] = shade(strip)
            else:  # every place is in the table; to clip is quicker than to check
                np.take(greys, self._places(strip), out=picture[rows], mode="clip")
        return picture

    def extent(self, transform: Transform) -> tuple[float, float] | None:
        """The least and the greatest finite output of the transform; None where there is none."""
        least, greatest = np.inf, -np.inf
        for values, _ in self._counted():
            shown = transform(values)
            shown = shown[np.isfinite(shown)]
            least, greatest = shown.min(initial=least), shown.max(initial=greatest)
        return (float(least), float(greatest)) if least <= greatest else None

    def percentiles(self, transform: Transform, shares: tuple[float, float]) -> tuple[float, float] | None:
        """The least outputs that these shares of the values do not exceed; of very many values, of some in between."""
        found = list(self._counted(sampled=True))
        outputs = transform(np.concatenate([values for values, _ in found]))
        counts = np.concatenate([count for _, count in found])[np.isfinite(outputs)]
        outputs = outputs[np.isfinite(outputs)]
        if not outputs.size:
            return None
        if self._table is None:
            first, last = np.quantile(outputs, shares, method="inverted_cdf")
        else:
            order = np.argsort(outputs, kind="stable")
            reached = np.cumsum(counts[order])
            first, last = outputs[order[np.searchsorted(reached, np.array(shares) * reached[-1])]]
        return float(first), float(last)

    def _counted(self, *, sampled: bool = False) -> Iterator[tuple[Array, Array]]:
        """The values that count and how often they occur; all of them where none counts."""
        found = False
        for values, counts in self._occurring(sampled=sampled):
            counting = np.ones(values.shape, bool)
            for apart in self._apart:
                counting &= ~apart.holds(values)
            found = found or bool(counting.any())
            yield values[counting], counts[counting]
        if not found:
            yield from self._occurring(sampled=sampled)

    def _occurring(self, *, sampled: bool) -> Iterator[tuple[Array, Array]]:
        if self._table is not None:
            counts = np.zeros(len(self._table), np.int64)
            for rows in self._strips():
                counts += np.bincount(self._places(self.stored[rows]).ravel(), minlength=len(counts))
            yield self._table[counts > 0], counts[counts > 0]
            return
        step = -(-self.stored.size // _SAMPLE) if sampled else 1
        for rows in self._strips():
            values = self.stored[rows].ravel()[::step]
            yield values, np.ones(values.shape, np.int64)

    def _places(self, strip: Array) -> Array:
        """Where in the table the values are: the difference to the least, which an unsigned type holds however wide."""
        if self._least == 0:
            return strip
        unsigned = np.dtype(f"u{strip.dtype.itemsize}")
        places: Array = strip.view(unsigned) - unsigned.type(self._least & np.iinfo(unsigned).max)
        return places

    def _strips(self) -> Iterator[slice]:
        height = max(1, _STRIP // self.stored.shape[1])
        return (slice(top, top + height) for top in range(0, self.stored.shape[0], height))
