"""The text of values: decoded, padding trimmed, never normalised (PS3.5 6.2)."""

import math
from collections.abc import Mapping
from struct import Struct

from radnode.instance.charset import codecs_of, decode

SPECIFIC_CHARACTER_SET = 0x00080005
PADDING = "\0 "
MAX_VALUE = 1 << 16  # bytes of a value that becomes text; LT, the longest VR used so, has 10240 characters at most
_BY_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
TEXT_VRS = _BY_CHARACTER_SET | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"}
_ONE_VALUE = frozenset({"LT", "ST", "UT", "UR"})  # a backslash is part of the text
_LEADING_PADDING = frozenset({"AE", "CS", "DS", "IS", "LO", "SH"})  # these may be padded in front too
_NUMBERS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
NUMBER_VRS = frozenset(_NUMBERS)
_NO_TEXT = frozenset({"SQ", "AT"})  # whatever the dictionary says, these bytes are no text

_LITTLE = {vr: Struct(f"<{letter}") for vr, letter in _NUMBERS.items()}
_BIG = {vr: Struct(f">{letter}") for vr, letter in _NUMBERS.items()}

RawValues = Mapping[int, tuple[str, bytes]]  # tag -> VR as written, encoded value


def texts_of(raw: RawValues, vrs: Mapping[int, str], *, big_endian: bool) -> dict[int, str]:
    """The texts of those of `raw` whose tag and VR (the dictionary's) are in `vrs`, by the character set in `raw`."""
    codecs = codecs_of(raw[SPECIFIC_CHARACTER_SET][1] if SPECIFIC_CHARACTER_SET in raw else b"")
    return {
        tag: text_of(value, vrs[tag], vr, codecs, big_endian=big_endian)
        for tag, (vr, value) in raw.items()
        if tag in vrs
    }


def text_of(raw: bytes, vr: str, written_vr: str, codecs: tuple[str, ...], *, big_endian: bool = False) -> str:
    """The value as text, several values joined by a backslash.

    `vr` is the dictionary's; `written_vr` ("" or UN where none is known) wins where it says how the bytes are coded.
    """
    if written_vr in _NO_TEXT:
        return ""
    if written_vr in _NUMBERS or (vr in _NUMBERS and written_vr not in TEXT_VRS):
        return _numbers(raw, written_vr if written_vr in _NUMBERS else vr, big_endian and written_vr != "UN")
    by_character_set = vr in _BY_CHARACTER_SET or written_vr in _BY_CHARACTER_SET
    text = decode(raw, codecs, is_name=vr == "PN") if by_character_set else raw.decode("latin_1")
    values = (text,) if vr in _ONE_VALUE else text.split("\\")
    return "\\".join((value.lstrip(" ") if vr in _LEADING_PADDING else value).rstrip(PADDING) for value in values)


def _numbers(raw: bytes, vr: str, big_endian: bool) -> str:
    """Binary numbers in decimal; bytes that are too few for one are no value."""
    form = (_BIG if big_endian else _LITTLE)[vr]
    whole = len(raw) - len(raw) % form.size
    word = _shortest if vr == "FL" else str
    return "\\".join(word(number) for (number,) in form.iter_unpack(raw[:whole]))


def _shortest(number: float) -> str:
    """A single-precision number in the fewest digits that mean it: 5.1, where a double has 5.099999904632568."""
    if not math.isfinite(number):
        return str(number)
    texts = (f"{number:.{digits}g}" for digits in range(6, 10))
    return str(float(next((text for text in texts if _single(text) == number), repr(number))))


def _single(text: str) -> float:
    try:
        (number,) = _LITTLE["FL"].unpack(_LITTLE["FL"].pack(float(text)))
    except OverflowError:  # rounded up beyond the largest one
        return math.inf
    return float(number)
