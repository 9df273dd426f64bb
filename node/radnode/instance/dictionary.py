"""What may be indexed beside the table of attributes, by the data dictionary (PS3.6)."""

import re
from functools import cache

from pydicom._dicom_dict import DicomDictionary

from radnode.instance.values import TEXT_VRS
from radnode.model.attributes import BY_TAG, Attribute
from radnode.model.level import Level

INDEXABLE_VRS = TEXT_VRS | {"US", "SS", "UL", "SL", "FL", "FD"}
_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_OF_QUERIES = {0x00080005, 0x00080052, 0x00080053, 0x00080054, 0x00080056}
"""These have a meaning of their own in a query: character set, level, view, where and how soon."""


def indexable(name: str, level: Level, vr: str | None = None) -> Attribute:
    """The attribute with that keyword or tag (`gggg,eeee`), to be indexed at `level`; one of the table as it is there.

    `vr` is needed where the dictionary knows none. Raises ValueError, with words that a person can act on.
    """
    tag = _tag(name)
    if tag in BY_TAG:
        return BY_TAG[tag]
    group, element = tag >> 16, tag & 0xFFFF
    if group < 8 or group == 0xFFFE or not element or tag in _OF_QUERIES:
        raise ValueError(f"{name} says nothing of an object that could be asked for")
    if group % 2 and element < 0x1000:
        raise ValueError(f"{name} is no private attribute with a value of its own")
    written, multiplicity, _, _, keyword = DicomDictionary.get(tag, ("", "1", "", "", ""))
    known = written.partition(" or ")[0]
    if not known and not vr:
        raise ValueError(f"{name} is not in the data dictionary, so its vr must be said")
    if known and vr not in (None, known):
        raise ValueError(f"{name} has the VR {known}, not {vr}")
    if (known or vr) not in INDEXABLE_VRS:
        raise ValueError(f"{name} cannot be indexed, because its VR {known or vr} is no text or number")
    return Attribute(keyword or f"Tag{tag:08X}", tag, known or vr or "", level, multiple=multiplicity != "1")


def _tag(name: str) -> int:
    tag = _TAG.fullmatch(name)
    if tag:
        return int("".join(tag.groups()), 16)
    if name not in _tags():
        raise ValueError(f"{name} is neither a keyword of the data dictionary nor a tag such as 0018,0010")
    return _tags()[name]


@cache
def _tags() -> dict[str, int]:
    return {entry[4]: tag for tag, entry in DicomDictionary.items() if entry[4]}
