"""Matching of person names (PS3.4 C.2.2.2.1.1 and C.2.2.2.4), on their folded form and by component group.

A name has up to three component groups: alphabetic, ideographic, phonetic (PS3.5 6.2.1). A key of one group matches a
name that has such a group, whichever of the three. In a key of several groups each one that is not empty is for the
name's group at the same place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from radnode.archive.condition import Condition, all_of, any_of
from radnode.archive.folding import fold
from radnode.archive.wildcards import beginning, canonical, folded_glob, pattern_condition
from radnode.model.errors import InvalidQuery
from radnode.model.query import Fuzzy, SingleValue, Wildcard

NameKey = SingleValue | Wildcard | Fuzzy
_Group = SingleValue | Wildcard
_GROUPS = 3
_MOST_WORDS = 20
_DELIMITERS = re.compile("[=\uff1d\ufe66\u207c\u208c]")  # what folds to the delimiter
_AFTER_DELIMITER = chr(ord("=") + 1)
_OPEN_END = re.compile(r"(\^+\*)+\^*$")  # last components of a pattern that may be anything
_WORDS = re.compile(r"[\s^=,.*?-]+")


@dataclass(frozen=True, slots=True)
class NameCondition:
    """A condition, and the expression whose order it can be answered in: its first parameter is the lower end there."""

    condition: Condition
    ordered: str | None


def group_expressions(folded: str) -> tuple[str, str, str]:
    """The name from its first, second and third component group on; the second and third for names that have it."""
    second = _behind_delimiter(folded)
    return folded, second, _behind_delimiter(second)


def has_more_groups(expression: str) -> str:
    """Whether another group follows the one with which the expression begins."""
    return f"instr({expression}, '=') > 0"


def alternatives(folded: str, key: NameKey) -> tuple[NameCondition, ...]:
    """The conditions of which one must hold, on the expression of one folded name; none for a universal key."""
    match key:
        case Fuzzy(text):
            return tuple(NameCondition(one, None) for one in _fuzzy(folded, text))
        case SingleValue(value):
            groups = fold(value).split("=")
            if not any(groups):
                return (NameCondition(Condition(f"{folded} = ?", ("",)), None),)
            return _by_groups(folded, [SingleValue(group) for group in groups])
        case Wildcard(pattern):
            return _by_groups(folded, _wild_groups(pattern))


def name_condition(folded: str, key: NameKey) -> Condition | None:
    """The condition on the expression of one folded name; None for a universal key."""
    found = alternatives(folded, key)
    if len(found) < 2:
        return found[0].condition if found else None
    either = any_of(*(one.condition for one in found))
    if not isinstance(key, Wildcard):
        return either
    # Most names are like this nowhere, which is quick to see without taking them apart.
    begins = _without_open_end(_wild_groups(key.pattern)[0].pattern)
    anywhere = Condition(f"{folded} GLOB ?", (f"*{folded_glob(begins)[1]}*",))
    return all_of(anywhere, either)


def _wild_groups(pattern: str) -> list[Wildcard]:
    """A pattern for each component group, without the last ones that may be anything."""
    groups = [Wildcard(group) for group in _DELIMITERS.split(canonical(pattern))]
    while len(groups) > 1 and _is_open(groups[-1]):
        groups.pop()
    return groups


def _without_open_end(pattern: str) -> str:
    """The group's pattern without last components that may be anything, and so may be missing (PS3.5 6.2.1.1)."""
    return _OPEN_END.sub("", pattern)


def _by_groups(folded: str, wanted: Sequence[_Group]) -> tuple[NameCondition, ...]:
    if len(wanted) > _GROUPS:
        return (NameCondition(Condition("0"), None),)
    if len(wanted) == 1:
        if _is_open(wanted[0]):
            return ()
        return tuple(_group(folded, place, wanted[0]) for place in range(_GROUPS))
    parts = [_group(folded, place, group) for place, group in enumerate(wanted) if not _is_open(group)]
    return (NameCondition(all_of(*(part.condition for part in parts)), parts[0].ordered),)


def _is_open(group: _Group) -> bool:
    if isinstance(group, SingleValue):
        return not group.value
    return not group.pattern or set(_without_open_end(group.pattern)) == {"*"}


def _group(folded: str, place: int, group: _Group) -> NameCondition:
    """The condition that the group at `place` is like this; first the part that an index answers."""
    expressions = group_expressions(folded)
    expression = expressions[place]
    own = f"substr({expression}, 1, instr({expression} || '=', '=') - 1)"
    found = (
        _same(expression, own, group.value) if isinstance(group, SingleValue) else _like(expression, own, group.pattern)
    )
    if not place:
        return found
    return NameCondition(all_of(found.condition, Condition(has_more_groups(expressions[place - 1]))), found.ordered)


def _same(expression: str, own: str, value: str) -> NameCondition:
    """The condition that a group, `own`, with which an expression begins is this one."""
    # The name from here on is the group itself, or has the delimiter behind it.
    bounds = Condition(f"{expression} >= ? AND {expression} < ?", (value, value + _AFTER_DELIMITER))
    return NameCondition(all_of(bounds, Condition(f"{own} = ?", (value,))), expression if value else None)


def _like(expression: str, own: str, pattern: str) -> NameCondition:
    """The condition that a group, `own`, with which an expression begins is like a pattern.

    `DOE^*` is like `DOE` too, in which the other components are empty.
    """
    shorter = _without_open_end(pattern)
    prefix = folded_glob(shorter)[0]
    if shorter == pattern or shorter.endswith("*"):
        found = pattern_condition(expression, shorter, folded=True, within=own)
    else:
        missing = "^" * pattern.count("^", len(shorter))
        whole = Condition(f"{own} || ? GLOB ?", (missing, folded_glob(pattern)[1]))
        found = all_of(beginning(expression, prefix), whole)
    return NameCondition(found, expression if prefix else None)


def _behind_delimiter(expression: str) -> str:
    return f"substr({expression}, instr({expression}, '=') + 1)"


def _fuzzy(folded: str, text: str) -> tuple[Condition, ...]:
    words = [word for part in _WORDS.split(text) if (word := fold(part))]
    if len(words) > _MOST_WORDS:
        raise InvalidQuery(f"A name has at most {_MOST_WORDS} words")
    if not words:
        return ()
    separated = folded
    for character in "^=,.-":
        separated = f"replace({separated}, '{character}', ' ')"
    # That a word is nowhere is seen quickly, and true of most names.
    there = [Condition(f"instr({folded}, ?) > 0", (word,)) for word in words]
    begun = [Condition(f"instr(' ' || {separated}, ?) > 0", (f" {word}",)) for word in words]
    return (all_of(*there, *begun),)
