"""Private elements that are known to be safe (PS3.15 table E.3.10-1): measures of the equipment, by creator.

Of the Standard's list those stand here that are numbers, codes or flags; what holds files, texts or UIDs is removed.
"""

from functools import cache

from pydicom.datadict import private_dictionary_VR

_SAFE = {  # creator -> group -> elements within the block
    "ELSCINT1": {0x00E1: "21 50", 0x01E1: "26", 0x01F1: "01 07 26 27"},
    "GEIIS PACS": {0x0903: "10 11 12"},
    "GEMS_ACQU_01": {0x0019: "23 24 27 9E"},
    "GEMS_HELIOS_01": {0x0045: "01 02"},
    "GEMS_PARM_01": {0x0043: "27 39 6F"},
    "GEMS_SENO_02": {0x0045: "06 1B 20 27 29 2A 2B 49 58 59 60 61 62 63 64 71 72 90 A0 A1 A2 A4 A7 A8 AB AC AD"},
    "GEMS_SERS_01": {0x0025: "07"},
    "HOLOGIC, Inc.": {0x0019: "06 07 08 25 26 27 28 29 30 31 32 33 34 35 37 40 41 50 51 52 53 60 70 71 80 90"},
    "LORAD Selenia": {0x0019: "06 07 08 26 27 28 29 30 31 32 33 34 35 37 40 41 50 51 52 53 60 70 71 80 90"},
    "NQHeader": {0x0099: "04 10 21"},
    "NQLeft": {0x0199: " ".join(f"{number:02X}" for number in range(1, 0x3B))},
    "NQRight": {0x0299: " ".join(f"{number:02X}" for number in range(1, 0x3B))},
    "PHILIPS MR IMAGING DD 001": {0x2005: "0D 0E"},
    "Philips Imaging DD 001": {0x2001: "03 04"},
    "Philips MR Imaging DD 001": {0x2005: "0D 0E"},
    "Philips PET Private Group": {0x7053: "00 09"},
    "SIEMENS MR HEADER": {0x0019: "0C 0D 0E 27"},
}
BINARY = frozenset({"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
TEXT = frozenset({"CS", "DS", "IS", "LO", "SH"})
_NUMBERS = frozenset(b"0123456789+-.eE \\\0")


@cache
def _elements() -> frozenset[tuple[str, int, int]]:
    return frozenset(
        (creator, group, int(element, 16))
        for creator, groups in _SAFE.items()
        for group, elements in groups.items()
        for element in elements.split()
    )


def is_safe_creator(creator: str, group: int) -> bool:
    """Whether a block of that creator can hold something safe in that group."""
    return group in _SAFE.get(creator, {})


def safe_vr(tag: int, vr: str, creator: str) -> str:
    """The VR of a private element that is known to be safe, "" if it is not; `vr` is as written, "" or UN if none."""
    if (creator, tag >> 16, tag & 0xFF) not in _elements():
        return ""
    known = vr
    if vr in ("", "UN"):
        try:
            known = private_dictionary_VR(tag, creator)
        except KeyError:
            return ""
    return known if known in BINARY | TEXT else ""


def is_number(raw: bytes) -> bool:
    """Whether a DS or IS holds what these may hold, and no words."""
    return _NUMBERS.issuperset(raw)
