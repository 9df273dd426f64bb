"""Names in every character set of PS3.3 C.12.1.1.2, as bytes that others than radnode have written."""

from typing import NamedTuple

from pydicom.charset import decode_bytes, python_encoding

ESC = b"\x1b"


class Written(NamedTuple):
    """A person name as an object or query carries it."""

    term: str
    encoded: bytes
    text: str


SINGLE_BYTE = {  # term -> Python's codec, a name
    "ISO_IR 100": ("iso8859_1", "Buc^Jérôme"),
    "ISO_IR 101": ("iso8859_2", "Wałęsa^Łukasz"),
    "ISO_IR 109": ("iso8859_3", "Ĝermana^Ĥoruso"),
    "ISO_IR 110": ("iso8859_4", "Bērziņš^Jānis"),
    "ISO_IR 144": ("iso8859_5", "Иванов^Юлия"),
    "ISO_IR 127": ("iso8859_6", "قباني^لنزار"),
    "ISO_IR 126": ("iso8859_7", "Διονυσιος"),
    "ISO_IR 138": ("iso8859_8", "שרון^דבורה"),
    "ISO_IR 148": ("iso8859_9", "Çavuşoğlu^İbrahim"),
    "ISO_IR 203": ("iso8859_15", "Œuvrard^Žoé"),
    "ISO_IR 166": ("iso8859_11", "นามสกุล^ชื่อ"),
}

# PS3.5 H.3.1, H.3.2, I.2, J.1, J.2, J.4 and K.2, and what those examples leave out.
WRITTEN = [
    *(Written(term, text.encode(codec), text) for term, (codec, text) in SINGLE_BYTE.items()),
    Written("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    Written(
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    Written(
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    Written(
        "ISO 2022 IR 6\\ISO 2022 IR 87\\ISO 2022 IR 159",
        b"Mori^Ougai=\x1b$B?9\x1b(B^\x1b$(Dl?\x1b$B30\x1b(B",
        "Mori^Ougai=森^鷗外",
    ),
    Written(
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    Written("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东"),
    Written("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab\x95\x32\x82\x36", "Wang^XiaoDong=王^小东\U00020000"),
    Written("GBK", b"Wang^Cheng=\xcd\xf5^\xd5\x5c", "Wang^Cheng=王^誠"),  # the second byte is a backslash
    Written("ISO_IR 192", "Σ^山=한^Я".encode(), "Σ^山=한^Я"),
    Written("ISO 2022 IR 100\\ISO 2022 IR 144", b"M\xfcller=\x1b-L\xbb\xee^\xfc", "Müller=Лю^ü"),
]

TERMS = [*dict.fromkeys(written.term for written in WRITTEN), "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159", ""]

_CODECS = {"87": "iso2022_jp", "159": "iso2022_jp_1", "149": "euc_kr", "58": "gb2312", "13": "shift_jis"}
_BEGINNINGS = {"87": b"\x1b$B", "159": b"\x1b$(D"}


def holds(term: str, text: str) -> bool:
    """Whether each character is in one of the sets that the term names: the tables of Python's codecs."""
    if term in ("ISO_IR 192", "GB18030", "GBK"):
        return _can(text, term.replace("ISO_IR 192", "utf-8"))
    numbers = [one.rpartition("IR ")[2] for one in term.split("\\")]
    return all(one.isascii() or any(_is_in(one, number) for number in numbers) for one in text)


def _is_in(character: str, number: str) -> bool:
    codec = _CODECS.get(number) or SINGLE_BYTE.get(f"ISO_IR {number}", ("ascii", ""))[0]
    if not _can(character, codec):
        return False
    encoded = character.encode(codec)
    if number in _BEGINNINGS:
        return encoded.startswith(_BEGINNINGS[number])
    return len(encoded) == (2 if number in ("149", "58") else 1) and encoded[0] >= 0xA0


def _can(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def read_by_others(encoded: bytes, term: str, *, is_name: bool = True) -> str:
    """The text of one value, by pydicom, or by Python's codec where pydicom does not know the set."""
    if term in ("ISO_IR 203", "ISO 2022 IR 203"):
        return encoded.decode("iso8859_15")
    delimiters = {0x0D, 0x0A, 0x09, 0x0C} | ({0x5E} if is_name else set())
    encodings = [python_encoding[one] for one in term.split("\\")]
    parts = encoded.split(b"=") if is_name else [encoded]
    text = "=".join(decode_bytes(part, encodings, delimiters) for part in parts)
    return text.replace("\x1b$)A", "")  # Python's codec, unlike what pydicom expects of it, does not remove that
