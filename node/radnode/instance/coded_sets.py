"""The coded character sets of PS3.3 C.12.1.1.2 (tables C.12-2 to C.12-5), and the terms that name them."""

import re
from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """Where the bytes of a set's characters are (PS3.5 6.1.2.4, ISO/IEC 2022)."""

    LOW = "pairs of 7-bit bytes, in the place of ASCII (G0)"
    HIGH = "single bytes with the high bit, beside ASCII (G1)"
    HIGH_PAIRS = "pairs of bytes with the high bit, beside ASCII (G1)"


@dataclass(frozen=True, slots=True)
class CodedSet:
    """A set that code extensions can designate: the codec that knows it, and the escape sequence without its ESC."""

    number: str
    codec: str
    escape: bytes
    place: Place


_HIGH = {  # ISO-IR number -> codec, final byte of the escape sequence
    "100": ("latin_1", b"A"),
    "101": ("iso8859_2", b"B"),
    "109": ("iso8859_3", b"C"),
    "110": ("iso8859_4", b"D"),
    "144": ("iso8859_5", b"L"),
    "127": ("iso8859_6", b"G"),
    "126": ("iso8859_7", b"F"),
    "138": ("iso8859_8", b"H"),
    "148": ("iso8859_9", b"M"),
    "203": ("iso8859_15", b"b"),
    "166": ("iso8859_11", b"T"),
}
KATAKANA = CodedSet("13", "shift_jis", b")I", Place.HIGH)  # JIS X 0201 is what that codec encodes in one byte
CODED_SETS: dict[str, CodedSet] = {
    **{number: CodedSet(number, codec, b"-" + final, Place.HIGH) for number, (codec, final) in _HIGH.items()},
    "13": KATAKANA,
    "87": CodedSet("87", "iso2022_jp", b"$B", Place.LOW),
    "159": CodedSet("159", "iso2022_jp_1", b"$(D", Place.LOW),
    "149": CodedSet("149", "euc_kr", b"$)C", Place.HIGH_PAIRS),
    "58": CodedSet("58", "gb2312", b"$)A", Place.HIGH_PAIRS),
}
"""By ISO-IR number."""

ASCII_ESCAPE, ROMAJI_ESCAPE = b"(B", b"(J"  # ROMAJI: that half of JIS X 0201
DEFAULT_NUMBER = "6"
WHOLE = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
"""Terms that stand alone, without code extensions, and their codecs."""

_NUMBERS = (DEFAULT_NUMBER, *CODED_SETS)
TERMS = (
    *(f"ISO_IR {one}" for one in _NUMBERS if one == DEFAULT_NUMBER or CODED_SETS[one].place is Place.HIGH),
    *(f"ISO 2022 IR {one}" for one in _NUMBERS),
    *WHOLE,
)
"""Every defined term."""

_NUMBERED = re.compile(r"ISO ?(2022 ?)?(?:IR ?)?0*([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Term:
    """One value of (0008,0005): the ISO-IR number, or the whole term where it stands alone; "" if it is unknown.

    `extends` says whether it was written as one with code extensions.
    """

    name: str
    extends: bool = False


def read_term(text: str) -> Term:
    """What a value of (0008,0005) means, also where case, underscores or hyphens are not those of the Standard.

    An empty one is the default repertoire, ISO_IR 6.
    """
    plain = " ".join(re.split(r"[ _\-\0]+", text.upper())).strip()
    if not plain:
        return Term(DEFAULT_NUMBER, extends=True)
    if plain.removeprefix("ISO 2022 ") in ("GBK", "GB18030"):
        return Term(plain.removeprefix("ISO 2022 "))
    found = _NUMBERED.fullmatch(plain)
    if found is None:
        return Term("")
    if found[2] == "192":
        return Term("ISO_IR 192")
    known = found[2] == DEFAULT_NUMBER or found[2] in CODED_SETS
    return Term(found[2] if known else "", extends=bool(found[1]))
