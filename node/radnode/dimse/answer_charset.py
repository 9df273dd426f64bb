"""The character set of C-FIND answers: the requester's if it can hold the text, else ISO_IR 192 (C.4.1.1.3.2)."""

import re
from collections.abc import Callable, Iterable

from radnode.instance.charset import codecs_of, decode

DEFAULT_TERM = b"ISO_IR 100"  # said of ASCII where nothing was asked for: the term that most receivers know
UNICODE_TERM = b"ISO_IR 192"

Encode = Callable[[str], bytes]

# After each of these the first character set is in force again (PS3.5 6.1.2.5.3).
_FRAGMENTS = re.compile(r"([\\^=\r\n\t\f])")
_KATAKANA = "shift_jis"  # JIS X 0201 is what it encodes in one byte
_WHOLE = {"GB18030": "gb18030", "GBK": "gbk", "ISO_IR 192": "utf_8"}
_SINGLE_BYTE = {
    "100": ("iso8859_1", b"\x1b-A"),
    "101": ("iso8859_2", b"\x1b-B"),
    "109": ("iso8859_3", b"\x1b-C"),
    "110": ("iso8859_4", b"\x1b-D"),
    "144": ("iso8859_5", b"\x1b-L"),
    "127": ("iso8859_6", b"\x1b-G"),
    "126": ("iso8859_7", b"\x1b-F"),
    "138": ("iso8859_8", b"\x1b-H"),
    "148": ("iso8859_9", b"\x1b-M"),
    "203": ("iso8859_15", b"\x1b-b"),
    "13": (_KATAKANA, b"\x1b)I"),
    "166": ("iso8859_11", b"\x1b-T"),
}
_MULTI_BYTE = {
    "87": ("iso2022_jp", b""),  # these two codecs write their escape sequences themselves
    "159": ("iso2022_jp_1", b""),
    "149": ("euc_kr", b"\x1b$)C"),
    "58": ("gb2312", b"\x1b$)A"),
}


def choose(requested: bytes, texts: Iterable[str]) -> tuple[bytes, Encode]:
    """The value of (0008,0005) for an answer that holds `texts`, and how to encode them.

    `requested` is the raw value of the identifier's (0008,0005), empty where it has none.
    """
    texts = tuple(texts)
    term = requested.strip(b"\0 ")
    if all(map(str.isascii, texts)):
        return term or DEFAULT_TERM, str.encode
    encode = encoder_for(term)
    codecs = codecs_of(term)
    try:
        if all(decode(encode(text), codecs) == text for text in texts):
            return term, encode
    except UnicodeError:
        pass
    return UNICODE_TERM, lambda text: text.encode("utf_8", "replace")


def encoder_for(term: bytes) -> Encode:
    """How text is encoded in the character sets that a (0008,0005) names; UnicodeError where they cannot hold it."""
    terms = [one.strip() for one in term.decode("ascii", "replace").split("\\")]
    if terms[0] in _WHOLE:
        codec = _WHOLE[terms[0]]
        return lambda text: text.encode(codec)
    known = _SINGLE_BYTE | _MULTI_BYTE
    first = _SINGLE_BYTE.get(_number(terms[0]), ("ascii", b""))[0]
    others = [known[_number(one)] for one in terms[1:] if _number(one) in known]
    return lambda text: b"".join(_fragment(part, first, others) for part in _FRAGMENTS.split(text))


def _number(term: str) -> str:
    return term.rpartition("IR ")[2]


def _fragment(text: str, first: str, others: list[tuple[str, bytes]]) -> bytes:
    """One stretch of text in the first character set that holds all of it, after that set's escape sequence."""
    for codec, escape in ((first, b""), *others):
        try:
            encoded = text.encode(codec)
        except UnicodeEncodeError:
            continue
        if codec == _KATAKANA and len(encoded) > len(text):
            continue
        if first == _KATAKANA:  # then what is returned to is not ASCII but the romaji of JIS X 0201 (PS3.5 H.3.2)
            encoded = encoded.replace(b"\x1b(B", b"\x1b(J")
        return escape + encoded
    raise UnicodeError("no character set of the term holds the text")
