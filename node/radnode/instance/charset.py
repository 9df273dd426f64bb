"""Decoding text by Specific Character Set (0008,0005); nothing raises, what cannot be decoded is replaced.

PS3.3 C.12.1.1.2 (defined terms and escape sequences), PS3.5 6.1.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from radnode.instance.coded_sets import CODED_SETS, WHOLE, Place, read_term

DEFAULT = ("latin_1",)  # bytes beyond ASCII break the Standard then, and Latin-1 is what their senders mean most often
LONGEST = 256
"""Bytes of a (0008,0005) that count: sixteen terms. Nobody needs as many, and what is longer would be remembered."""

_UNICODE = frozenset({"UTF-8", "UTF8", "UTF_8"})  # no defined terms, so never an answer's, but what they mean is plain
_WHOLE_CODECS = frozenset(WHOLE.values())
_LOW = {one.escape: one.codec for one in CODED_SETS.values() if one.place is Place.LOW} | {b"$@": "iso2022_jp"}
_HIGH = {one.escape: one.codec for one in CODED_SETS.values() if one.place is not Place.LOW}
_FRAGMENTS = re.compile(rb"\x1b(\$[()].|[$()\-].)", re.DOTALL)
_RUNS = re.compile(rb"[\x80-\xff]+|[\x21-\x7e]+|[\x00-\x20\x7f]+")
# After each of these the first character set is in force again (PS3.5 6.1.2.5.3); carets and equals signs are
# delimiters in person names only.
_RESETS = re.compile(rb"[\\\r\n\t\f]")
_RESETS_IN_NAMES = re.compile(rb"[\\^=\r\n\t\f]")


def codecs_of(specific_character_set: bytes) -> tuple[str, ...]:
    """The codecs that a raw (0008,0005) names, its first value first; unknown terms count as the default repertoire."""
    return _codecs_of(specific_character_set[:LONGEST])


@lru_cache(maxsize=256)
def _codecs_of(specific_character_set: bytes) -> tuple[str, ...]:
    return tuple(_codec(term) for term in specific_character_set.decode("ascii", "replace").split("\\")) or DEFAULT


def _codec(text: str) -> str:
    if text.upper().strip(" \0") in _UNICODE:
        return WHOLE["ISO_IR 192"]
    name = read_term(text).name
    if name in WHOLE:
        return WHOLE[name]
    return CODED_SETS[name].codec if name in CODED_SETS else DEFAULT[0]


def decode(raw: bytes, codecs: tuple[str, ...], *, is_name: bool) -> str:
    """The text of a value of one of the VRs that Specific Character Set governs; `is_name` for PN."""
    first = codecs[0]
    # In what stands alone there are no escape sequences, unless the object does not say what it is written in.
    if b"\x1b" not in raw or (first in _WHOLE_CODECS and not raw.isascii()):
        return raw.decode(first, "replace")
    return "".join(_extended(raw, first, _RESETS_IN_NAMES if is_name else _RESETS))


def _extended(raw: bytes, first: str, resets: re.Pattern[bytes]) -> Iterator[str]:
    """The text of a value with escape sequences: what each byte means depends on what was designated before it."""
    low, high = b"", first  # the escape sequence of what stands in the place of ASCII, and the codec beside that
    begin, *rest = _FRAGMENTS.split(raw)
    for escape, fragment in zip([b"", *rest[::2]], [begin, *rest[1::2]], strict=True):
        if escape[:1] == b"(" or escape in _LOW:
            low = escape if escape in _LOW else b""
        high = _HIGH.get(escape, high)
        for run in _RUNS.findall(fragment):
            if run[0] >= 0x80:
                yield run.decode(high, "replace")
            elif low and run[0] > 0x20:
                yield (b"\x1b" + low + run).decode(_LOW[low], "replace")
            else:
                yield run.decode("ascii")
                if resets.search(run):
                    low, high = b"", first
