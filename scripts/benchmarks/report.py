"""A run in words: on what, whether it reached its targets, the tables; pure."""

from collections.abc import Mapping

from benchmarks import targets
from benchmarks.comparing import Measured, Results
from benchmarks.serving import Failed
from benchmarks.tables import markdown, summaries


def report(results: Results, rounds: int, where: Mapping[str, str], idle_share: float | Failed | None) -> str:
    """Markdown, from the machine to the tables."""
    parts = [
        heading(rounds, where),
        tls_words(results),
        targets.markdown(summaries(results), idle_share),
        "![Rates as multiples of Orthanc's](performance.svg)",
        markdown(results),
    ]
    return "\n\n".join(part for part in parts if part)


def heading(rounds: int, where: Mapping[str, str]) -> str:
    """Of what the numbers are medians, and where they were measured."""
    first = "One round" if rounds == 1 else f"Medians of {rounds} rounds"
    return f"{first}; {', '.join(f'{name} {value}' for name, value in where.items())}."


def tls_words(results: Results) -> str:
    """What the servers agreed on with OpenSSL's defaults, or nothing."""
    agreed: dict[str, set[str]] = {}
    for servers in results.values():
        for name, rounds in servers.items():
            for one in rounds:
                if isinstance(one, Measured) and one.tls:
                    agreed.setdefault(one.tls, set()).add(name)
    if not agreed:
        return ""
    return "TLS: " + "; ".join(f"{suite} ({', '.join(sorted(names))})" for suite, names in sorted(agreed.items())) + "."
