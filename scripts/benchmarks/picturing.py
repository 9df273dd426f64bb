"""Pictures over HTTP: each first (cold), then again (warm), by so many clients; every server in turn."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
import requests
from benchmarks.asking import Answers, Errand, ask_apart
from benchmarks.comparing import LONGEST, turned
from benchmarks.galleries import THUMBNAIL, Gallery, Open
from benchmarks.pictured import SERIES, Pictures
from PIL import Image

AGAIN = 3
"""How often the same pictures are asked for when they are warm; once where that takes longer than LONGEST."""
_FIRST = 2
"""Pictures of a set that are asked for before and do not count: whatever is loaded when it is first needed is there."""
_CHECKED = 2


@dataclass(frozen=True)
class Ask:
    """Pictures of a set, or (None) thumbnails of the series, by so many clients.

    Of the set it asks for every `parts`-th from `part` on, so that nobody else has asked for the same before.
    """

    pictures: Pictures | None
    clients: int
    part: int = 0
    parts: int = 1

    @property
    def title(self) -> str:
        """In a table."""
        return self.pictures.kind.title if self.pictures else f"{SERIES.count} thumbnails of a series, {SERIES.title}"


def asks_of(sets: Sequence[Pictures], clients: Sequence[int], *, thumbnails: bool) -> list[Ask]:
    """Every set by each number of clients, and thumbnails by most of them."""
    asks = [Ask(one, count, part, len(clients)) for one in sets for part, count in enumerate(clients)]
    return [*asks, *([Ask(None, max(clients))] if thumbnails else [])]


@dataclass
class Found:
    """What one contender did in one case, round by round; why it has no number, if it has none."""

    cold: list[Answers] = field(default_factory=list)
    warm: list[Answers] = field(default_factory=list)
    problem: str = ""


Results = Mapping[Ask, Mapping[str, Found]]
Tell = Callable[[int, Ask, Open, Found], None]


def compare(asks: Sequence[Ask], galleries: Sequence[Gallery], rounds: int, tell: Tell) -> Results:
    """All cases in all rounds. In each round all servers start anew; then one at a time is asked, in changing order."""
    results = {ask: {one.contender.title: Found() for one in galleries} for ask in asks}
    for number in range(rounds):
        with ExitStack() as stack:
            opened = [stack.enter_context(one.open()) for one in galleries]
            for place, ask in enumerate(asks):
                for one in turned(opened, number + place):
                    found = results[ask][one.contender.title]
                    if not found.problem:
                        found.problem = _measure(ask, one, found) or ("" if number else _complaint(ask, one))
                    tell(number, ask, one, found)
    return results


def paths_of(ask: Ask, one: Open) -> list[str]:
    """What is asked for in a case; nothing where the contender does not make it."""
    contender = one.contender
    if ask.pictures is None:
        return [contender.thumbnail(name) for name in one.names[SERIES.key]] if contender.thumbnail else []
    names, frames = one.names[ask.pictures.kind.key], range(1, ask.pictures.frames + 1)
    if len(frames) == 1:
        paths = [contender.picture(name) for name in names]
    else:
        paths = [contender.frame(name, frame) for name in names for frame in frames]
    return paths[ask.part :: ask.parts]


def _measure(ask: Ask, one: Open, found: Found) -> str:
    """Why there is no number, or nothing."""
    paths = paths_of(ask, one)
    if not paths:
        return "makes none"
    if ask.pictures:
        first, paths = paths[:_FIRST], paths[_FIRST:]
        ask_apart(Errand(one.port, first, len(first), one.headers))
    cold = ask_apart(Errand(one.port, paths, ask.clients, one.headers))
    if cold.problem:
        return cold.problem
    again = AGAIN if cold.seconds < LONGEST else 1
    warm = ask_apart(Errand(one.port, paths * again, ask.clients, one.headers))
    found.cold.append(cold)
    found.warm.append(warm)
    return warm.problem


def _complaint(ask: Ask, one: Open) -> str:
    """What is wrong with its pictures, if anything is: they must decode and have the right shape."""
    for path in paths_of(ask, one)[:_CHECKED]:
        answer = requests.get(f"http://127.0.0.1:{one.port}{path}", headers=one.headers, timeout=60)
        with Image.open(BytesIO(answer.content), formats=("PNG",)) as image:
            shape = np.asarray(image).shape
        wanted = ask.pictures.shape if ask.pictures else (THUMBNAIL, THUMBNAIL)
        if shape != wanted:
            return f"a picture is {shape}, not {wanted}"
    return ""
