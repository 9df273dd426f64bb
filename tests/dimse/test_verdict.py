"""What is done after a try to send an object."""

from itertools import pairwise
from pathlib import Path

import pytest

from radnode.dimse.delivery.verdict import Verdict, delay, judge
from radnode.dimse.scu import Sent
from radnode.dimse.scu.values import Unsent

SENT, AGAIN, LATER, NEVER = Verdict.SENT, Verdict.AGAIN, Verdict.LATER, Verdict.NEVER


@pytest.mark.parametrize(
    ("status", "first", "third"),
    [
        (0x0000, SENT, SENT),
        (0xB000, SENT, SENT),
        (0xB007, SENT, SENT),
        (0x0107, SENT, SENT),
        (0x0111, SENT, SENT),
        (0xA700, LATER, LATER),
        (0xA702, LATER, LATER),
        (0xA900, NEVER, NEVER),
        (0x0117, NEVER, NEVER),
        (0x0122, NEVER, NEVER),
        (0x0124, NEVER, NEVER),
        (0xC000, AGAIN, NEVER),
        (0xC123, AGAIN, NEVER),
        (0x0110, AGAIN, AGAIN),
        (0x0211, AGAIN, AGAIN),
        (Unsent.REFUSED, NEVER, NEVER),
        (Unsent.UNREADABLE, AGAIN, NEVER),
        (Unsent.LOST, AGAIN, AGAIN),
        (Unsent.NOT_TRIED, LATER, LATER),
    ],
)
def test_what_a_status_means(status: int | Unsent, first: Verdict, third: Verdict) -> None:
    number, unsent = (None, status) if isinstance(status, Unsent) else (status, None)
    sent = Sent(Path("a"), number, "DOE^JOHN" if number is not None else "lost", unsent=unsent)
    assert [judge(sent, tries).verdict for tries in (1, 3)] == [first, third]
    assert "DOE" not in judge(sent, 1).why


def test_waits_double_up_to_the_longest_and_are_spread() -> None:
    waits = [delay(tries, 1, 600, 1) for tries in range(1, 100)]
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 600
    assert all(before <= after for before, after in pairwise(waits))
    assert delay(5, 1, 600, 0) == 8
