"""Remembers for a while which pictures have cost a process, so that asking again and again costs no more."""

from pathlib import Path
from time import monotonic

from radnode.instance.pictures.render_protocol import Wish

LASTING = 60.0
"""Seconds; a machine that was too busy or out of memory once gets another chance."""
MOST = 1024


class LateRefusals:
    """What was refused because the process that was to make it crashed or took too long, and why."""

    def __init__(self, lasting: float = LASTING) -> None:
        self._lasting = lasting
        self._why: dict[tuple[Path, Wish], tuple[str, float]] = {}

    def add(self, path: Path, wish: Wish, why: str) -> None:
        """Remember it; of too many the oldest are forgotten."""
        self._why[path, wish] = why, monotonic() + self._lasting
        while len(self._why) > MOST:
            del self._why[next(iter(self._why))]

    def find(self, path: Path, wish: Wish) -> str | None:
        """Why it was refused lately, or None."""
        why, until = self._why.get((path, wish), ("", 0.0))
        if why and until <= monotonic():
            del self._why[path, wish]
            return None
        return why or None
