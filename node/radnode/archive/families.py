"""Parents that have heard already what a newcomer would tell them: only their numbers change then.

An object that says of its parents what an earlier one of theirs said tells them nothing new (see describing), as long
as nothing was taken back from any parent since. That is what the index's revision counts, for all processes.
"""

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from radnode.archive import schema
from radnode.archive.describing import description_of
from radnode.archive.parents import identity_of
from radnode.model.header import Header
from radnode.model.uid import UID

_KEPT = 1024
_LONGEST = 64  # characters of a patient's identity that is remembered: the longest LO
_REVISION = f"SELECT value FROM counters WHERE name = '{schema.REVISION}'"  # noqa: S608 (our own constant)


@dataclass(frozen=True, slots=True)
class Family:
    """The rows of an object's patient, study and series."""

    patient: int
    study: int
    series: int


class Words(NamedTuple):
    """All that an object says of its parents, and which they are; equal for objects that say the same to the same."""

    identity: str
    study: UID
    series: UID
    sop_class: UID
    description: int


def words_of(header: Header) -> Words:
    """What the object says to whom."""
    return Words(identity_of(header), header.study, header.series, header.sop_class, description_of(header))


@dataclass(frozen=True, slots=True)
class _Heard:
    family: Family
    revision: int
    arrived: int


class Families:
    """Used in the index's write transactions only, so by one thread at a time."""

    def __init__(self) -> None:
        self._heard: dict[Words, _Heard] = {}
        self._revision = 0

    def begin(self, connection: sqlite3.Connection) -> None:
        """A transaction has begun: what was taken back until now counts."""
        self._revision = connection.execute(_REVISION).fetchone()[0]

    def of(self, words: Words, arrived: int) -> Family | None:
        """The family that hears nothing new from an object that says this, and arrived then."""
        heard = self._heard.get(words)
        fits = heard and heard.revision == self._revision and heard.arrived <= arrived
        return heard.family if heard and fits else None

    def keep(self, words: Words, arrived: int, family: Family) -> None:
        """The family heard this from an object that arrived then, in a transaction that was committed."""
        if len(words.identity) > _LONGEST:
            return
        if len(self._heard) >= _KEPT:
            self._heard.clear()
        self._heard[words] = _Heard(family, self._revision, arrived)
