"""The SQL and the slow matcher never differ, whatever is stored and whatever is asked."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.index_rows import insert_entity
from support.slow_matcher import slow_find

from radnode.archive.find import find
from radnode.archive.index import Index
from radnode.model.attributes import BY_KEYWORD, Attribute
from radnode.model.level import Level
from radnode.model.query import (
    AllOf,
    DateTimeRange,
    Empty,
    Fuzzy,
    ListOfUID,
    MatchingKey,
    Query,
    Range,
    SequenceKey,
    SingleValue,
    Universal,
    Wildcard,
)

LETTERS = st.text(alphabet="aAbé Ä^=%_[]-", max_size=5)
GROUPS = st.sampled_from(  # full-width letters and half-width kana too
    [
        "DOE^JOHN",
        "doe^john^^",
        "Müller^Jörg",
        "MULLER^JORG",
        "\uff24\uff2f\uff25^J",
        "Straße",
        "山田^太郎",
        "ﾔﾏﾀﾞ",
        "ヤマダ",
        "",
    ]
)
NAMES = st.one_of(LETTERS, GROUPS, st.lists(GROUPS, min_size=2, max_size=3).map("=".join))
DATES = st.sampled_from(["20251106", "2025.11.06", "20250101", "20251231", "20251399", "20250230", "2025", "", "abc"])
TIMES = st.sampled_from(
    ["10", "1030", "103000", "10:30", "10:30:59", "103059.999999", "103000.5", "235960", "2460", "103", "", "x"]
)
DATE_TIMES = st.sampled_from(
    [
        "2025",
        "202511",
        "20251106",
        "20251106103000",
        "20251106103000.5",
        "20251106003000+0100",
        "20251105233000+0000",
        "20251105190000-0430",
        "20251231233000-0100",
        "2025110610+0000",
        "20250230",
        "x",
        "",
    ]
)
UIDS = st.sampled_from(["1.2.3", "1.2", "1.2.30", "1.2.3.4"])
CODES = st.sampled_from(["CT", "MR", "CR", "DX", "C", "", "ORIGINAL"])
NUMBERS = st.sampled_from(["1", "01", "+1", "-1", "0", "-0", "2", "1a", "1 2", "+", ""])
SEVERAL = st.lists(CODES, min_size=1, max_size=3).map("\\".join)
DAYS = st.sampled_from(["20251106", "2025.11.06", "20250228", "20251231"])
CLOCKS = st.sampled_from(["10", "1030", "10:30:59", "23"])
SPANS = st.sampled_from(["2025", "202511", "20251106", "20251106103000", "20251105233000+0000", "20251106+0200"])


def pairs(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str | None, str | None]]:
    return st.tuples(optional(values), optional(values)).filter(any)


def items(**values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    """A sequence as the index holds it."""
    item = st.fixed_dictionaries({}, optional=values)
    return st.lists(item, max_size=3).map(lambda each: json.dumps(each, ensure_ascii=False, separators=(",", ":")))


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
    "ProcedureCodeSequence": optional(items(CodeValue=CODES, CodeMeaning=LETTERS)),
    "ModalitiesInStudy": optional(SEVERAL),
    "Modality": optional(CODES),
    "SeriesNumber": optional(NUMBERS),
    "SOPClassUID": optional(UIDS),
    "AcquisitionDateTime": optional(DATE_TIMES),
    "VerifyingObserverSequence": optional(items(VerifyingObserverName=NAMES, VerificationDateTime=DATE_TIMES)),
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


def keys_for(attribute: Attribute) -> st.SearchStrategy[MatchingKey]:
    if attribute.vr == "SQ":
        return sequence_keys(attribute)
    several: list[st.SearchStrategy[MatchingKey]] = [st.just(Empty())]
    if attribute.vr in {"DA", "TM", "DT"}:
        return st.one_of(*several, *moments(attribute.vr))
    stored = {"PN": NAMES, "UI": UIDS, "CS": CODES, "IS": NUMBERS}.get(attribute.vr, LETTERS)
    values = stored.filter(bool)
    lists = st.lists(values, min_size=1, max_size=3).map(tuple)
    several += [values.map(SingleValue), lists.map(ListOfUID)]
    if attribute.vr in {"UI", "IS"}:
        return st.one_of(*several)
    several += [lists.map(AllOf)] if attribute.multiple else []
    several += [values.map(Fuzzy)] if attribute.vr == "PN" else []
    patterns = st.lists(
        st.one_of(stored, st.sampled_from(["*", "?", "*", "^*", "=*", "a", "C", "=", "山"])), min_size=1, max_size=4
    )
    wild = patterns.map("".join).filter(lambda text: "*" in text or "?" in text)
    return st.one_of(*several, wild.map(Wildcard))


def moments(vr: str) -> list[st.SearchStrategy[MatchingKey]]:
    values, ends = {"DA": (DAYS, pairs(DAYS)), "TM": (CLOCKS, pairs(CLOCKS)), "DT": (SPANS, pairs(SPANS))}[vr]
    return [values.map(SingleValue), ends.filter(in_order).map(lambda pair: Range(*pair))]


@st.composite
def sequence_keys(draw: st.DrawFn, sequence: Attribute) -> MatchingKey:
    asked = draw(st.lists(st.sampled_from(sequence.items), max_size=2, unique=True))
    return SequenceKey(tuple((one, draw(st.one_of(keys_for(one), st.just(Universal())))) for one in asked))


@st.composite
def combined_keys(draw: st.DrawFn) -> MatchingKey:
    dates = draw(pairs(DAYS).filter(in_order))
    times = [date and draw(CLOCKS) for date in dates]
    first, last = (f"{date}{time}".replace(".", "").replace(":", "") for date, time in zip(dates, times, strict=True))
    assume(None in dates or first <= last)
    return DateTimeRange(BY_KEYWORD["StudyTime"], Range(*dates), Range(*times))


def in_order(pair: tuple[str | None, str | None]) -> bool:
    first, last = pair
    if first is None or last is None:
        return True
    return first.replace(".", "").replace(":", "") <= last.replace(".", "").replace(":", "")


@st.composite
def queries(draw: st.DrawFn) -> Query:
    level = draw(st.sampled_from(list(Level)))
    asked = [BY_KEYWORD[keyword] for keyword in draw(st.lists(st.sampled_from(list(STORED)), max_size=3, unique=True))]
    keys = [(attribute, draw(st.one_of(keys_for(attribute), st.just(Universal())))) for attribute in asked]
    if draw(st.integers(0, 3)) == 0 and BY_KEYWORD["StudyDate"] not in asked:
        keys.append((BY_KEYWORD["StudyDate"], draw(combined_keys())))
    returns = tuple(BY_KEYWORD[keyword] for keyword in STORED)
    return Query(level, tuple(keys), returns, relational=draw(st.booleans()))


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
        branches: dict[tuple[str | None, ...], list[dict[str, str | None]]] = {}
        for each in instances:
            branches.setdefault(tuple(each[name] for name in names), []).append(each)
        expected = slow_find([below[0] for below in branches.values()], query, list(branches.values()))
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
