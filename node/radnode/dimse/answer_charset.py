"""The character set of C-FIND answers: the requester's if it can hold the text, else ISO_IR 192 (C.4.1.1.3.2)."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from radnode.instance.charset import LONGEST, codecs_of, decode
from radnode.instance.coded_sets import (
    ASCII_ESCAPE,
    CODED_SETS,
    KATAKANA,
    ROMAJI_ESCAPE,
    WHOLE,
    CodedSet,
    Place,
    Term,
    read_term,
)

DEFAULT_TERM = b"ISO_IR 100"  # said of ASCII where nothing was asked for: the term that most receivers know
UNICODE_TERM = b"ISO_IR 192"

Encode = Callable[[str], bytes]

_RESETS = "\\\r\n\t\f"  # after these the first character set is in force again (PS3.5 6.1.2.5.3)
_RESETS_IN_NAMES = "^="
_FIRST_HIGH = 0xA0  # before it are control characters


def term_for(requested: bytes) -> bytes:
    """What an answer may say in (0008,0005) that holds nothing but ASCII, or text that `encoder_for` has encoded.

    These are the requester's terms, as the Standard spells them; what it does not know is left out.
    """
    terms = _terms(requested[:LONGEST])
    if not terms:
        return DEFAULT_TERM
    if terms[0].name in WHOLE:
        return terms[0].name.encode()
    extends = len(terms) > 1 or terms[0].extends or CODED_SETS.get(terms[0].name, KATAKANA).place is not Place.HIGH
    spelled = [("ISO 2022 IR " if extends else "ISO_IR ") + term.name for term in terms]
    if not requested.partition(b"\\")[0].strip(b"\0 "):
        spelled[0] = ""
    return "\\".join(spelled).encode()


def choose(requested: bytes, texts: Iterable[str]) -> tuple[bytes, Encode]:
    """The value of (0008,0005) for an answer that holds `texts`, and how to encode them.

    `requested` is the raw value of the identifier's (0008,0005), empty where it has none.
    """
    texts = tuple(texts)
    term = term_for(requested)
    if all(map(str.isascii, texts)):
        return term, str.encode
    encode, codecs = encoder_for(requested), codecs_of(term)
    try:
        if all(_is_held(text, encode(text), codecs) for text in texts):
            return term, encode
    except UnicodeError:
        pass
    return UNICODE_TERM, lambda text: text.encode("utf_8", "replace")


def shortened(text: str, encode: Encode, limit: int) -> bytes:
    """As much of the text as fits into that many bytes, without half of a character."""
    while len(encoded := encode(text)) > limit:
        text = text[: len(text) * limit // len(encoded)]
    return encoded


def _is_held(text: str, encoded: bytes, codecs: tuple[str, ...]) -> bool:
    return all(decode(encoded, codecs, is_name=is_name) == text for is_name in (True, False))


def encoder_for(term: bytes) -> Encode:
    """How text is encoded in the character sets that a (0008,0005) names; UnicodeError where they cannot hold it."""
    return _encoder_for(term[:LONGEST])


@lru_cache(maxsize=64)
def _encoder_for(term: bytes) -> Encode:
    terms = _terms(term)
    if terms and terms[0].name in WHOLE:
        codec = WHOLE[terms[0].name]
        return lambda text: text.encode(codec)
    sets = tuple(CODED_SETS[one.name] for one in terms if one.name in CODED_SETS)
    first = sets[0] if sets and sets[0].number == terms[0].name and sets[0].place is Place.HIGH else None
    return lambda text: text.encode() if text.isascii() else _Encoding(first, sets).encode(text)


def _terms(requested: bytes) -> tuple[Term, ...]:
    """The known terms, each once; none where the first is not known. What stands alone stands alone."""
    if not requested.strip(b"\0 "):
        return ()
    first, *others = (read_term(text) for text in requested.decode("ascii", "replace").split("\\"))
    if not first.name:
        return ()
    if first.name in WHOLE:
        return (first,)
    extensions = {one.name: one for one in others if one.name in CODED_SETS and one.name != first.name}
    return (first, *extensions.values())


class _Encoding:
    """The encoding of one value with code extensions (PS3.5 6.1.2.5): what is designated after each character."""

    def __init__(self, first: CodedSet | None, sets: tuple[CodedSet, ...]) -> None:
        """`first` is in force at the beginning and after delimiters; None for ASCII alone."""
        self.first = first
        self.sets = sets
        self.low: CodedSet | None = None  # in the place of ASCII
        self.high = first
        self.is_sure = True  # false after what is a delimiter in names only, and after ASCII was called back
        self.out = bytearray()

    def encode(self, text: str) -> bytes:
        """The bytes of a value; UnicodeError where a character is in none of the sets."""
        for character in text:
            if character.isascii():
                self.take_ascii(character)
            else:
                self.take(character)
        self.call_ascii_back()
        return bytes(self.out)

    def take_ascii(self, character: str) -> None:
        self.call_ascii_back()
        self.out += character.encode()
        if character in _RESETS:
            self.high, self.is_sure = self.first, True
        elif character in _RESETS_IN_NAMES and self.high is not self.first:
            self.is_sure = False

    def take(self, character: str) -> None:
        """In the set that is in force where it has the character, or in the first that has."""
        for one in (self.low, self.high, *self.sets):
            encoded = one and _in_set(character, one)
            if one and encoded:
                self.designate(one)
                self.out += encoded
                return
        raise UnicodeError("no character set of the term holds the text")

    def designate(self, one: CodedSet) -> None:
        if one.place is Place.LOW:
            if self.low is not one:
                self.out += b"\x1b" + one.escape
            self.low = one
            return
        self.call_ascii_back()
        if self.high is not one or not self.is_sure:
            self.out += b"\x1b" + one.escape
        self.high, self.is_sure = one, True

    def call_ascii_back(self) -> None:
        """Before delimiters, the end, and whatever is not of the set in the place of ASCII."""
        if self.low is not None:
            is_romaji = self.first is KATAKANA  # then it is what was there before (PS3.5 H.3.2)
            self.out += b"\x1b" + (ROMAJI_ESCAPE if is_romaji else ASCII_ESCAPE)
            self.low, self.is_sure = None, is_romaji


@lru_cache(maxsize=4096)
def _in_set(character: str, one: CodedSet) -> bytes:
    """The character's bytes in that set, without an escape sequence; none where it has no such character."""
    try:
        encoded = character.encode(one.codec)
    except UnicodeEncodeError:
        return b""
    if one.place is Place.LOW:
        begin = b"\x1b" + one.escape
        return encoded[len(begin) :][:2] if encoded.startswith(begin) else b""
    due = 2 if one.place is Place.HIGH_PAIRS else 1
    return encoded if len(encoded) == due and min(encoded) >= _FIRST_HIGH else b""
