"""What to do after a try to send an object: pure decisions over its status and how long it has been tried."""

from dataclasses import dataclass
from enum import Enum

from radnode.dimse.scu.values import Sent, Unsent


class Verdict(Enum):
    """What becomes of an item."""

    SENT = "sent"
    AGAIN = "again"  # this object, after a while
    LATER = "later"  # whatever is sent there, after a while
    DOUBTFUL = "doubtful"  # again, but not often
    NEVER = "never"  # a dead letter, for people to decide


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and why in our own words: what a destination says may name a patient."""

    verdict: Verdict
    why: str = ""


_STATUSES = (
    (0xFFFF, 0x0000, Verdict.SENT, ""),
    (0xF000, 0xB000, Verdict.SENT, "stored with a warning"),
    (0xFFFF, 0x0001, Verdict.SENT, "stored with a warning"),
    (0xFFFF, 0x0107, Verdict.SENT, "stored with a warning"),
    (0xFFFF, 0x0116, Verdict.SENT, "stored with a warning"),
    (0xFFFF, 0x0111, Verdict.SENT, "was there already"),
    (0xFF00, 0xA700, Verdict.LATER, "the destination is out of resources"),
    (0xFF00, 0xA900, Verdict.NEVER, "the destination says that the data set does not match its SOP class"),
    (0xFFFF, 0x0117, Verdict.NEVER, "the destination calls the SOP Instance UID invalid"),
    (0xFFFF, 0x0122, Verdict.NEVER, "the destination does not support the SOP class"),
    (0xFFFF, 0x0124, Verdict.NEVER, "the destination does not allow it"),
    (0xF000, 0xC000, Verdict.DOUBTFUL, "the destination cannot understand it"),
)
"""Mask, value (PS3.4 B.2.3, PS3.7 C), and what it means to us."""
_UNSENT = {
    Unsent.REFUSED: Verdict.NEVER,
    Unsent.UNREADABLE: Verdict.DOUBTFUL,
    Unsent.LOST: Verdict.AGAIN,
    Unsent.NOT_TRIED: Verdict.LATER,
}
TRIES = 3
"""After so many a doubtful object is a dead letter. Some destinations cannot understand when their database is away."""


def judge(sent: Sent, tries: int) -> Judgement:
    """What to do after this try, the `tries`th of this object."""
    if sent.status is None:
        verdict = _UNSENT[sent.unsent] if sent.unsent else Verdict.AGAIN
        return Judgement(_at_last(verdict, tries), printable(sent.comment))
    for mask, value, verdict, words in _STATUSES:
        if sent.status & mask == value:
            return Judgement(_at_last(verdict, tries), f"{sent.status:04X} {words}" if words else "")
    return Judgement(Verdict.AGAIN, f"{sent.status:04X} the destination failed")


def _at_last(verdict: Verdict, tries: int) -> Verdict:
    if verdict is not Verdict.DOUBTFUL:
        return verdict
    return Verdict.AGAIN if tries < TRIES else Verdict.NEVER


def statuses(verdict: Verdict) -> str:
    """The statuses that are judged so, as people write them: `A7xx, 0122`."""
    found = (
        "".join(f"{value:04X}"[place] if mask >> 12 - 4 * place & 0xF else "x" for place in range(4))
        for mask, value, one, _ in _STATUSES
        if one is verdict
    )
    return ", ".join(found)


def delay(tries: int, first: float, longest: float, share: float) -> float:
    """Seconds until the next try after so many: twice as long each time, and of that half and a `share` (0 to 1)."""
    whole = min(longest, first * 2.0 ** min(tries - 1, 64))
    return whole * (0.5 + 0.5 * share)


def printable(words: str) -> str:
    """Words as they may stand in the queue and in a log: short and on one line."""
    return "".join(character for character in words if character.isprintable())[:200]
