"""Wild card matching as SQL sees it (PS3.4 C.2.2.2.4): bounds that an index can use, and a GLOB pattern."""

import re

from radnode.archive.condition import Condition
from radnode.archive.folding import fold
from radnode.model.errors import InvalidQuery

LONGEST_PATTERN = 1024
"""Characters; a longer pattern is refused, because matching it costs its length times the value's for every row."""
_RUN = re.compile(r"[*?]+")
_LAST_CHARACTER = chr(0x10FFFF)
_SURROGATES = range(0xD800, 0xE000)
_FENCE = "\x1f"  # no PN holds it; keeps fold() from trimming carets that a wild card follows


def canonical(pattern: str) -> str:
    """The same pattern without repetitions: each run of wild cards is some `?`, then at most one `*`."""
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidQuery(f"A pattern has at most {LONGEST_PATTERN} characters")
    return _RUN.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)


def literal_prefix(pattern: str) -> str:
    """What every match begins with."""
    return _RUN.split(pattern, maxsplit=1)[0]


def glob(pattern: str) -> str:
    """SQLite's GLOB pattern: there a `[` begins a set of characters, here it stands for itself."""
    return pattern.replace("[", "[[]")


def folded_glob(pattern: str) -> tuple[str, str]:
    """Literal prefix and GLOB pattern for a folded column; characters that only fold to a wild card are literal."""
    literals = _RUN.split(pattern)
    folded = [fold(f"{_FENCE}{text}{_FENCE}")[1:-1] for text in literals[:-1]]
    folded.append(fold(_FENCE + literals[-1])[1:])
    parts = [re.sub(r"([*?\[])", r"[\1]", text) for text in folded]
    runs = [*_RUN.findall(pattern), ""]
    return folded[0], "".join(text + run for text, run in zip(parts, runs, strict=True))


def pattern_condition(expression: str, pattern: str, *, folded: bool, within: str | None = None) -> Condition:
    """The condition that the text of an expression is like `pattern`, which is more than `*`.

    With `within`, an expression of what the text begins with, that part has to be. A `folded` text needs a folded
    pattern. Where the pattern has a prefix, the first parameter is the lower end of a range of `expression`.
    """
    short = canonical(pattern)
    prefix, sql_pattern = folded_glob(short) if folded else (literal_prefix(short), glob(short))
    bounds = beginning(expression, prefix)
    if short == literal_prefix(short) + "*":
        return bounds
    return Condition(f"{bounds.sql} AND {within or expression} GLOB ?", (*bounds.parameters, sql_pattern))


def beginning(expression: str, prefix: str) -> Condition:
    """The condition that a text begins with `prefix`, as a range."""
    end = after_prefix(prefix)
    if end is None:
        return Condition(f"{expression} >= ?", (prefix,))
    return Condition(f"{expression} >= ? AND {expression} < ?", (prefix, end))


def after_prefix(prefix: str) -> str | None:
    """The first text, in the order of code points, after all that begin with `prefix`; None if there is no such."""
    bare = prefix.rstrip(_LAST_CHARACTER)
    if not bare:
        return None
    successor = ord(bare[-1]) + 1
    return bare[:-1] + chr(_SURROGATES.stop if successor in _SURROGATES else successor)
