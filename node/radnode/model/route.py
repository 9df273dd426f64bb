"""Where an object that arrives is to be sent on: pure decisions over its header and who brought it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import translate
from functools import lru_cache

from radnode.model.header import Header


class Door(Enum):
    """Through which door an object came; the value is what routes call it, where nobody's AE title does."""

    CALLER = ""
    REST = "REST"
    IMPORT = "IMPORT"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brought an object: the AE title of a caller, or the door that it came through."""

    door: Door
    title: str = ""

    @property
    def name(self) -> str:
        """What the patterns of a route are held against."""
        return self.title.strip() if self.door is Door.CALLER else self.door.value


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: what comes from these senders and meets every condition goes to these destinations.

    `conditions` maps keywords of indexed attributes to patterns, of which one must match one of the values, whatever
    the case; an attribute that an object does not have counts as an empty text. `quiet`: seconds for which nothing
    more of the study may have come for the destination; 0 sends at once.
    """

    name: str
    senders: tuple[str, ...]
    conditions: Mapping[str, tuple[str, ...]]
    destinations: tuple[str, ...]
    quiet: float = 0.0

    def takes(self, sender: Sender, header: Header) -> bool:
        """Whether it is about this object."""
        return self._knows(sender) and all(
            _any_matches(patterns, header.values.get(keyword, "").split("\\"))
            for keyword, patterns in self.conditions.items()
        )

    def _knows(self, sender: Sender) -> bool:
        if sender.door is Door.IMPORT:  # an old archive that is taken in is sent on only where a rule says just that
            return sender.name in self.senders
        return any(_pattern(each, folded=False).match(sender.name) for each in self.senders)


def destinations(routes: Iterable[Route], sender: Sender, header: Header) -> Mapping[str, Route]:
    """Who gets the object, each with the first rule that says so; never back to who brought it."""
    found: dict[str, Route] = {}
    for route in routes:
        if route.takes(sender, header):
            for title in route.destinations:
                if sender.door is not Door.CALLER or title != sender.name:
                    found.setdefault(title, route)
    return found


def _any_matches(patterns: Iterable[str], values: Iterable[str]) -> bool:
    return any(_pattern(pattern, folded=True).match(value) for value in values for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(text: str, *, folded: bool) -> re.Pattern[str]:
    """A pattern with `*` and `?`; it takes no longer than the value's length times its own, whatever the value."""
    return re.compile(translate(text.replace("[", "[[]")), re.IGNORECASE if folded else 0)
