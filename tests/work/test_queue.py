"""The send queue by itself."""

from dataclasses import replace

import pytest

from radnode.model.file_path import FilePath
from radnode.model.uid import UID
from radnode.work.queue import CIRCLING, MOST_RENEWALS, Hold, Item, Order, Queue, State
from radnode.work.queue_view import Selection, items, replay
from radnode.work.work_file import WorkFile


@pytest.fixture
def queue(work: WorkFile) -> Queue:
    return Queue(work)


def order(number: int = 1, destination: str = "PACS", *, study: str = "1.2", quiet: float = 0) -> Order:
    path = FilePath(UID(study), UID("1.2.3"), f"{number:032x}")
    return Order(path, UID(f"1.2.3.{number}"), destination, "all", quiet)


def numbers(items: list[Item]) -> list[int]:
    return [int(item.path.name, 16) for item in items]


def test_the_same_object_is_queued_once_for_each_destination(queue: Queue) -> None:
    assert queue.enqueue([order(), order(), order(destination="WS1")], 10.0, again=False) == 2
    assert queue.enqueue([order()], 11.0, again=False) == 0
    (item,) = queue.claim("PACS", 20.0, 9)
    assert (item.rule, item.attempts, item.enqueued, item.state) == ("all", 0, 10.0, State.SENDING)
    assert queue.claim("PACS", 20.0, 9) == []
    assert len(queue.claim("WS1", 20.0, 9)) == 1


def test_what_was_sent_is_not_sent_again_unless_it_is_asked_for(queue: Queue) -> None:
    queue.enqueue([order()], 10.0, again=True)
    queue.settle(queue.claim("PACS", 10.0, 9)[0], State.DONE, 11.0)
    assert queue.enqueue([order()], 12.0, again=False) == 0
    assert queue.next_due("PACS") is None
    assert queue.enqueue([order()], 13.0, again=True) == 1
    assert queue.next_due("PACS") == 13.0


def test_what_arrives_anew_while_it_is_sent_is_sent_once_more(queue: Queue) -> None:
    queue.enqueue([order()], 10.0, again=True)
    (item,) = queue.claim("PACS", 10.0, 9)
    queue.enqueue([order()], 11.0, again=True)
    queue.settle(item, State.DONE, 12.0)
    assert numbers(queue.claim("PACS", 12.0, 9)) == [1]


def test_a_killed_couriers_items_wait_again_and_no_try_is_counted(queue: Queue) -> None:
    queue.enqueue([order(n) for n in range(3)], 10.0, again=False)
    first, second, third = queue.claim("PACS", 10.0, 9)
    queue.settle(first, State.DONE, 11.0)
    queue.settle(second, State.WAITING, 11.0, due=50.0, error="A700")
    queue.resume()
    assert numbers(queue.claim("PACS", 11.0, 9)) == [2]
    (later,) = queue.claim("PACS", 50.0, 9)
    assert (later.path, later.attempts, later.error) == (second.path, 1, "A700")
    assert third.attempts == 0


def test_items_are_claimed_in_the_order_in_which_they_are_due(queue: Queue) -> None:
    queue.enqueue([order(n) for n in (3, 1, 2)], 10.0, again=False)
    assert numbers(queue.claim("PACS", 10.0, 2)) == [3, 1]
    assert numbers(queue.claim("PACS", 10.0, 2)) == [2]


def test_what_was_not_tried_waits_as_before(queue: Queue) -> None:
    queue.enqueue([order()], 10.0, again=False)
    queue.release(queue.claim("PACS", 10.0, 9))
    assert [item.attempts for item in queue.claim("PACS", 10.0, 9)] == [0]


def test_a_study_goes_when_nothing_more_of_it_has_come_for_a_while(queue: Queue) -> None:
    queue.enqueue([order(1, quiet=5)], 100.0, again=False)
    queue.enqueue([order(2, quiet=5), order(3, study="9.9", quiet=5)], 103.0, again=False)
    assert queue.claim("PACS", 104.9, 9) == []
    assert queue.claim("PACS", 105.0, 9) == []
    assert queue.next_due("PACS") == 108.0
    assert sorted(numbers(queue.claim("PACS", 108.0, 9))) == [1, 2, 3]


def test_a_study_that_is_not_quiet_keeps_no_other_back_however_large_it_is(queue: Queue) -> None:
    queue.enqueue([order(n, quiet=5) for n in range(9)], 100.0, again=False)
    queue.enqueue([order(20, study="9.9", quiet=5), order(21, study="9.8")], 101.0, again=False)
    queue.enqueue([order(9, quiet=5)], 104.0, again=False)
    assert numbers(queue.claim("PACS", 106.0, 3)) == [21, 20]
    assert len(queue.claim("PACS", 109.0, 20)) == 10


def test_what_is_replayed_goes_at_once_though_its_study_was_to_be_quiet(work: WorkFile, queue: Queue) -> None:
    queue.enqueue([order(1, quiet=5)], 100.0, again=False)
    queue.settle(queue.claim("PACS", 105.0, 9)[0], State.DEAD, 106.0)
    for _ in range(2):
        assert replay(work, Selection(destination="PACS"), 110.0) == 1
    assert numbers(queue.claim("PACS", 110.0, 9)) == [1]


def test_what_was_queued_while_the_clock_was_ahead_does_not_wait_for_that_time(queue: Queue) -> None:
    queue.enqueue([order(1), order(2, study="9.9", quiet=5), order(3)], 1e9, again=False)
    queue.settle(queue.claim("PACS", 1e9, 1)[0], State.WAITING, 1e9, due=1e9 + 600)
    queue.hold("PACS", Hold(1, 1e9 + 600, "nobody answers"))
    assert queue.claim("PACS", 1000.0, 9) == []
    assert queue.heed_clock(1000.0, 600.0)
    assert not queue.heed_clock(1000.0, 600.0)
    assert queue.held("PACS") == Hold(1, 1000.0, "nobody answers")
    assert numbers(queue.claim("PACS", 1000.0, 9)) == [1, 3]
    assert numbers(queue.claim("PACS", 1005.0, 9)) == [2]


def test_what_keeps_coming_back_is_dead_until_somebody_replays_it(work: WorkFile, queue: Queue) -> None:
    for second in range(MOST_RENEWALS + 1):
        queue.enqueue([order()], 100.0 + second, again=True)
        queue.settle(queue.claim("PACS", 200.0, 9)[0], State.DONE, 100.0 + second)
    for late in (300.0, 400.0):
        assert queue.enqueue([order()], late, again=True) == 1
        assert queue.claim("PACS", 500.0, 9) == []
    (item,) = items(work, Selection(), 9)
    assert (item.state, item.error) == (State.DEAD, CIRCLING)
    assert replay(work, Selection(ids=(item.id,)), 500.0) == 1
    assert numbers(queue.claim("PACS", 500.0, 9)) == [1]


def test_what_comes_back_now_and_then_or_is_sent_by_hand_goes_each_time(queue: Queue) -> None:
    by_hand = replace(order(2), rule="")
    for day in range(2 * MOST_RENEWALS):
        queue.enqueue([order()], 86400.0 * day, again=True)
        queue.enqueue([by_hand], float(day), again=True)
        assert len(queue.claim("PACS", 86400.0 * day + 50, 9)) == 2


def test_a_destination_is_held_and_let_go(queue: Queue) -> None:
    assert queue.held("PACS") is None
    for attempts in (1, 2):
        queue.hold("PACS", Hold(attempts, 10.0 * attempts, "nobody answers"))
    assert queue.held("PACS") == Hold(2, 20.0, "nobody answers")
    queue.resume()
    assert queue.held("PACS") == Hold(2, 0.0, "nobody answers")  # who restarts a node wants to see it try
    queue.hold("PACS", None)
    assert queue.held("PACS") is None


def test_what_has_waited_too_long_is_dead_and_what_was_sent_is_forgotten(queue: Queue) -> None:
    queue.enqueue([order(1)], 10.0, again=False)
    queue.enqueue([order(2), order(3)], 20.0, again=False)
    assert queue.give_up("PACS", 15.0, "nobody answers", 30.0) == 1
    second, third = queue.claim("PACS", 30.0, 9)
    queue.settle(second, State.DONE, 30.0)
    queue.settle(third, State.DONE, 40.0)
    assert not queue.forget(35.0)
    assert queue.enqueue([order(n) for n in (1, 2, 3)], 50.0, again=False) == 1
