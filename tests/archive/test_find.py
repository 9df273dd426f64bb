"""Answers of C-FIND from the index: one per entity, quick, in pages, whatever is asked."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.index_rows import insert_branch, insert_entity, new_index

from radnode.archive import find as finding
from radnode.archive import watching
from radnode.archive.find import find, find_pages
from radnode.archive.index import Index
from radnode.archive.plan import plans
from radnode.model.attributes import ATTRIBUTES, BY_KEYWORD
from radnode.model.errors import Abandoned, InvalidQuery
from radnode.model.level import Level
from radnode.model.query import DateTimeRange, ListOfUID, MatchingKey, Query, Range, SingleValue, Universal, Wildcard

STUDIES = 2500  # more than two pages


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    found = Index(tmp_path_factory.mktemp("find") / "index.sqlite")
    found.migrate()
    with found.writing() as connection:
        for number in range(STUDIES):
            name = f"NAME{number % 100:02d}^{'AAAA' * 10}" if number else "[A]%_^B"
            patient = insert_entity(connection, Level.PATIENT, None, {"PatientID": f"{number}", "PatientName": name})
            values = {"StudyInstanceUID": f"1.2.{number}", "StudyDate": f"2025{number % 12 + 1:02d}01"}
            kinds = {"ModalitiesInStudy": "CT\\MR" if number % 2 else "CT"}
            study = insert_entity(connection, Level.STUDY, patient, values, **kinds)
            for modality in ("CT", "MR")[: number % 2 + 1]:
                series = insert_entity(connection, Level.SERIES, study, {"Modality": modality})
                insert_entity(connection, Level.IMAGE, series, {"ImageType": "ORIGINAL\\PRIMARY\\AX[1]"})
    yield found
    found.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Index]:
    with new_index(tmp_path) as found:
        yield found


def ask(level: Level, returns: str = "StudyInstanceUID", /, **keys: MatchingKey) -> Query:
    return Query(level, tuple((BY_KEYWORD[k], key) for k, key in keys.items()), (BY_KEYWORD[returns],))


def count(index: Index, query: Query) -> int:
    return sum(1 for _ in find(index, query))


EVERY_SECOND = STUDIES // 2


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        (ask(Level.PATIENT, "PatientID"), STUDIES),
        (ask(Level.STUDY), STUDIES),
        (ask(Level.SERIES), STUDIES + EVERY_SECOND),
        (ask(Level.IMAGE), STUDIES + EVERY_SECOND),
        (ask(Level.STUDY, PatientID=Universal(), StudyDate=Universal(), AccessionNumber=Wildcard("**")), STUDIES),
        (ask(Level.STUDY, AccessionNumber=Wildcard("?*")), 0),
        (ask(Level.STUDY, PatientID=SingleValue("17")), 1),
        (ask(Level.STUDY, PatientID=SingleValue("017")), 0),
        (ask(Level.STUDY, PatientID=Wildcard("17*")), 111),
        (ask(Level.STUDY, PatientID=Wildcard("*17")), 25),
        (ask(Level.STUDY, PatientName=Wildcard("name0?^a*")), 249),
        (ask(Level.STUDY, PatientName=Wildcard("[a]%_*")), 1),
        (ask(Level.STUDY, PatientName=SingleValue("[A]%_^B^^")), 1),
        (ask(Level.IMAGE, ImageType=Wildcard("AX[[]1]")), 0),
        (ask(Level.IMAGE, ImageType=Wildcard("AX[1?")), STUDIES + EVERY_SECOND),
        (ask(Level.IMAGE, ImageType=Wildcard("ORIGINAL*AX*")), 0),
        (ask(Level.IMAGE, ImageType=SingleValue("PRIMARY")), STUDIES + EVERY_SECOND),
        (ask(Level.IMAGE, ImageType=SingleValue("PRIM")), 0),
        (ask(Level.STUDY, ModalitiesInStudy=SingleValue("MR")), EVERY_SECOND),
        (ask(Level.STUDY, ModalitiesInStudy=ListOfUID(("MR", "XA"))), EVERY_SECOND),
        (ask(Level.STUDY, ModalitiesInStudy=Wildcard("M*")), EVERY_SECOND),
        (ask(Level.SERIES, Modality=SingleValue("MR")), EVERY_SECOND),
        (ask(Level.STUDY, StudyDate=Range("20250201", "20250301")), 418),
        (ask(Level.IMAGE, StudyDate=Range("20250101", None)), STUDIES + EVERY_SECOND),
        (ask(Level.IMAGE, StudyDate=Range(None, "20251201"), Modality=SingleValue("CT")), STUDIES),
        (ask(Level.STUDY, NumberOfStudyRelatedInstances=SingleValue("1")), STUDIES),
        (ask(Level.STUDY, StudyInstanceUID=ListOfUID(("1.2.5", "1.2.6", "1.2.5", "1.2.999999"))), 2),
        (ask(Level.STUDY, PatientName=ListOfUID(("[a]%_^b", "[A]%_^B^^"))), 1),
        (ask(Level.STUDY, Modality=SingleValue("XX"), SOPInstanceUID=SingleValue("1")), STUDIES),
    ],
)
def test_how_many_answer(index: Index, query: Query, answers: int) -> None:
    found = [tuple(answer.values()) for answer in find(index, query)]
    assert len(found) == answers
    if query.level <= Level.STUDY:
        assert len(set(found)) == answers, "one answer per entity"


def test_answers_carry_every_attribute_as_text(empty: Index) -> None:
    insert_branch(empty, {"PatientID": "1", "PatientName": "DOE"}, {"StudyDate": "2025.11.06"}, {}, {"Rows": "512"})
    (answer,) = find(empty, Query(Level.IMAGE, (), ATTRIBUTES))
    assert set(answer) == {attribute.keyword for attribute in ATTRIBUTES}
    shown = {"StudyDate": "2025.11.06", "Rows": "512", "StudyTime": "", "NumberOfStudyRelatedInstances": "1"}
    assert {keyword: answer[keyword] for keyword in shown} == shown
    (study,) = find(empty, Query(Level.STUDY, (), ATTRIBUTES))
    assert (study["PatientName"], study["Rows"]) == ("DOE", "")


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientName": Wildcard("n*")},
        {"StudyDate": Range("20250101", "20251231")},
        {"PatientID": Wildcard("1*")},
        {"Modality": SingleValue("CT")},
        {"StudyInstanceUID": SingleValue("1.2.3")},
        {"StudyDescription": SingleValue("x")},
        {"PatientName": SingleValue("山田^太郎")},
        {"PatientName": Wildcard("*=山田*=や*")},
        {"Modality": SingleValue("CT"), "StudyDate": Range("20250310", "20250310")},
        {"Modality": SingleValue("CT"), "PatientID": SingleValue("1")},
        {"StudyDate": DateTimeRange(BY_KEYWORD["StudyTime"], Range("20250101", None), Range("10", None))},
        {},
    ],
)
@pytest.mark.parametrize("level", list(Level))
def test_no_page_is_sorted(index: Index, level: Level, keys: dict[str, MatchingKey]) -> None:
    for plan in plans(ask(level, "PatientID", **keys)):
        for after in (None, ("",) + (0,) * (len(plan.keyset) - 1)):
            statement = plan.page(after, 10)
            steps = [row[3] for row in index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)]
            assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize(
    "keyword", ["PatientID", "PatientName", "PatientBirthDate", "StudyDate", "AccessionNumber", "StudyInstanceUID"]
)
def test_single_values_use_their_index(index: Index, keyword: str) -> None:
    for plan in plans(ask(Level.STUDY, **{keyword: SingleValue("20250101")})):
        statement = plan.page(None, 10)
        first = next(iter(list(index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters))))[3]
        assert first.startswith("SEARCH")
        assert "INDEX" in first


@pytest.mark.parametrize(
    ("leader", "keys"),
    [
        ("studies", {"PatientName": Wildcard("n*"), "StudyDate": Range("20250310", "20250310")}),
        ("studies", {"PatientID": Wildcard("1*"), "StudyDate": Range("20250227", "20250304")}),
        ("patients", {"PatientID": Wildcard("1*"), "StudyDate": Range("20250101", "20251231")}),
        ("patients", {"PatientID": SingleValue("1"), "StudyDate": SingleValue("20250310")}),
        ("studies", {"StudyInstanceUID": ListOfUID(("1.2", "1.3")), "PatientName": Wildcard("n*")}),
        ("instances", {"SOPInstanceUID": ListOfUID(("1.2", "1.3")), "StudyDate": SingleValue("20250310")}),
        ("studies", {"Modality": SingleValue("CT"), "StudyDate": Range("20250310", "20250310")}),
        ("patients USING INDEX idx_patients_PatientID", {"PatientID": Wildcard("12*"), "PatientName": Wildcard("n*")}),
        ("studies", {"PatientID": Wildcard("1*"), "AccessionNumber": Wildcard("A12*")}),
    ],
)
def test_the_key_with_the_fewest_matches_leads(index: Index, leader: str, keys: dict[str, MatchingKey]) -> None:
    for plan in plans(ask(Level.IMAGE, **keys)):
        statement = plan.page(None, 10)
        first = next(iter(list(index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters))))[3]
        assert first.startswith(f"SEARCH {leader}")


@pytest.mark.parametrize(
    ("used", "keys"),
    [
        (
            "idx_studies_StudyInstanceUID",
            {"StudyInstanceUID": SingleValue("1.2"), "StudyDate": SingleValue("20250310")},
        ),
        ("idx_studies_AccessionNumber", {"AccessionNumber": SingleValue("A"), "StudyDate": SingleValue("20250310")}),
        ("patients_", {"PatientName": SingleValue("n"), "PatientBirthDate": SingleValue("19700101")}),
    ],
)
def test_no_other_index_is_preferred_to_that_of_the_leading_key(
    index: Index, used: str, keys: dict[str, MatchingKey]
) -> None:
    for plan in plans(ask(Level.STUDY, **keys)):
        statement = plan.page(None, 10)
        steps = [row[3] for row in index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)]
        assert used in steps[0], steps
        assert not any("date" in step or "TEMP B-TREE" in step for step in steps), steps


def test_each_component_group_has_an_index(index: Index) -> None:
    for plan in plans(ask(Level.STUDY, PatientName=Wildcard("山田*"))):
        statement = plan.page(None, 10)
        first = next(iter(list(index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters))))[3]
        assert first.startswith("SEARCH patients USING")


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ({"Modality": SingleValue("MR")}, "SEARCH series USING INDEX idx_series_study"),
        ({"SOPInstanceUID": SingleValue("1.2")}, "SEARCH instances USING INDEX idx_instances_SOPInstanceUID"),
        ({"ImageType": SingleValue("AXIAL")}, "SEARCH instances USING INDEX instances_series"),
    ],
)
def test_relational_queries_go_through_no_table_for_each_study(
    index: Index, keys: dict[str, MatchingKey], step: str
) -> None:
    query = replace(ask(Level.STUDY, **keys), relational=True)
    (plan,) = plans(query)
    statement = plan.page(None, 10)
    steps = [row[3] for row in index.rows(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)]
    assert any(one.startswith(step) for one in steps), steps


def test_an_abandoned_query_holds_no_transaction(index: Index) -> None:
    answers = find(index, ask(Level.IMAGE))
    next(answers)
    with index.writing() as connection:
        connection.execute("UPDATE counters SET value = value")
    busy, pages, moved = next(iter(list(index.rows("PRAGMA wal_checkpoint(TRUNCATE)"))))
    assert (busy, pages, moved) == (0, 0, 0)


def test_a_page_ends_soon_after_its_first_answer(index: Index) -> None:
    moments = iter(range(10**9))
    answers = find(index, ask(Level.STUDY), clock=lambda: next(moments))
    assert sum(1 for _ in answers) == STUDIES, "a page of one or two answers each"


def test_a_search_is_given_up_before_it_finds_anything(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_SECONDS", 0.0)
    monkeypatch.setattr(watching, "_STEPS", 1000)
    nobody = ask(Level.IMAGE, PatientName=Wildcard("*nobody*"))
    asked: list[int] = []

    def given_up() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Abandoned):
        list(find_pages(index, nobody, given_up=given_up))
    assert len(asked) == 3

    def fails() -> bool:
        raise OSError("the caller is gone")

    with pytest.raises(OSError, match="gone"):
        list(find_pages(index, nobody, given_up=fails))
    assert list(find_pages(index, nobody, given_up=lambda: False)) == []
    assert len(asked) == 3, "nobody is asked about later searches"


def test_a_search_for_one_of_many_uids_is_given_up_too(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_SECONDS", 0.0)
    asked: list[int] = []

    def given_up() -> bool:
        asked.append(1)
        return len(asked) == 100

    nobody = ask(Level.STUDY, StudyInstanceUID=ListOfUID(tuple(f"9.9.{number}" for number in range(10_000))))
    with pytest.raises(Abandoned):
        list(find_pages(index, nobody, given_up=given_up))
    assert len(asked) == 100


def test_entities_that_go_between_pages_hide_no_other(empty: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE", 2)
    ids = [insert_branch(empty, {"PatientName": "SAME"}, {"StudyInstanceUID": f"1.{n}"})[1] for n in range(9)]
    answers = find(empty, ask(Level.STUDY, PatientName=Wildcard("s*")))
    found = [next(answers)["StudyInstanceUID"]]
    with empty.writing() as connection:
        connection.execute("DELETE FROM studies WHERE id IN (?, ?)", (ids[0], ids[3]))
    found += [answer["StudyInstanceUID"] for answer in answers]
    assert found == [f"1.{n}" for n in (0, 1, 2, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientName": Wildcard("*a" * 32_768)},
        {"PatientID": Wildcard("*" * 65_536 + "x")},
        {"PatientID": Range("1", "2")},
        {"StudyDate": Range("2025", None)},
        {"StudyDate": Range("20251301", None)},
        {"StudyDate": Range("20250102", "20250101")},
        {"StudyTime": Range("10:3", None)},
        {"StudyTime": Range("11", "1030")},
        {"StudyDate": Wildcard("2025*")},
        {"StudyInstanceUID": Wildcard("1.2.*")},
        {"PatientID": SingleValue("a\0b")},
        {"PatientID": SingleValue("\udcff")},
        {"PatientName": ListOfUID(("a", "\ud800"))},
    ],
)
def test_what_is_no_query_is_refused_at_once(index: Index, keys: dict[str, MatchingKey]) -> None:
    with pytest.raises(InvalidQuery):
        find(index, ask(Level.STUDY, **keys))


def test_hostile_patterns_take_no_time(index: Index) -> None:
    began = time.perf_counter()
    for pattern in ("*a" * 500 + "b", "?" * 1000 + "*", "*" + "[" * 1000, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"):
        assert count(index, ask(Level.STUDY, PatientName=Wildcard(pattern))) == 0
    assert time.perf_counter() - began < 5


def test_long_lists(index: Index) -> None:
    wanted = (*(f"9.9.{number}" for number in range(100_000)), "1.2.7")
    asked = ask(Level.STUDY, StudyInstanceUID=ListOfUID(wanted), PatientID=SingleValue("7"))
    assert count(index, asked) == 1
    assert count(index, ask(Level.STUDY, SOPClassesInStudy=ListOfUID(wanted), PatientID=SingleValue("7"))) == 0
    assert count(index, ask(Level.STUDY, StudyInstanceUID=ListOfUID(wanted[-5000:]))) == 1
