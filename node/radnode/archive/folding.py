"""How person names are folded, so that case, accents and empty trailing components do not decide a match.

PS3.4 C.2.2.2.1 leaves case and accents of PN matching to the implementation; here neither counts.
"""

from sqlite3 import Connection
from unicodedata import combining, normalize

VERSION = 1
"""Raise it when names fold to something else than before: folded columns are made again then."""
FOLDED = "folded({})"
"""The folded form of an expression, on connections that were taught."""


def teach(connection: Connection) -> None:
    """Let SQL on this connection fold names that have no folded column."""
    connection.create_function("folded", 1, lambda text: fold(text) if isinstance(text, str) else None)


def fold(text: str) -> str:
    """The form of a person name under which it is stored for matching, and under which it is asked for.

    Compatibility forms are unified, accents and vowel points dropped, case folded, each component group loses its
    trailing carets and outer spaces, trailing empty groups go. Folding twice changes nothing. A full-width `*` or `?`
    becomes its ASCII form: take a pattern apart into wild cards and literals before folding it.
    """
    if text.isascii():
        return "\\".join(_fold_name(name) for name in text.casefold().split("\\"))
    decomposed = normalize("NFKD", normalize("NFKD", text).casefold())
    bare = normalize("NFC", "".join(character for character in decomposed if not _is_accent(character)))
    return "\\".join(_fold_name(name) for name in bare.split("\\"))


def _fold_name(name: str) -> str:
    return "=".join(group.rstrip("^ ").lstrip(" ") for group in name.split("=")).rstrip("=")


def _is_accent(character: str) -> bool:
    # Positional marks (from 200) and Hebrew and Arabic points (10 to 36); kana voicing, nukta and Thai vowels are
    # letters to their readers.
    mark = combining(character)
    return mark >= 200 or 10 <= mark <= 36
