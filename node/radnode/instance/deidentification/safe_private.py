"""Private elements that are known to be safe (PS3.15 table E.3.10-1, edition 2026d): measures of the equipment.

Of the Standard's list those stand here that are numbers or codes; what holds files, texts, sequences or UIDs is
removed. A value stays only if it is what the list says: anybody can write a name where a number belongs.
"""

import re
from functools import cache

_NQ = {"FL": " ".join(f"{number:02X}" for number in range(1, 0x17))}
_SAFE = {  # creator -> group -> VR -> elements within the block
    "ELSCINT1": {
        0x00E1: {"DS": "21 50"},
        0x01E1: {"CS": "26"},
        0x01F1: {"CS": "01", "DS": "07 26 27"},
    },
    "GEIIS PACS": {0x0903: {"US": "10 11 12"}},
    "GEMS_ACQU_01": {0x0019: {"DS": "23 24 27", "LO": "9E"}},
    "GEMS_HELIOS_01": {0x0045: {"SS": "01", "FL": "02"}},
    "GEMS_PARM_01": {0x0043: {"SH": "27", "IS": "39", "DS": "6F"}},
    "GEMS_SERS_01": {0x0025: {"SL": "07"}},
    "NQHeader": {0x0099: {"SS": "04", "FL": "10 21"}},
    "NQLeft": {0x0199: _NQ},
    "NQRight": {0x0299: _NQ},
    "Philips Imaging DD 001": {
        0x2001: {
            "CS": "04 06 07 0B 0C 0E 10 12 19 1C 1E 1F 21 24 A1",
            "DS": "23 83 84 85 88 89 8A",
            "FL": "01 03 09 11 1A 1B 22 32 F1",
            "IS": "02 08 0A 1D 7B 81 82 86",
            "SL": "13 14 17 18 60",
            "SS": "0F 15 16 2D 35",
        }
    },
    "Philips MR Imaging DD 001": {0x2005: {"FL": "0D 0E"}},
    "Philips PET Private Group": {0x7053: {"DS": "00 09"}},
    "SIEMENS MR HEADER": {0x0019: {"IS": "0C", "CS": "0D", "FD": "0E 27"}},
}
MAX_LENGTH = 64
"""Bytes of a value: none of these has more than six numbers."""
_WORDS = {"FD": 8, "FL": 4, "SL": 4, "SS": 2, "UL": 4, "US": 2}
_NUMBER = re.compile(rb"[0-9+.eE \\-]*\0?")
_FORMS = {
    "CS": re.compile(rb"[A-Z0-9_ \\]*\0?"),
    "DS": _NUMBER,
    "IS": _NUMBER,
    "LO": re.compile(rb"[A-Za-z0-9_.+-]* *\0?"),
    "SH": re.compile(rb"[0-9.]*(?::[0-9.]*)? *\0?"),  # a ratio
}


@cache
def _elements() -> dict[tuple[str, int, int], str]:
    return {
        (creator, group, int(element, 16)): vr
        for creator, groups in _SAFE.items()
        for group, vrs in groups.items()
        for vr, elements in vrs.items()
        for element in elements.split()
    }


def is_safe_creator(creator: str, group: int) -> bool:
    """Whether a block of that creator can hold something safe in that group."""
    return group in _SAFE.get(creator, {})


def safe_vr(tag: int, vr: str, creator: str) -> str:
    """How the value of a private element is to be read that is known to be safe, "" if it is not.

    `vr` is as written, "" or UN where none is known; a number may be written as another kind of number.
    """
    known = _elements().get((creator, tag >> 16, tag & 0xFF), "")
    if vr in ("", "UN", known):
        return known
    numbers = _WORDS.keys() | {"DS", "IS"}
    return vr if known in numbers and vr in numbers else ""


def is_safe_value(raw: bytes, vr: str) -> bool:
    """Whether the encoded value is what that VR has here: numbers, or a code that is one word."""
    if vr in _WORDS:
        return len(raw) <= MAX_LENGTH and not len(raw) % _WORDS[vr]
    return len(raw) <= MAX_LENGTH and _FORMS[vr].fullmatch(raw) is not None
