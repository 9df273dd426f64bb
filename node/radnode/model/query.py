"""A query as a frozen value: what every matching engine (SQL, the slow one of the tests) takes (PS3.4 C.2.2.2)."""

from dataclasses import dataclass

from radnode.model.attributes import Attribute
from radnode.model.level import Level


@dataclass(frozen=True, slots=True)
class SingleValue:
    """Single value matching (C.2.2.2.1): case-sensitive, but for PN, which is folded."""

    value: str


@dataclass(frozen=True, slots=True)
class ListOfUID:
    """List of UID matching (C.2.2.2.2); also a backslash list on CS keys, an extension in common use."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Universal:
    """Universal matching (C.2.2.2.3): an empty key, or nothing but `*`. Everything matches, absent values too."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Wild card matching (C.2.2.2.4): `*` any text, `?` one character, every other character stands for itself."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Range matching (C.2.2.2.5), inclusive; None is an open end. Values as asked for; absent ones never match."""

    first: str | None
    last: str | None


MatchingKey = SingleValue | ListOfUID | Universal | Wildcard | Range


@dataclass(frozen=True, slots=True)
class Query:
    """Entities of `level` for which every matching key matches; each answer holds every attribute of `returns`.

    Keys above `level` restrict the parents; `returns` may name attributes of `level` and above.
    """

    level: Level
    keys: tuple[tuple[Attribute, MatchingKey], ...]
    returns: tuple[Attribute, ...]
