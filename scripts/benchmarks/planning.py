"""What a run measures: which sets go to which servers, by how many senders, and how; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.comparing import Case, needed
from benchmarks.instances import KINDS, Kind
from benchmarks.servers import Server

FEW = 4
"""Senders at once at most with Nagle's algorithm and over TLS, where more would show nothing new."""
SMALL = ("mr", "ct")  # what Nagle's algorithm and TLS are measured with


@dataclass(frozen=True)
class Scope:
    """How much is measured unless the command line says it; `counts` are objects of a set where they are fewer."""

    rounds: int
    senders: tuple[int, ...]
    sets: tuple[str, ...] = ("mr", "ct", "mf")
    servers: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None
    find: tuple[int, ...] = ()
    retrieve: bool = True
    is_essential: bool = False


FULL = Scope(5, (1, 4, 16), find=(10_000, 1_000_000))
ESSENTIAL = Scope(
    5, (1, 4, 16), SMALL, ("radnode", "orthanc", "storescp"), {"mr": 600, "ct": 240}, is_essential=True
)  # fmt: skip
QUICK = Scope(1, (1, 4), counts={"mr": 60, "ct": 40, "mf": 4})


def plan(
    scope: Scope,
    servers: Sequence[Server],
    *,
    nagle: Sequence[bool] = (False, True),
    tls: Sequence[bool] = (False, True),
) -> dict[Case, list[Server]]:
    """Cases in the order of the tables, each with the servers that can take part."""
    counts = scope.counts or {}
    kinds = [replace(kind, count=counts.get(kind.key, kind.count)) for kind in KINDS if kind.key in scope.sets]
    cases = [
        Case(kind, senders, not is_nagle, is_tls)
        for kind in kinds
        for is_tls in tls
        for is_nagle in nagle
        for senders in scope.senders
    ]
    chosen = [case for case in cases if _is_telling(case) and (not scope.is_essential or _is_essential(case))]
    return {case: [one for one in servers if one.speaks_tls or not case.tls] for case in chosen}


def _is_telling(case: Case) -> bool:
    """What is special goes with what is usual otherwise: the full product would take a day."""
    if case.no_delay and not case.tls:
        return True
    return case.no_delay != (not case.tls) and case.kind.key in SMALL and case.senders <= FEW


def _is_essential(case: Case) -> bool:
    """What the targets speak of, and one sender over TLS."""
    if case.tls:
        return case.senders == 1
    if not case.no_delay:
        return case.kind.key == "mr"
    return case.senders <= FEW or case.kind.key == "ct"


def kinds_of(cases: Sequence[Case]) -> dict[str, tuple[Kind, int]]:
    """By key: each kind that is sent, and how many of it are needed."""
    found: dict[str, tuple[Kind, int]] = {}
    for case in cases:
        found[case.kind.key] = case.kind, max(needed(case), found.get(case.kind.key, (case.kind, 0))[1])
    return found


def time_left(seconds: float, done: int, total: int) -> str:
    """In words, after `done` of `total` steps have taken so long."""
    if not done:
        return ""
    left = seconds / done * (total - done)
    return f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
