"""What is due behind the requests: done in the end, never more held than is bounded."""

from collections.abc import Callable
from functools import partial

from radnode_http.keeping import MUCH, Due, Keeping


def due(size: int, told: list[str], name: str) -> Due:
    tell: Callable[[str], object] = told.append
    return Due(size, partial(tell, f"{name} done"), partial(tell, f"{name} settled"))


async def test_all_that_is_due_is_done_at_the_end_in_its_order() -> None:
    keeping, told = Keeping(), list[str]()
    for number in range(40):
        keeping.add(due(1, told, str(number)))
    assert told == []  # whoever is served goes first
    await keeping.close()
    assert [words for words in told if words.endswith("done")] == [f"{number} done" for number in range(40)]
    assert len(told) == 80
    keeping.add(due(1, told, "later"))
    await keeping.close()
    assert told[80:] == ["later done", "later settled"]


async def test_what_would_be_too_much_is_dropped_at_once() -> None:
    keeping, told = Keeping(), list[str]()
    keeping.add(due(2 * MUCH + 1, told, "large"))
    keeping.add(due(1, told, "another"))
    assert told == ["another settled"]
    await keeping.close()
    assert told[1:] == ["large done", "large settled"]
