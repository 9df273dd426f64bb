"""Single facts of matching that readers of the Standard look for; the property test does the rest."""

from collections.abc import Iterator

import pytest
from support.index_rows import insert_branch, new_index

from radnode.archive.find import find
from radnode.archive.index import Index
from radnode.archive.matching import condition_on
from radnode.archive.wildcards import after_prefix, canonical, folded_glob, glob
from radnode.model.attributes import BY_KEYWORD, Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.level import Level
from radnode.model.query import (
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


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with new_index(tmp_path_factory.mktemp("matching")) as found:
        yield found


def matches(index: Index, keyword: str, stored: str | None, key: MatchingKey) -> bool:
    attribute = BY_KEYWORD[keyword]
    with index.writing() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for table in ("instances", "series", "studies", "patients"):
            connection.execute(f"DELETE FROM {table}")
    insert_branch(index, *({keyword: stored} if attribute.level is level else {} for level in Level))
    return len(list(find(index, Query(Level.IMAGE, ((attribute, key),), ())))) == 1


@pytest.mark.parametrize(
    ("keyword", "stored", "key", "expected"),
    [
        ("PatientID", "abc", SingleValue("ABC"), False),
        ("PatientID", "0123", SingleValue("123"), False),
        ("PatientID", None, SingleValue(""), False),
        ("PatientID", "a%c", Wildcard("a%*"), True),
        ("PatientID", "abc", Wildcard("a%*"), False),
        ("PatientID", "abc", Wildcard("a_c*"), False),
        ("PatientID", "", Wildcard("?"), False),
        ("PatientID", "日本語", Wildcard("??語"), True),
        ("PatientName", "DOE^JOHN", SingleValue("doe^john^^"), True),
        ("PatientName", "DOE^JOHN^^DR", SingleValue("doe^john"), False),
        ("PatientName", "Müller^Jörg", SingleValue("MULLER^JORG"), True),
        ("PatientName", "DOE", Wildcard("DOE^*"), True),
        ("PatientName", "DOE^^", Wildcard("DOE^*^*"), True),
        ("PatientName", "DOE", Wildcard("DOE^^*"), True),
        ("PatientName", "DOE JOHN", Wildcard("D*^*"), True),
        ("PatientName", "DOE^J", Wildcard("DOE^J^*"), True),
        ("PatientName", "DOE^JOHN", Wildcard("DOE^J^*"), False),
        ("PatientName", "DOES", Wildcard("DOE^*"), False),
        ("PatientName", "DOE^J", Wildcard("D*E^"), False),
        ("PatientName", "DOE", Wildcard("DOE^?*"), False),
        ("PatientName", "DOE", Wildcard("*^J*"), False),
        ("PatientName", "DOE", Wildcard("^*"), False),
        ("PatientName", None, Wildcard("*^*"), True),
        ("PatientName", "DOE^J", Wildcard("DOE^*"), True),
        ("PatientName", "A*B", SingleValue("A*B"), True),
        ("PatientName", "AXB", SingleValue("A\uff0aB"), False),
        ("PatientName", "AXBC", Wildcard("A\uff0aB*"), False),
        ("PatientName", "A*BC", Wildcard("A\uff0aB*"), True),
        ("OtherPatientNames", "ROE^A\\Dœ^J", SingleValue("roe^a"), True),
        ("OtherPatientNames", "ROE^A\\DOE^J", Wildcard("d*"), True),
        ("OtherPatientNames", "ROE^A\\DOE^J", Wildcard("r*j"), False),
        ("OtherPatientIDs", 'a"\\b', Wildcard('*"'), True),
        ("StudyDate", "20251106", SingleValue("2025.11.06"), True),
        ("StudyDate", "2025.11.06", SingleValue("20251106"), True),
        ("StudyDate", "2025.11.06", Range("20250101", "20250131"), False),
        ("StudyDate", "2025.11.06", Range("20251106", "20251106"), True),
        ("StudyDate", None, Range(None, "20251231"), False),
        ("StudyDate", "", Range(None, "20251231"), False),
        ("StudyDate", "20250230", Range("20250101", "20251231"), False),
        ("StudyDate", "20251106", ListOfUID(("20251105", "20251106")), True),
        ("StudyTime", "103059.999999", Range("10", "1030"), True),
        ("StudyTime", "1031", Range("10", "1030"), False),
        ("StudyTime", "1029", Range("1030", None), False),
        ("StudyTime", "103000", Range("1030", None), True),
        ("StudyTime", "10:30", Range("1030", "1030"), True),
        ("StudyTime", "1030", SingleValue("103000.00"), True),
        ("StudyTime", "103", SingleValue("1030"), False),
        ("StudyTime", "", Range("00", None), False),
        ("StudyTime", "103000", ListOfUID(("11", "10:30")), True),
        ("AcquisitionDateTime", "20251106103000.5", Range("2025", "202511"), True),
        ("AcquisitionDateTime", "20251106103000+0100", Range("20251106", "20251106"), True),
        ("AcquisitionDateTime", "20251106003000+0100", SingleValue("20251105233000+0000"), True),
        ("AcquisitionDateTime", "20251106003000+0100", SingleValue("20251106003000+0000"), False),
        ("AcquisitionDateTime", "20251106003000", SingleValue("20251106003000+0000"), True),
        ("AcquisitionDateTime", "20251231233000-0100", Range("2026+0000", None), True),
        ("AcquisitionDateTime", "20251231233000-0100", Range(None, "2025+0000"), False),
        ("AcquisitionDateTime", "20251231233000-0100", Range(None, "2025"), True),
        ("AcquisitionDateTime", "2025110610", SingleValue("20251106100000"), True),
        ("AcquisitionDateTime", "20251131", Range("2025", "2025"), False),
        ("SeriesNumber", "01", SingleValue("1"), True),
        ("SeriesNumber", "+1", SingleValue("001"), True),
        ("SeriesNumber", "-1", SingleValue("1"), False),
        ("SeriesNumber", "1a", SingleValue("1"), False),
        ("SeriesNumber", "1.0", SingleValue("1"), False),
        ("SeriesNumber", "1a", SingleValue("1a"), True),
        ("SeriesNumber", "", SingleValue("0"), False),
        ("SeriesNumber", None, SingleValue("0"), False),
        ("OtherStudyNumbers", "7\\012", SingleValue("12"), True),
        ("OtherStudyNumbers", "7\\012", SingleValue("1"), False),
        ("OtherStudyNumbers", "7\\012", SingleValue("7\\012"), True),
        ("ImageType", "ORIGINAL\\PRIMARY", SingleValue("ORIGINAL\\PRIMARY"), True),
    ],
)
def test_what_matches(index: Index, keyword: str, stored: str | None, key: MatchingKey, expected: bool) -> None:
    assert matches(index, keyword, stored, key) is expected


@pytest.mark.parametrize(
    ("stored", "key", "expected"),
    [
        ("DOE^JOHN=山田^太郎=やまだ^たろう", SingleValue("doe^john"), True),
        ("DOE^JOHN=山田^太郎=やまだ^たろう", SingleValue("山田^太郎"), True),
        ("DOE^JOHN=山田^太郎=やまだ^たろう", Wildcard("やまだ*"), True),
        ("DOE^JOHN=山田^太郎=やまだ^たろう", Wildcard("やまだ"), False),
        ("DOE^JOHN=山田^太郎", Wildcard("*=山*"), True),
        ("DOE^JOHN=山田^太郎", SingleValue("=山田^太郎"), True),
        ("DOE^JOHN=山田^太郎", SingleValue("山田^太郎=DOE^JOHN"), False),
        ("DOE^JOHN=山田^太郎", SingleValue("DOE^JOHN=山田^太郎"), True),
        ("DOE^JOHN=山田^太郎", SingleValue("DOE^JOHN=山田"), False),
        ("DOE^JOHN=山田^太郎", Wildcard("D*N"), True),
        ("DOE^JOHN", Wildcard("D*=*"), True),
        ("DOE^JOHN", Wildcard("*OE*=*^*=*"), True),
        ("DOE=山田", Wildcard("山?^*"), True),
        ("DOE=山田^太郎", Wildcard("DOE^*=山田^*"), True),
        ("DOE^JOHN=山田^太郎", Wildcard("*A*"), False),
        ("DOE^JOHN", SingleValue("=JOHN"), False),
        ("DOE^JOHN", SingleValue("a=b=c=d"), False),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", SingleValue("ヤマダ^タロウ"), True),
        ("DOE^JOHN MARY=山田", Fuzzy("mary doe"), True),
        ("DOE^JOHN", Fuzzy("jo"), True),
        ("DOE^JOHN", Fuzzy("ohn"), False),
        ("Müller-Lüdenscheid^Eva", Fuzzy("ludenscheid eva"), True),
    ],
)
def test_names_match_by_component_group(index: Index, stored: str, key: MatchingKey, expected: bool) -> None:
    assert matches(index, "PatientName", stored, key) is expected
    assert matches(index, "OtherPatientNames", f"ROE\\{stored}", key) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (SequenceKey(()), True),
        (SequenceKey(((BY_KEYWORD["PatientID"], Universal()),)), True),
        (
            SequenceKey(((BY_KEYWORD["PatientID"], SingleValue("a")), (BY_KEYWORD["StudyDate"], Range("2", None)))),
            False,
        ),
        (SequenceKey(((BY_KEYWORD["PatientID"], SingleValue("b")), (BY_KEYWORD["StudyID"], Empty()))), True),
        (SequenceKey(((BY_KEYWORD["PatientID"], SingleValue("a")), (BY_KEYWORD["PatientName"], Wildcard("d*")))), True),
        (
            SequenceKey(((BY_KEYWORD["PatientID"], SingleValue("b")), (BY_KEYWORD["PatientName"], Wildcard("d*")))),
            False,
        ),
    ],
)
def test_conditions_hold_over_any_expressions(index: Index, key: SequenceKey, expected: bool) -> None:
    items = '[{"PatientID": "a", "PatientName": "DOE"}, {"PatientID": "b", "PatientName": "ROE"}]'
    sequence = Attribute("RequestAttributesSequence", 0x00400275, "SQ", Level.SERIES)
    try:
        found = condition_on(sequence, key, stored="(SELECT ?)")
    except InvalidQuery:
        assert not expected
        return
    sql = f"SELECT {found.sql if found else 1}"
    parameters = (items, *found.parameters) if found else ()
    ((answer,),) = index.rows(sql, parameters)
    assert bool(answer) is expected


def test_patterns_become_globs() -> None:
    assert canonical("a**?*b?*?") == "a?*b??*"
    assert glob("a[b]*") == "a[[]b]*"
    assert folded_glob("DOE^*Ä[^") == ("doe^", "doe^*a[[]")


@pytest.mark.parametrize(
    ("prefix", "end"),
    [("a", "b"), ("a\U0010ffff", "b"), ("\ud7ff", "\ue000"), ("\U0010ffff", None), ("", None), ("é", "ê")],
)
def test_where_a_prefix_ends(prefix: str, end: str | None) -> None:
    assert after_prefix(prefix) == end
