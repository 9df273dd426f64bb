"""The SQL and the slow matcher never differ, whatever is stored and whatever is asked."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.index_rows import insert_entity
from support.slow_matcher import slow_find

from radnode.archive.find import find
from radnode.archive.index import Index
from radnode.model.attributes import BY_KEYWORD
from radnode.model.level import Level
from radnode.model.query import ListOfUID, MatchingKey, Query, Range, SingleValue, Universal, Wildcard

LETTERS = st.text(alphabet="aAbé Ä^=%_[]-", max_size=5)
NAMES = st.one_of(  # full-width letters too
    LETTERS, st.sampled_from(["DOE^JOHN", "doe^john^^", "Müller^Jörg", "MULLER^JORG", "\uff24\uff2f\uff25^J", "Straße"])
)
DATES = st.sampled_from(["20251106", "2025.11.06", "20250101", "20251231", "20251399", "20250230", "2025", "", "abc"])
TIMES = st.sampled_from(
    ["10", "1030", "103000", "10:30", "10:30:59", "103059.999999", "103000.5", "235960", "2460", "103", "", "x"]
)
UIDS = st.sampled_from(["1.2.3", "1.2", "1.2.30", "1.2.3.4"])
CODES = st.sampled_from(["CT", "MR", "CR", "DX", "C", "", "ORIGINAL"])
SEVERAL = st.lists(CODES, min_size=1, max_size=3).map("\\".join)


def optional(values: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), values)


STORED = {
    "PatientID": optional(LETTERS),
    "PatientName": optional(NAMES),
    "OtherPatientNames": optional(st.lists(NAMES, min_size=1, max_size=3).map("\\".join)),
    "StudyDate": optional(DATES),
    "StudyTime": optional(TIMES),
    "AccessionNumber": optional(LETTERS),
    "StudyDescription": optional(LETTERS),
    "ModalitiesInStudy": optional(SEVERAL),
    "Modality": optional(CODES),
    "SeriesNumber": optional(st.sampled_from(["1", "01", "2", ""])),
    "SOPClassUID": optional(UIDS),
    "ImageType": optional(SEVERAL),
}


def keywords(level: Level) -> list[str]:
    return [keyword for keyword in STORED if BY_KEYWORD[keyword].level is level]


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, str | None]]:
    """Instances with their parents' attributes; neighbours often share parents."""
    found: list[dict[str, str | None]] = []
    for number in range(draw(st.integers(1, 6))):
        keep = draw(st.sampled_from(list(Level))) if found else Level.PATIENT
        entity: dict[str, str | None] = {}
        for level in Level:
            for keyword in keywords(level):
                entity[keyword] = found[-1][keyword] if level < keep else draw(STORED[keyword])
        branch = [found[-1][f"#{level}"] if level < keep else str(number) for level in Level]
        found.append(entity | {f"#{level}": name for level, name in zip(Level, branch, strict=True)})
    return found


def keys_for(keyword: str) -> st.SearchStrategy[MatchingKey]:
    attribute = BY_KEYWORD[keyword]
    if attribute.vr in {"DA", "TM"}:
        values = st.sampled_from(
            ["20251106", "2025.11.06", "20250228", "20251231"]
            if attribute.vr == "DA"
            else ["10", "1030", "10:30:59", "23"]
        )
        ends = st.tuples(optional(values), optional(values)).filter(in_order)
        return st.one_of(values.map(SingleValue), ends.map(lambda pair: Range(*pair)))
    stored = {"PN": NAMES, "UI": UIDS, "CS": CODES}.get(attribute.vr, LETTERS)
    values = stored.filter(bool)
    single_or_list = [values.map(SingleValue), st.lists(values, min_size=1, max_size=3).map(tuple).map(ListOfUID)]
    if attribute.vr in {"UI", "IS"}:
        return st.one_of(*single_or_list)
    patterns = st.lists(st.one_of(stored, st.sampled_from(["*", "?", "*", "a", "C"])), min_size=1, max_size=4).map(
        "".join
    )
    return st.one_of(*single_or_list, patterns.filter(lambda text: "*" in text or "?" in text).map(Wildcard))


def in_order(pair: tuple[str | None, str | None]) -> bool:
    first, last = pair
    if first is None or last is None:
        return first is not last
    return first.replace(".", "").replace(":", "") <= last.replace(".", "").replace(":", "")


@st.composite
def queries(draw: st.DrawFn) -> Query:
    level = draw(st.sampled_from(list(Level)))
    asked = draw(st.lists(st.sampled_from(list(STORED)), max_size=2))
    keys = tuple((BY_KEYWORD[keyword], draw(st.one_of(keys_for(keyword), st.just(Universal())))) for keyword in asked)
    return Query(level, keys, tuple(BY_KEYWORD[keyword] for keyword in STORED))


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with tempfile.TemporaryDirectory() as folder:
        found = Index(Path(folder) / "index.sqlite")
        found.migrate()
        yield found
        found.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees(), st.lists(queries(), min_size=8, max_size=8))
def test_the_sql_and_the_slow_matcher_agree(
    index: Index, instances: list[dict[str, str | None]], asked: list[Query]
) -> None:
    fill(index, instances)
    for query in asked:
        names = [f"#{level}" for level in Level if level <= query.level]
        entities = {tuple(each[name] for name in names): each for each in instances}
        expected = slow_find(list(entities.values()), query)
        assert sorted(map(ordered, find(index, query))) == sorted(map(ordered, expected)), query


def ordered(answer: object) -> list[tuple[str, str]]:
    return sorted(dict(answer).items())  # type: ignore[call-overload]


def fill(index: Index, instances: list[dict[str, str | None]]) -> None:
    with index.writing() as connection:
        for table in ("instances", "series", "studies", "patients"):
            connection.execute(f"DELETE FROM {table}")
        ids: dict[tuple[Level, str | None], int] = {}
        for each in instances:
            parent: int | None = None
            for level in Level:
                name = (level, each[f"#{level}"])
                if name not in ids:
                    ids[name] = insert_entity(connection, level, parent, {k: each[k] for k in keywords(level)})
                parent = ids[name]
