"""Results as numbers to compare and as Markdown; pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.comparing import Case, Measured, Result

REFERENCE = "Orthanc"
Results = Mapping[Case, Mapping[str, Sequence[Result]]]


@dataclass(frozen=True)
class Summary:
    """Medians of the rounds of one server in one case. CPU in milliseconds an object, memory in MB (10^6 bytes)."""

    rate: float
    cpu: float
    sender_cpu: float
    memory: float


def summarise(results: Sequence[Result]) -> Summary | None:
    """None where the server has no number, because it failed once or was not asked."""
    rounds = [result for result in results if isinstance(result, Measured)]
    if not rounds or len(rounds) < len(results):
        return None
    return Summary(
        statistics.median(one.rate for one in rounds),
        statistics.median(one.cpu for one in rounds) * 1000,
        statistics.median(one.sender_cpu for one in rounds) * 1000,
        statistics.median(one.memory for one in rounds) / 1e6,
    )


def ratio(one: Summary | None, reference: Summary | None) -> float | None:
    """How many times the reference's rate; None where either has no number."""
    return one.rate / reference.rate if one and reference else None


def summaries(results: Results) -> dict[Case, dict[str, Summary | None]]:
    """Every case's servers."""
    return {case: {name: summarise(rounds) for name, rounds in servers.items()} for case, servers in results.items()}


def markdown(results: Results) -> str:
    """The tables: instances a second with the ratio to Orthanc, server CPU, peak memory; and who has no number, why."""
    found = summaries(results)

    def rate(one: Summary, servers: Mapping[str, Summary | None]) -> str:
        times = ratio(one, servers.get(REFERENCE))
        is_other = times is not None and one is not servers[REFERENCE]
        return f"{short(one.rate)} ({times:.2f}x)" if is_other else short(one.rate)

    parts = [
        _table(f"Instances a second (ratio to {REFERENCE})", found, rate),
        _table("Server CPU, ms an object", found, lambda one, _: short(one.cpu)),
        _table("Peak memory of all its processes, MB", found, lambda one, _: short(one.memory)),
    ]
    failures = [
        f"- {name}, {describe(case)}: {result}"
        for case, servers in results.items()
        for name, rounds in servers.items()
        for result in rounds
        if not isinstance(result, Measured)
    ]
    return "\n\n".join([*parts, *(["No number:\n\n" + "\n".join(failures)] if failures else [])])


def describe(case: Case) -> str:
    """A case in words."""
    senders = "1 sender" if case.senders == 1 else f"{case.senders} senders"
    return f"{case.kind.title}, {senders}{'' if case.no_delay else ', Nagle on'}"


def short(number: float) -> str:
    """Three digits, or as many as it has before the point."""
    if number >= 99.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def _table(
    title: str,
    found: Mapping[Case, Mapping[str, Summary | None]],
    cell: Callable[[Summary, Mapping[str, Summary | None]], str],
) -> str:
    names = list(dict.fromkeys(name for servers in found.values() for name in servers))
    lines = [f"| {title} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for case, servers in found.items():
        summarised = [servers.get(name) for name in names]
        lines.append(f"| {describe(case)} | {' | '.join(cell(one, servers) if one else '-' for one in summarised)} |")
    return "\n".join(lines)
