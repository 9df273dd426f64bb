"""Decoding text by Specific Character Set (0008,0005); nothing raises, what cannot be decoded is replaced.

PS3.3 C.12.1.1.2 (defined terms and escape sequences), PS3.5 6.1.
"""

import re
from functools import lru_cache

# defined term, without "ISO_IR " or "ISO 2022 IR " -> codec
_SINGLE_BYTE = {
    "6": "latin_1",  # ASCII; bytes beyond it break the Standard, and Latin-1 is what their senders mean most often
    "100": "latin_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "144": "iso8859_5",
    "127": "iso8859_6",
    "126": "iso8859_7",
    "138": "iso8859_8",
    "148": "iso8859_9",
    "203": "iso8859_15",
    "13": "shift_jis",
    "166": "iso8859_11",
    "192": "utf_8",
}
_WHOLE = {"GB18030": "gb18030", "GBK": "gbk"}
_MULTI_BYTE = {"87": "iso2022_jp", "159": "iso2022_jp_2", "149": "euc_kr", "58": "gb2312"}
_ESCAPES = {
    b"(B": "latin_1",
    b"-A": "latin_1",
    b"-B": "iso8859_2",
    b"-C": "iso8859_3",
    b"-D": "iso8859_4",
    b"-L": "iso8859_5",
    b"-G": "iso8859_6",
    b"-F": "iso8859_7",
    b"-H": "iso8859_8",
    b"-M": "iso8859_9",
    b"-b": "iso8859_15",
    b")I": "shift_jis",
    b"(J": "shift_jis",
    b"-T": "iso8859_11",
    b"$B": "iso2022_jp",
    b"$(D": "iso2022_jp_2",
    b"$)C": "euc_kr",
    b"$)A": "gb2312",
}
_G0_MULTI_BYTE = frozenset({"iso2022_jp", "iso2022_jp_2"})  # these codecs need the escape sequence itself
_FRAGMENTS = re.compile(rb"\x1b(\$[()].|[$()\-].)")
_DELIMITERS = re.compile(rb"[\\^=\r\n\t\f].*", re.DOTALL)  # switch back to the first character set (PS3.5 6.1.2.5.3)
DEFAULT = ("latin_1",)


LONGEST = 256
"""Bytes of a (0008,0005) that count: sixteen terms. Nobody needs as many, and what is longer would be remembered."""


def codecs_of(specific_character_set: bytes) -> tuple[str, ...]:
    """The codecs that a raw (0008,0005) names, its first value first; unknown terms count as the default repertoire."""
    return _codecs_of(specific_character_set[:LONGEST])


@lru_cache(maxsize=256)
def _codecs_of(specific_character_set: bytes) -> tuple[str, ...]:
    return tuple(_codec(term) for term in specific_character_set.decode("ascii", "replace").split("\\")) or DEFAULT


def _codec(term: str) -> str:
    name = term.strip("\0 ").upper().replace("_", " ")
    if name in _WHOLE:
        return _WHOLE[name]
    number = name.rpartition("IR ")[2].strip()
    return _SINGLE_BYTE.get(number) or _MULTI_BYTE.get(number) or DEFAULT[0]


def decode(raw: bytes, codecs: tuple[str, ...]) -> str:
    """The text of a value of one of the VRs that Specific Character Set governs."""
    if b"\x1b" not in raw:
        return raw.decode(codecs[0], "replace")
    first, *pairs = _FRAGMENTS.split(raw)
    parts = [first.decode(codecs[0], "replace")]
    for escape, text in zip(pairs[::2], pairs[1::2], strict=True):
        parts.append(_decode_fragment(escape, text, codecs[0]))
    return "".join(parts)


def _decode_fragment(escape: bytes, text: bytes, first: str) -> str:
    codec = _ESCAPES.get(escape)
    if codec is None:
        return text.decode(first, "replace")
    if codec in _G0_MULTI_BYTE:
        return (b"\x1b" + escape + text).decode(codec, "replace")
    rest = _DELIMITERS.search(text)
    until = rest.start() if rest else len(text)
    return text[:until].decode(codec, "replace") + text[until:].decode(first, "replace")


TERMS = tuple(
    [f"ISO_IR {number}" for number in _SINGLE_BYTE]
    + [f"ISO 2022 IR {number}" for number in (*_SINGLE_BYTE, *_MULTI_BYTE) if number != "192"]
    + [*_WHOLE]
)
"""The defined terms that are known (PS3.3 C.12.1.1.2)."""
