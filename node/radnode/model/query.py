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


@dataclass(frozen=True, slots=True)
class DateTimeRange:
    """Combined date-time matching (C.2.2.2.5.4), as the key of a DA: its range and the one of its TM are one range.

    A value without a time is the first moment of its day.
    """

    time: Attribute
    dates: Range
    times: Range


@dataclass(frozen=True, slots=True)
class Empty:
    """Empty value matching (C.2.2.2.7): only what has no value, whether the attribute is absent or empty."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Multiple value matching (C.2.2.2.8): each of these is one of the attribute's values, in whatever order."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Fuzzy semantic matching of PN (C.2.2.2.1.1): each word begins a word of the name, in whatever order."""

    text: str


@dataclass(frozen=True, slots=True)
class SequenceKey:
    """Sequence matching (C.2.2.2.6): one item for which every key matches. Without such keys everything matches."""

    keys: "tuple[tuple[Attribute, MatchingKey], ...]"


MatchingKey = (
    SingleValue | ListOfUID | Universal | Wildcard | Range | DateTimeRange | Empty | AllOf | Fuzzy | SequenceKey
)


@dataclass(frozen=True, slots=True)
class Query:
    """Entities of `level` for which every matching key matches; each answer holds every attribute of `returns`.

    Keys above `level` restrict the parents; `returns` may name attributes of `level` and above. Keys below it count in
    a `relational` query: one branch below the entity has to match them all (C.4.1.2.2.1).
    """

    level: Level
    keys: tuple[tuple[Attribute, MatchingKey], ...]
    returns: tuple[Attribute, ...]
    relational: bool = False
