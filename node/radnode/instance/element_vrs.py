"""The VR of elements whose data set does not write it (PS3.6, PS3.5 6.2.2, A.1)."""

from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_VR

from radnode.instance.element_output import KNOWN_VRS
from radnode.instance.walk import PIXEL_DATA

BITS_ALLOCATED, PIXEL_REPRESENTATION = 0x00280100, 0x00280103


@dataclass(frozen=True)
class CellKind:
    """What the data set or item says of its pixel cells, on which some VRs depend."""

    allocated: int = 16
    signed: bool = False


def unsaid_vr(tag: int, cells: CellKind) -> str:
    """The dictionary's VR; UN for what it does not know, private elements among it, and for sequences.

    Sequences are known by another way (`radnode.instance.walk.is_sequence`); the value of any that is not is kept.
    """
    vr = _dictionary_vr(tag)
    if vr in KNOWN_VRS:
        return vr
    if vr == "US or SS":
        return "SS" if cells.signed else "US"
    if tag == PIXEL_DATA and cells.allocated <= 8:
        return "OB"
    return "OW" if vr.endswith("OW") else "UN"


@lru_cache(maxsize=8192)  # more than there are tags in most archives; hostile ones push each other out
def _dictionary_vr(tag: int) -> str:
    group, element = tag >> 16, tag & 0xFFFF
    if not element:
        return "UL"
    if group % 2:
        return "LO" if 0x10 <= element <= 0xFF else "UN"
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    return "UN" if vr == "SQ" else vr
