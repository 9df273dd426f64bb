"""Where each frame's functional groups stand (PS3.3 C.7.6.16), found by one walk and remembered for the last files.

Where sequences and items have no length, that walk passes every element of every frame: half a second for 5,000 frames,
which nobody should wait for who shows one after the other.
"""

from array import array
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from radnode.instance.content import opened
from radnode.instance.encodings import Buffer, header_reader
from radnode.instance.walk import ITEM, MAX_ELEMENTS, Element, walk
from radnode.model.uid import UID

ITEM_HEADER = 8
"""Bytes of an item's tag and length."""
_HEADERS = (8, 12)
_FILES = 8


@dataclass(frozen=True, slots=True)
class GroupPlaces:
    """The places of the items' headers, and of the next element's after the sequence (the data set's end, if none)."""

    items: "array[int]"
    after: int


def group_places(dataset: Buffer, encoding: UID, sequence: Element) -> GroupPlaces:
    """The places in a sequence of undefined length at the top of a data set, which is inflated already.

    Raises what `walk` does.
    """
    items = array("Q")
    for element in walk(dataset, encoding, position=_begin(dataset, encoding, sequence)):
        if element.depth == 1 and element.tag == ITEM and len(items) < MAX_ELEMENTS:
            items.append(element.offset - ITEM_HEADER)
        elif not element.depth and element.offset != sequence.offset:
            return GroupPlaces(items, _begin(dataset, encoding, element))
    return GroupPlaces(items, len(dataset))


def remembered_places(path: Path, encoding: UID, sequence: Element) -> GroupPlaces:
    """The same of a file, which is read anew where it has changed. Raises what `opened` and `walk` do.

    In the archive it does not, for a file's name there is the hash of its data set. Times of change, unlike those of
    modification, nobody can set.
    """
    status = path.stat()
    stamp = status.st_dev, status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size
    return _remembered(path, stamp, encoding, sequence)


@lru_cache(maxsize=_FILES)
def _remembered(path: Path, _stamp: tuple[int, ...], encoding: UID, sequence: Element) -> GroupPlaces:
    with opened(path) as (dataset, _):
        return group_places(dataset, encoding, sequence)


def _begin(dataset: Buffer, encoding: UID, element: Element) -> int:
    """Where the header of an element begins, which is as long as its VR wants (PS3.5 7.1)."""
    read = header_reader(encoding, dataset)
    sizes = (size for size in _HEADERS if read(dataset, element.offset - size)[::2] == (element.tag, element.offset))
    return element.offset - next(sizes)
