"""What an object's names, identifiers, dates and UIDs look like, to know them again where somebody has typed them.

PS3.15 table E.1-1 lists where they belong; E.1.1 wants them gone wherever they stand.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_WORD = re.compile(r"[^\W_]+")
_UID = re.compile(r"(?<![0-9.])[0-2](?:\.[0-9]+){5,}")
_STANDARD, _SHORTEST_UID = "1.2.840.10008.", 20
_DATE = re.compile(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})
_WITHOUT_SPACES = 0x0E00  # from there on are scripts that write words together
_SHORT, _LONG, _SHORTEST_NUMBER, _NAME_PARTS = 2, 6, 5, 3


def fold(text: str) -> str:
    """Without case, accents and other forms of the same letters."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def words(text: str) -> frozenset[str]:
    """The words of a text, folded, and as they are spelled without umlauts."""
    found = set(_WORD.findall(fold(text)))
    if not text.isascii():
        plain = unicodedata.normalize("NFC", text).casefold()
        found.update(_WORD.findall(fold(plain.translate(_WRITTEN_OUT))))
    return frozenset(found)


def compact(text: str) -> str:
    """The letters and digits of a text, folded."""
    return "".join(_WORD.findall(fold(text)))


@dataclass(frozen=True, slots=True)
class Identifying:
    """What must not stand in what stays."""

    words: frozenset[str] = frozenset()
    """Of all names and identifiers, those of equipment and institutions too: descriptions are cleaned of them."""
    names: frozenset[str] = frozenset()
    """Words of two letters and more that are part of a person's name."""
    parts: frozenset[str] = frozenset()
    """What tells also as a part of a word: identifiers, dates, names written together."""
    uids: bool = True
    """Whether UIDs must not stay."""
    long_names: tuple[str, ...] = field(init=False)
    """Those that tell also within a word: "Muller's", "ofMuller"."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "long_names", tuple(name for name in sorted(self.names) if len(name) >= _LONG))

    def tells(self, text: str, *, is_code: bool = False) -> bool:
        """Whether the text names somebody or something of the object; a code does so only in full.

        One name of two letters alone does not: it can be a unit.
        """
        if self.names_somebody(text, is_code=is_code):
            return True
        whole = compact(text)
        return any(part in whole for part in self.parts) or (self.uids and _has_uid(text))

    def names_somebody(self, text: str, *, is_code: bool = False) -> bool:
        """As `tells`, but for names alone."""
        said = words(text)
        found = self.names & said
        if len(found) > 1 or (not is_code and any(len(word) > _SHORT for word in found)):
            return True
        return not is_code and any(name in word for word in said for name in self.long_names)

    def tells_in_bytes(self, raw: bytes) -> bool:
        """Whether a long name stands in what is no text."""
        small = raw.lower()
        return any(name.encode() in small for name in self.long_names)


def _has_uid(text: str) -> bool:
    found = _UID.findall(text) if "." in text else ()
    return any(len(uid) >= _SHORTEST_UID and not uid.startswith(_STANDARD) for uid in found)


def words_of_name(name: str) -> Iterator[str]:
    """The words that a person's name (PN) is known by: of family, given and middle name, in every script."""
    for text in re.split(r"[=\\]", name):
        for word in words("^".join(text.split("^")[:_NAME_PARTS])):
            if len(word) >= _SHORT:
                yield word


def parts_of_name(name: str) -> Iterator[str]:
    """The forms of a person's name that tell also where words are written together."""
    for text in re.split(r"[=\\]", name):
        family, given = ([compact(part) for part in text.split("^")] + ["", ""])[:2]
        together = {family + given, given + family} if family and given else set()
        yield from (one for one in together if len(one) >= _SHORTEST_NUMBER or not one.isascii())
        for word in _WORD.findall(unicodedata.normalize("NFC", text)):
            if len(word) >= _SHORT and min(word) >= chr(_WITHOUT_SPACES):
                yield fold(word)


def parts_of_identifier(text: str) -> Iterator[str]:
    """Each value without its punctuation, if it is long enough to be nothing else."""
    for value in text.split("\\"):
        whole = compact(value)
        if len(whole) >= _SHORTEST_NUMBER:
            yield whole


def parts_of_date(text: str) -> Iterator[str]:
    """The day of each DA or DT as people write it with eight digits: year, month and day in three orders."""
    for value in re.split(r"[\\-]", text):
        found = _DATE.match(value.strip())
        if found is not None:
            year, month, day = found.groups()
            yield from (year + month + day, day + month + year, month + day + year)
