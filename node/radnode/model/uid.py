"""Unique identifiers, checked once at the edge (PS3.5 9.1)."""

import re
from functools import lru_cache
from typing import NewType

UID = NewType("UID", str)

MAX_LENGTH = 64
_COMPONENTS = re.compile(r"[0-9]+(\.[0-9]+)*")


class InvalidUID(ValueError):
    """Not a UID: empty, too long, an empty component, or a character other than digits and dots."""


def parse_uid(text: str) -> UID:
    """A checked UID, without the padding that is not part of it (trailing NULs and spaces).

    Leading zeros in a component break PS3.5 9.1 but real devices send them; they are kept.
    Raises InvalidUID; nothing is ever repaired, because a UID becomes a folder name.
    """
    return _checked(text.rstrip("\0 "))  # padding can be of any length, and is not to be remembered


@lru_cache(maxsize=4096)  # the UIDs of one object are met several times, those of its series with every object
def _checked(trimmed: str) -> UID:
    if len(trimmed) > MAX_LENGTH or not _COMPONENTS.fullmatch(trimmed):
        raise InvalidUID(trimmed[: MAX_LENGTH + 6])
    return UID(trimmed)
