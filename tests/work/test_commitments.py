"""Commitments in the work file: limits, and what is remembered."""

import pytest
from support.commitments import reference

from radnode.model.errors import OutOfResources
from radnode.model.uid import UID
from radnode.work import received_commitments
from radnode.work.commitments import KEPT, listed, select
from radnode.work.received_commitments import ReceivedCommitments
from radnode.work.work_file import WorkFile


def test_open_objects_have_a_limit_that_ended_ones_do_not_count_for(
    work: WorkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_commitments, "MOST_OPEN", 5)
    commitments = ReceivedCommitments(work)
    three = [reference(number) for number in range(3)]
    first = commitments.receive("A", UID("2.25.1"), three, busy=0)
    with pytest.raises(OutOfResources, match="Too many objects"):
        commitments.receive("B", UID("2.25.2"), three, busy=0)
    commitments.reported(first)
    commitments.receive("B", UID("2.25.2"), three, busy=0)


def test_one_peer_does_not_use_up_the_others_share(work: WorkFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received_commitments, "MOST_OF_ONE", 4)
    monkeypatch.setattr(received_commitments, "MOST_TRANSACTIONS", 2)
    commitments = ReceivedCommitments(work)
    commitments.receive("A", UID("2.25.1"), [reference(number) for number in range(3)], busy=0)
    with pytest.raises(OutOfResources, match="Too many objects"):
        commitments.receive("A", UID("2.25.2"), [reference(1), reference(2)], busy=0)
    commitments.receive("A", UID("2.25.3"), [reference(1)], busy=0)
    monkeypatch.setattr(received_commitments, "MOST_OF_ONE", 9)
    with pytest.raises(OutOfResources, match="Too many requests"):
        commitments.receive("A", UID("2.25.4"), [reference(1)], busy=0)
    commitments.receive("B", UID("2.25.4"), [reference(1)], busy=0)


def test_what_was_reported_is_not_to_be_reported_once_more(work: WorkFile) -> None:
    commitments = ReceivedCommitments(work)
    one = commitments.receive("A", UID("2.25.1"), [reference(1)], busy=0)
    commitments.checked(one, {0: 0})
    assert commitments.results(one) == {reference(1): 0}
    commitments.reported(one)
    assert commitments.results(one) is None


def test_who_is_busy_keeps_others_off_until_it_lets_go_or_its_time_is_over(work: WorkFile) -> None:
    clock = [1000.0]
    commitments = ReceivedCommitments(work, clock=lambda: clock[0])
    one = commitments.receive("A", UID("2.25.1"), [reference(1)], busy=5)
    assert commitments.due() == []
    clock[0] += 5
    assert [each.id for each in commitments.due()] == [one]
    commitments.busy(one, 60)
    assert commitments.due() == []
    commitments.busy(one, 0)
    assert [each.id for each in commitments.due()] == [one]
    commitments.reported(one)
    commitments.busy(one, 0)
    assert commitments.due() == []


def test_what_came_while_the_clock_was_ahead_does_not_wait_for_that_time(work: WorkFile) -> None:
    clock = [1e9]
    commitments = ReceivedCommitments(work, clock=lambda: clock[0])
    early = commitments.receive("A", UID("2.25.1"), [reference(1)], busy=5)
    clock[0] = 1000.0
    commitments.receive("A", UID("2.25.2"), [reference(1)], busy=100)
    assert commitments.heed_clock(longest=100) == 1
    assert [(one.id, one.since) for one in commitments.due()] == [(early, 1000.0)]


def test_what_went_well_is_listed_only_on_demand_and_forgotten_after_a_while(work: WorkFile) -> None:
    clock = [1000.0]
    commitments = ReceivedCommitments(work, clock=lambda: clock[0])
    good, bad, open_one = (
        commitments.receive("A", UID(f"2.25.{number}"), [reference(1), reference(2)], busy=0) for number in range(3)
    )
    commitments.checked(good, {0: 0, 1: 0})
    commitments.checked(bad, {0: 0, 1: 0x0110})
    commitments.reported(good)
    commitments.reported(bad)
    with work.reading() as connection:
        assert [one.id for one, _ in listed(connection, everything=True)] == [good, bad, open_one]
        shown = {one.id: failures for one, failures in listed(connection, everything=False)}
    assert shown == {bad: {reference(2): 0x0110}, open_one: {}}
    clock[0] += KEPT + 1
    commitments.forget_ended()
    with work.reading() as connection:
        assert [one.id for one in select(connection, "1")] == [open_one]
        assert connection.execute("SELECT count(*) FROM commitment_objects").fetchone()[0] == 2
