"""What radnode is to reach beside Orthanc, and whether a run has shown it; pure."""

from dataclasses import dataclass
from typing import Literal

from benchmarks.comparing import Case
from benchmarks.serving import Failed
from benchmarks.tables import REFERENCE, Summaries, Summary, Times, describe

SUBJECT = "radnode"
IDLE_SHARE = 1.0
"""Percent of a core that the idle associations may take."""


@dataclass(frozen=True)
class Target:
    """A bound for a case: rate at least and CPU at most so many times Orthanc's, memory at most so many MB."""

    kind: str
    senders: int
    what: Literal["rate", "CPU", "memory"]
    bound: float
    no_delay: bool = True

    def is_of(self, case: Case) -> bool:
        """Whether the case is the one that it speaks of."""
        wanted = (self.kind, self.senders, self.no_delay, False)
        return wanted == (case.kind.key, case.senders, case.no_delay, case.tls)


TARGETS = (
    Target("mr", 1, "rate", 1.2),
    Target("mr", 4, "rate", 1.5),
    Target("ct", 1, "rate", 1.3),
    Target("ct", 4, "rate", 1.5),
    Target("mr", 1, "rate", 10, no_delay=False),
    Target("mr", 4, "rate", 5, no_delay=False),
    *(Target(kind, senders, "CPU", 1.0) for kind in ("mr", "ct") for senders in (1, 4)),
    Target("ct", 16, "memory", 400),
)


def markdown(found: Summaries, idle_share: float | Failed | None = None) -> str:
    """The table, or nothing; what was not measured has no row. `idle_share`: percent of a core for 200 associations."""
    rows = [
        f"| {describe(case)}: {_words(target)} | {_judged(target, servers.get(SUBJECT))} |"
        for target in TARGETS
        for case, servers in found.items()
        if target.is_of(case) and SUBJECT in servers
    ]
    if idle_share is not None:
        rows.append(f"| 200 idle associations: server CPU under {IDLE_SHARE:g} % of a core | {_idle(idle_share)} |")
    return (
        "\n".join([f"| Targets ({SUBJECT}) | median (least to most of the rounds) |", "|---|---|", *rows])
        if rows
        else ""
    )


def _idle(share: float | Failed) -> str:
    return f"not reached: {share}" if isinstance(share, Failed) else _verdict(share < IDLE_SHARE, f"{share:.2f} %")


def _words(target: Target) -> str:
    match target.what:
        case "rate":
            return f"rate at least {target.bound:g}x {REFERENCE}'s"
        case "CPU":
            return f"server CPU at most {target.bound:g}x {REFERENCE}'s"
        case "memory":
            return f"peak memory under {target.bound:g} MB"


def _judged(target: Target, one: Summary | None) -> str:
    if one is None:
        return "not reached: no number"
    if target.what == "memory":
        return _verdict(one.memory < target.bound, f"{one.memory:.0f} MB")
    times = one.times if target.what == "rate" else one.cpu_times
    if times is None:
        return f"{REFERENCE} has no number"
    is_good = times.median >= target.bound if target.what == "rate" else times.median <= target.bound
    return _verdict(is_good, _spread(times))


def _spread(times: Times) -> str:
    return f"{times.median:.2f}x ({times.least:.2f} to {times.most:.2f})"


def _verdict(is_reached: bool, words: str) -> str:
    return f"{'reached' if is_reached else 'not reached'}: {words}"
