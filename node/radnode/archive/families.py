"""Parents that have heard already what a newcomer would tell them: only their numbers change then.

An object that says of its parents what an earlier one of theirs said tells them nothing new (see describing), as long
as nothing was taken back from any parent since. That is what the index's revision counts, for all processes.
"""

import sqlite3
from dataclasses import dataclass

from radnode.archive import schema
from radnode.archive.describing import description_of
from radnode.archive.parents import identity_of
from radnode.archive.stored import FileFacts
from radnode.model.header import Header
from radnode.model.uid import UID

_KEPT = 1024
_REVISION = f"SELECT value FROM counters WHERE name = '{schema.REVISION}'"  # noqa: S608 (our own constant)
_Key = tuple[str, UID, UID, UID, int]


@dataclass(frozen=True, slots=True)
class Family:
    """The rows of an object's patient, study and series."""

    patient: int
    study: int
    series: int


@dataclass(frozen=True, slots=True)
class _Heard:
    family: Family
    revision: int
    arrived: int


class Families:
    """Used in the index's write transactions only, so by one thread at a time."""

    def __init__(self) -> None:
        self._heard: dict[_Key, _Heard] = {}
        self._revision = 0

    def begin(self, connection: sqlite3.Connection) -> None:
        """A transaction has begun: what was taken back until now counts."""
        self._revision = connection.execute(_REVISION).fetchone()[0]

    def of(self, header: Header, facts: FileFacts) -> Family | None:
        """The family that hears nothing new of this object."""
        heard = self._heard.get(_key(header))
        fits = heard and heard.revision == self._revision and heard.arrived <= facts.arrived
        return heard.family if heard and fits else None

    def keep(self, header: Header, facts: FileFacts, family: Family) -> None:
        """The family heard this object, in a transaction that was committed."""
        if len(self._heard) >= _KEPT:
            self._heard.clear()
        self._heard[_key(header)] = _Heard(family, self._revision, facts.arrived)


def _key(header: Header) -> _Key:
    return identity_of(header), header.study, header.series, header.sop_class, description_of(header)
