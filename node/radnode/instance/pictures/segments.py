"""Segmented palettes (PS3.3 C.7.9.2): a few numbers that stand for many entries."""

import numpy as np

MAX_ENTRIES = 65536


def expand_segments(data: list[int], width: int) -> list[int]:
    """The entries that discrete, linear and indirect segments stand for (C.7.9.2), MAX_ENTRIES at most.

    `width` is the bytes of one number of `data`; an indirect segment names the byte at which others begin.
    """
    return _expand(data, width, 0, None, [])


def _expand(data: list[int], width: int, position: int, segments: int | None, entries: list[int]) -> list[int]:
    """Appends the entries of `segments` segments (None: all of them) from `position` on."""
    while position + 1 < len(data) and segments != 0 and len(entries) < MAX_ENTRIES:
        code, length = data[position : position + 2]
        position += 2
        if not length and segments is not None:
            raise ValueError("an empty segment is copied")  # endless work for no entry
        if code == 0:
            entries += data[position : position + length]
            position += length
        elif code == 1 and entries:
            entries += np.linspace(entries[-1], data[position], length + 1)[1:].round().astype(int).tolist()
            position += 1
        elif code == 2 and segments is None:
            halves = data[position : position + 4 // width]
            offset = sum(half << (8 * width * place) for place, half in enumerate(halves))
            _expand(data, width, offset // width, length, entries)
            position += len(halves)
        else:
            raise ValueError(f"segment type {code}")
        segments = None if segments is None else segments - 1
    return entries
