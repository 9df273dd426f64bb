"""How far long work is: a bar on a terminal, a plain line now and then elsewhere, always on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

INTERVAL = 5.0
"""Seconds between plain lines."""


class Advancing(Protocol):
    """Told how far the work is."""

    def __call__(self, done: int, total: int | None = None, step: str = "") -> None:
        """`done` things of `total`, where that is known, in this `step` of the work."""


@contextmanager
def progress(title: str, *, total: int | None = None) -> Iterator[Advancing]:
    """Shows progress within the block."""
    with _bar(title, total) if sys.stderr.isatty() else _lines(title, total) as advancing:
        yield advancing


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Advancing]:
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)

        def advance(done: int, total: int | None = None, step: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{title} {step}".rstrip())

        yield advance


@contextmanager
def _lines(title: str, total: int | None) -> Iterator[Advancing]:
    last = time.monotonic()

    def advance(done: int, total: int | None = total, step: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL:
            last = time.monotonic()
            sys.stderr.write(f"{title} {step}".rstrip() + f": {done}{f' of {total}' if total else ''}\n")

    yield advance
