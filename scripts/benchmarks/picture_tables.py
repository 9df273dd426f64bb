"""Pictures over HTTP as Markdown: medians, 99th percentiles, requests a second, ratios, sizes; pure."""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.asking import Answers
from benchmarks.galleries import IMAGE
from benchmarks.picturing import Ask, Found, Results
from benchmarks.tables import short

OURS = IMAGE.title
NOTHING = Found()
Pick = Callable[[Found], Sequence[Answers]]


def markdown(results: Results) -> str:
    """All tables: cold and warm by clients, thumbnails, sizes and what the client took, and who has no number."""
    whole = [ask for ask in results if ask.pictures]
    parts = []
    for clients in dict.fromkeys(ask.clients for ask in whole):
        asks = [ask for ask in whole if ask.clients == clients]
        who = f"{clients} client{'s' if clients > 1 else ''}"
        parts.append(_table(f"Cold, {who}", {ask: results[ask] for ask in asks}, lambda found: found.cold))
        parts.append(_table(f"Warm, {who}", {ask: results[ask] for ask in asks}, lambda found: found.warm))
    parts += [_thumbnails(ask, found) for ask, found in results.items() if ask.pictures is None]
    parts += [_sizes(results), _clients_cpu(results), _problems(results)]
    return "\n\n".join(part for part in parts if part)


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def rate(answers: Answers) -> float:
    """Answers a second."""
    return len(answers.latencies) / answers.seconds


def ratio(ours: Sequence[Answers], theirs: Sequence[Answers]) -> tuple[float, float, float] | None:
    """How many times their rate ours is: the median of the rounds' ratios, the least, the most."""
    ratios = [rate(one) / rate(other) for one, other in zip(ours, theirs, strict=False)]
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def _table(title: str, results: Results, pick: Pick) -> str:
    names = _names(results)
    others = [name for name in names if name != OURS] if OURS in names else []
    head = [f"{title}: median ms (p99), a second", *names, *(f"{OURS} to {name}" for name in others)]
    lines = [_row(head), "|---" * len(head) + "|"]
    for ask, found in results.items():
        cells = [_cell(pick(found.get(name, NOTHING))) for name in names]
        cells += [_times(pick(found.get(OURS, NOTHING)), pick(found.get(name, NOTHING))) for name in others]
        lines.append(_row([ask.title, *cells]))
    return "\n".join(lines)


def _cell(rounds: Sequence[Answers]) -> str:
    if not rounds:
        return "-"
    latencies = [latency * 1000 for one in rounds for latency in one.latencies]
    median = statistics.median(statistics.median(one.latencies) for one in rounds) * 1000
    return f"{short(median)} ({short(percentile(latencies, 99))}), {short(statistics.median(map(rate, rounds)))}/s"


def _times(ours: Sequence[Answers], theirs: Sequence[Answers]) -> str:
    found = ratio(ours, theirs)
    return f"**{found[0]:.2f}x** ({found[1]:.2f} to {found[2]:.2f})" if found else "-"


def _thumbnails(ask: Ask, found: Mapping[str, Found]) -> str:
    names = [name for name in found if found[name].cold]
    lines = [_row([f"{ask.title}, {ask.clients} clients", *names]), "|---" * (len(names) + 1) + "|"]
    lines.append(_row(["cold, s", *(short(_seconds(found[name].cold, 1)) for name in names)]))
    lines.append(
        _row(["warm, s", *(short(_seconds(found[name].warm, len(found[name].cold[0].sizes))) for name in names)])
    )
    return "\n".join(lines) if names else ""


def _seconds(rounds: Sequence[Answers], each: int) -> float:
    """Of as many answers as there are thumbnails (where `each` is 1: of all)."""
    return statistics.median(one.seconds * (each / len(one.sizes) if each > 1 else 1) for one in rounds)


def _sizes(results: Results) -> str:
    names = _names(results)
    lines = [_row(["KB of an answer", *names]), "|---" * (len(names) + 1) + "|"]
    for ask, found in results.items():
        if ask.part == 0:
            lines.append(_row([ask.title, *(_size(found.get(name, NOTHING).cold) for name in names)]))
    return "\n".join(lines)


def _size(rounds: Sequence[Answers]) -> str:
    sizes = [size for one in rounds for size in one.sizes]
    return short(statistics.mean(sizes) / 1000) if sizes else "-"


def _clients_cpu(results: Results) -> str:
    """The most that the client took of a core, and of what."""
    shares = [
        (one.cpu / one.seconds, f"{ask.title}, {'1 client' if ask.clients == 1 else f'{ask.clients} clients'}, {name}")
        for ask, servers in results.items()
        for name, found in servers.items()
        for one in (*found.cold, *found.warm)
    ]
    if not shares:
        return ""
    share, of_what = max(shares)
    middle = statistics.median(one for one, _ in shares)
    return f"The client took {middle:.0%} of a core in the middle, {share:.0%} at most ({of_what})."


def _problems(results: Results) -> str:
    lines = list(_told(results))
    return "No number:\n\n" + "\n".join(lines) if lines else ""


def _told(results: Results) -> Iterator[str]:
    for ask, servers in results.items():
        for name, found in servers.items():
            if found.problem:
                yield f"- {name}, {ask.title}, {ask.clients} client(s): {found.problem}"


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(name for servers in results.values() for name in servers))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
