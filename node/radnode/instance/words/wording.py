"""How the clinical summary words single values: one line, at most MAX_SHOWN characters, never computed or guessed."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MAX_SHOWN = 128  # characters of one value
MAX_ZEROS = 16  # an exponent beyond that is left as it was written: DS has 16 characters

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_AGE = re.compile(r"0*([0-9]+[DWMY])")
_DATE = re.compile(r"([0-9]{4})(\.?)([0-9]{2})\2([0-9]{2})")
_TIME = re.compile(r"([0-9]{2})(:?)([0-9]{2})(?:\2([0-9]{2})(\.[0-9]{1,6})?)?")
_MOMENT = re.compile(r"([0-9]{8})([0-9]{4,6}(?:\.[0-9]{1,6})?)?([+-][0-9]{4})?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_JOINERS = "\u200c\u200d"  # format characters that Persian and Indic words are spelt with
# What shows nothing (Default_Ignorable_Code_Point of Unicode) and is no format character: whole sentences can be hidden
# in such from people, and not from a language model. Joiners count only where they join.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
    f"|(?<![^\\s{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\\s{_JOINERS}])"
)
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, bidi and other invisible ones, line breaks


def shown(text: str | None, word: Callable[[str], str] = str) -> str:
    """All the values of a text, each worded by `word`, joined by ", "; "" where there is none."""
    values = (word(clean(value)) for value in (text or "").split("\\"))
    return ", ".join(value for value in values if value)[:MAX_SHOWN].rstrip()


def clean(text: str) -> str:
    """The text on one line: runs of control characters and line breaks become one space, ends are trimmed."""
    return one_line(text)[:MAX_SHOWN].rstrip()


def one_line(text: str) -> str:
    """The same, however long."""
    if text.isascii() and text.isprintable():
        return text.strip()
    parts = _safe(text, "\n").split("\n")
    return _HIDDEN.sub("", " ".join(part.strip() for part in parts if part.strip())).strip()


def clean_lines(text: str) -> str:
    """The text with its line breaks, without other control characters; no empty lines at the ends."""
    broken = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    safe = _HIDDEN.sub("", _safe(broken, " ", kept=f"\n{_JOINERS}"))
    return "\n".join(line.rstrip() for line in safe.split("\n")).strip("\n")


def _safe(text: str, by: str, *, kept: str = _JOINERS) -> str:
    """The text with `by` for each unsafe character; each kind is looked at once, because texts may be long."""
    kinds = set(text).difference(kept)
    unsafe = {ord(kind): by for kind in kinds if unicodedata.category(kind) in _UNSAFE_CATEGORIES}
    return text.translate(unsafe) if unsafe else text


def name(text: str) -> str:
    """`DOE^JOHN^M^DR^JR` as `DOE, JOHN M`, from the first component group that is not empty (PS3.5 6.2.1)."""
    for group in text.split("="):
        family, given, middle = ([part.strip() for part in group.split("^")] + ["", ""])[:3]
        first_names = " ".join(part for part in (given, middle) if part)
        if family or first_names:
            return ", ".join(part for part in (family, first_names) if part)
    return ""


def full_name(text: str) -> str:
    """Every component group with all its components: `DOE, JOHN M (DR, JR) = ...`."""
    return " = ".join(filter(None, map(_full, text.split("="))))


def _full(group: str) -> str:
    titles = ", ".join(part.strip() for part in group.split("^")[3:] if part.strip())
    return " ".join(filter(None, (name(group), titles and f"({titles})")))


def age(text: str) -> str:
    """`038Y` as `38Y`; anything that is no AS as it is."""
    match = _AGE.fullmatch(text)
    return match[1] if match else text


def day(text: str) -> str:
    """`20251106` and `2025.11.06` as `November 6, 2025`; anything that is no calendar date as it is."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    try:
        found = date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return text
    return f"{_MONTHS[found.month - 1]} {found.day}, {found.year}"


def time_of_day(text: str) -> str:
    """`103000` and `10:30:00` as `10:30:00`, `1030` as `10:30`; what is no TM as it is."""
    match = _TIME.fullmatch(text)
    if match is None or match[1] > "23" or match[3] > "59":
        return text
    return ":".join(filter(None, (match[1], match[3], match[4] and match[4] + (match[5] or ""))))


def moment(text: str) -> str:
    """A DT as its day, its time and its offset from UTC, as far as they are given; what is no DT as it is."""
    match = _MOMENT.fullmatch(text)
    if match is None or day(match[1]) == match[1]:
        return text
    words = [f"{day(match[1])}, {time_of_day(match[2])}" if match[2] else day(match[1]), match[3]]
    return " ".join(filter(None, words))


def is_number(text: str) -> bool:
    """Whether it is a decimal number that is not beyond reason."""
    return _NUMBER.fullmatch(text) is not None


def plain_number(text: str) -> str:
    """A decimal number as it was written, but for an exponent; what is no number as it is."""
    match = _NUMBER.fullmatch(text)
    if match is None or not match[2]:
        return text
    number = Decimal(repr(float(text)))
    return format(number, "f") if abs(number.adjusted()) < MAX_ZEROS else text


def millimetres(text: str) -> str:
    """A decimal number as it was written, but for an exponent, with its unit; what is no number as it is."""
    return f"{plain_number(text)} mm" if is_number(text) else text


def hundredths(number: float) -> str:
    """A length with two decimals, halves upwards; what they would show as nothing keeps two significant digits.

    What is so large or small that nobody would write it out is in scientific notation.
    """
    exact = Decimal(repr(number or 0.0))  # without the sign of -0
    if abs(exact.adjusted()) >= MAX_ZEROS:
        return repr(number)
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if exact and not rounded:
        rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_HALF_UP)
    return format(rounded, "f")
