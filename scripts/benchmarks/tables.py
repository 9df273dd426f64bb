"""Results as numbers to compare and as Markdown; pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.comparing import Case, Measured, Result, Results

REFERENCE = "Orthanc"


@dataclass(frozen=True)
class Times:
    """How many times the reference's: the median of the rounds' ratios, the least and the most of them."""

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Summary:
    """Medians of the rounds of one server in one case. CPU in milliseconds an object, memory in MB (10^6 bytes).

    `times` and `cpu_times` compare with the reference, round by round: what was measured within the same half minute.
    """

    rate: float
    cpu: float
    sender_cpu: float
    memory: float
    times: Times | None = None
    cpu_times: Times | None = None


Summaries = Mapping[Case, Mapping[str, Summary | None]]


def summarise(results: Sequence[Result], reference: Sequence[Result] = ()) -> Summary | None:
    """None where the server has no number, because it failed once or was not asked."""
    rounds, references = _measured(results), _measured(reference)
    if not rounds:
        return None
    return Summary(
        statistics.median(one.rate for one in rounds),
        statistics.median(one.cpu for one in rounds) * 1000,
        statistics.median(one.sender_cpu for one in rounds) * 1000,
        statistics.median(one.memory for one in rounds) / 1e6,
        _times([(one.rate, other.rate) for one, other in zip(rounds, references, strict=False)]),
        _times([(one.cpu, other.cpu) for one, other in zip(rounds, references, strict=False)]),
    )


def _measured(results: Sequence[Result]) -> list[Measured]:
    """All, or none where one failed."""
    rounds = [result for result in results if isinstance(result, Measured)]
    return rounds if len(rounds) == len(results) else []


def _times(pairs: Sequence[tuple[float, float]]) -> Times | None:
    ratios = [one / other for one, other in pairs if other]
    return Times(statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def summaries(results: Results) -> Summaries:
    """Every case's servers."""
    return {
        case: {name: summarise(rounds, servers.get(REFERENCE, ())) for name, rounds in servers.items()}
        for case, servers in results.items()
    }


def markdown(results: Results) -> str:
    """The tables: instances a second with the ratio to Orthanc, server CPU, peak memory; and who has no number, why."""
    found = summaries(results)
    parts = [
        _table(f"Instances a second (ratio to {REFERENCE})", found, _rate),
        _table(f"Server CPU, ms an object (ratio to {REFERENCE})", found, _cpu),
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


def _rate(one: Summary, name: str) -> str:
    return f"{short(one.rate)} ({one.times.median:.2f}x)" if one.times and name != REFERENCE else short(one.rate)


def _cpu(one: Summary, name: str) -> str:
    return f"{short(one.cpu)} ({one.cpu_times.median:.2f}x)" if one.cpu_times and name != REFERENCE else short(one.cpu)


def describe(case: Case) -> str:
    """A case in words."""
    senders = "1 sender" if case.senders == 1 else f"{case.senders} senders"
    return f"{case.kind.title}, {senders}{'' if case.no_delay else ', Nagle on'}{', TLS' if case.tls else ''}"


def short(number: float) -> str:
    """Three digits, or as many as it has before the point."""
    if number >= 99.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def _table(title: str, found: Summaries, cell: Callable[[Summary, str], str]) -> str:
    names = list(dict.fromkeys(name for servers in found.values() for name in servers))
    lines = [f"| {title} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for case, servers in found.items():
        cells = [cell(one, name) if (one := servers.get(name)) else "-" for name in names]
        lines.append(f"| {describe(case)} | {' | '.join(cells)} |")
    return "\n".join(lines)
