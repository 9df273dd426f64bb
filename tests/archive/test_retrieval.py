"""What the index tells of a retrieval: every object once, in order, however many pages it takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archives import make_archive, store
from support.instances import REMOVED, make_instance

from radnode.archive import retrieval
from radnode.archive.archive import Archive
from radnode.model.attributes import BY_KEYWORD
from radnode.model.level import Level
from radnode.model.query import ListOfUID, MatchingKey, Query, SingleValue

NUMBERS = ("10", "2", REMOVED, "", "2", "-1", "3")
IN_ORDER = ("1.1.1.6", "1.1.1.3", "1.1.1.4", "1.1.1.2", "1.1.1.5", "1.1.1.7", "1.1.1.1")
"""By number; what has none counts as 0, and equal ones come as they arrived."""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setattr(retrieval, "PAGE", 3)
    with make_archive(tmp_path) as archive:
        for place, number in enumerate(NUMBERS, 1):
            keep(archive, "1.1", "1.1.1", f"1.1.1.{place}", InstanceNumber=number, SeriesNumber="7")
        keep(archive, "1.1", "1.1.2", "1.1.2.1", SeriesNumber="5")
        keep(archive, "1.2", "1.2.1", "1.2.1.1", PatientID="P2")
        yield archive


def keep(archive: Archive, study: str, series: str, instance: str, **more: Any) -> None:
    uids: dict[str, Any] = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": instance}
    store(archive, make_instance(**{"PatientID": "P1", **uids, **more}))


def asked(level: Level, **keys: MatchingKey) -> Query:
    return Query(level, tuple((BY_KEYWORD[keyword], key) for keyword, key in keys.items()), ())


def told(archive: Archive, level: Level, **keys: MatchingKey) -> tuple[str, ...]:
    found = archive.retrieve(asked(level, **keys))
    uids = tuple(holding.sop_instance for holding in found)
    assert len(uids) == found.total
    return uids


def test_a_study_comes_by_series_number_and_instance_number(archive: Archive) -> None:
    assert told(archive, Level.STUDY, StudyInstanceUID=SingleValue("1.1")) == ("1.1.2.1", *IN_ORDER)


def test_a_patient_comes_with_all_that_it_has(archive: Archive) -> None:
    assert told(archive, Level.PATIENT, PatientID=SingleValue("P2")) == ("1.2.1.1",)
    assert len(told(archive, Level.PATIENT, PatientID=SingleValue("P1"))) == 8


def test_listed_images_come_in_the_same_order(archive: Archive) -> None:
    wanted = ListOfUID((*reversed(IN_ORDER), "1.2.1.1", "9.9"))
    assert told(archive, Level.IMAGE, SOPInstanceUID=wanted) == (*IN_ORDER, "1.2.1.1")
    assert told(archive, Level.IMAGE, SOPInstanceUID=wanted, StudyInstanceUID=SingleValue("1.2")) == ("1.2.1.1",)


def test_what_nothing_has_is_nothing(archive: Archive) -> None:
    assert told(archive, Level.SERIES, SeriesInstanceUID=SingleValue("9")) == ()
    assert (
        told(archive, Level.SERIES, SeriesInstanceUID=SingleValue("1.1.1"), StudyInstanceUID=SingleValue("1.2")) == ()
    )


def test_kinds_are_counted(archive: Archive) -> None:
    found = archive.retrieve(asked(Level.STUDY, StudyInstanceUID=SingleValue("1.1")))
    (kind,) = found.kinds
    assert found.kinds[kind] == 8
    assert {holding.kind for holding in found} == {kind}


def test_what_goes_meanwhile_is_left_out_and_the_rest_comes_once(archive: Archive) -> None:
    found = archive.retrieve(asked(Level.SERIES, SeriesInstanceUID=SingleValue("1.1.1")))
    holdings = iter(found)
    first = [next(holdings) for _ in range(2)]
    gone = archive.holding(first[0].sop_instance), archive.holding(type(first[0].sop_instance)("1.1.1.7"))
    for one in gone:
        assert one is not None
        archive.forget(one.path)
    rest = [holding.sop_instance for holding in holdings]
    assert [*(one.sop_instance for one in first), *rest] == [uid for uid in IN_ORDER if uid != "1.1.1.7"]


def test_what_is_replaced_meanwhile_is_told_as_it_is_now(archive: Archive) -> None:
    holdings = iter(archive.retrieve(asked(Level.SERIES, SeriesInstanceUID=SingleValue("1.1.1"))))
    next(holdings)
    for instance in ("1.1.1.3", "1.1.1.4"):
        keep(archive, "1.1", "1.1.1", instance, SeriesNumber="7", ImageComments="better")
    rest = list(holdings)
    assert {one.sop_instance for one in rest} == set(IN_ORDER[1:])
    for holding in rest:
        assert archive.layout.current(holding.path).exists()
