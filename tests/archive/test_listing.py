"""The list of files: filters, order, cursor and totals as the contract has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.index_rows import insert_entity, new_index

from radnode.archive.cursor import Cursor
from radnode.archive.index import Index
from radnode.archive.listing import FileFilter, FileRow, list_files
from radnode.model.errors import InvalidQuery
from radnode.model.file_path import FilePath
from radnode.model.level import Level
from radnode.model.uid import UID

SECOND = 10**9
FILES = [  # patient ID, name, study date, modality, second of arrival
    ("1", "DOE^JOHN", "20250101", "CT", 100),
    ("2", "MÜLLER^JÖRG", "20250601", "DX", 101),
    ("3", "Johnson^Doerte", "2025.12.31", "RTDOSE", 102),
    ("4", None, None, "CR", 103),
    ("", "DOE^JANE^^DR", "20259999", "RTSTRUCT", 103),
    ("6", "100%^A_B", "", "XR", 99),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """For tests that only read."""
    with new_index(tmp_path_factory.mktemp("listing")) as found:
        yield fill(found)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Index]:
    """For tests that write."""
    with new_index(tmp_path) as found:
        yield fill(found)


def fill(found: Index) -> Index:
    with found.writing() as connection:
        for number, (patient_id, name, date, modality, second) in enumerate(FILES):
            patient = insert_entity(connection, Level.PATIENT, None, {"PatientID": patient_id, "PatientName": name})
            study = insert_entity(
                connection, Level.STUDY, patient, {"StudyDate": date, "StudyInstanceUID": f"1.{number + 1}"}
            )
            series = insert_entity(connection, Level.SERIES, study, {"Modality": modality})
            insert_entity(connection, Level.IMAGE, series, {}, arrived=second * SECOND + number)
        connection.execute("UPDATE counters SET value = ? WHERE name = 'files'", (len(FILES),))
    return found


def patients(index: Index, **wanted: str) -> list[str]:
    page = list_files(index, FileFilter(**wanted), limit=1000, cursor=None)
    assert page.total == len(page.files)
    assert page.next is None
    return sorted(row.path.study.removeprefix("1.") for row in page.files)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "123456"),
        ({"patient_id": "", "modality": "", "patient_name": ""}, "123456"),
        ({"patient_id": "1"}, "1"),
        ({"patient_id": "01"}, ""),
        ({"patient_name": "john doe"}, "13"),
        ({"patient_name": "doe, john"}, "13"),
        ({"patient_name": "DOE^JOHN"}, "13"),
        ({"patient_name": "muller"}, "2"),
        ({"patient_name": "MÜLLER jorg"}, "2"),
        ({"patient_name": "doe*"}, "15"),
        ({"patient_name": "doe^j???"}, "1"),
        ({"patient_name": "*JOHN*"}, "13"),
        ({"patient_name": "%"}, "6"),
        ({"patient_name": "a_b"}, "6"),
        ({"patient_name": "a?b"}, ""),
        ({"patient_name": "*a?b"}, "6"),
        ({"patient_name": "*"}, "123456"),
        ({"patient_name": "^"}, "123456"),
        ({"modality": "CT"}, "1"),
        ({"modality": "ct"}, ""),
        ({"modality": "CT,CR"}, "14"),
        ({"modality": "CT, DX,"}, "12"),
        ({"modality": "XR"}, "24"),
        ({"modality": "RT"}, "35"),
        ({"modality": "XR,RT"}, "2345"),
        ({"study_date_from": "20250601"}, "23"),
        ({"study_date_to": "20250601"}, "12"),
        ({"study_date_from": "20250101", "study_date_to": "20250101"}, "1"),
        ({"study_date_to": "99991231"}, "123"),
        ({"patient_name": "doe", "modality": "RT", "study_date_from": "20250101"}, "3"),
        ({"patient_id": "1", "modality": "MR"}, ""),
    ],
)
def test_filters_all_hold(index: Index, wanted: dict[str, str], found: str) -> None:
    assert patients(index, **wanted) == list(found)


def test_newest_first_then_by_path(index: Index) -> None:
    rows = list_files(index, FileFilter(), limit=1000, cursor=None).files
    order = [(-(row.arrived // SECOND), str(row.path)) for row in rows]
    assert order == sorted(order)
    assert order[0][0] == order[1][0] == -103


def test_the_tie_is_decided_by_the_path_as_text(fresh: Index) -> None:
    with fresh.writing() as connection:
        patient = insert_entity(connection, Level.PATIENT, None, {})
        for uid in ("9.5", "9.5.1", "9.10"):
            study = insert_entity(connection, Level.STUDY, patient, {"StudyInstanceUID": uid})
            series = insert_entity(connection, Level.SERIES, study, {})
            insert_entity(connection, Level.IMAGE, series, {}, arrived=500 * SECOND)
    rows = list_files(fresh, FileFilter(), limit=3, cursor=None).files
    assert [row.path.study for row in rows] == ["9.10", "9.5.1", "9.5"]


@pytest.mark.parametrize("wanted", [{}, {"patient_name": "o"}, {"modality": "CT,RT"}, {"study_date_from": "20250101"}])
@pytest.mark.parametrize("limit", [1, 2])
def test_pages_make_up_the_whole(fresh: Index, wanted: dict[str, str], limit: int) -> None:
    with fresh.writing() as connection:  # so many others that the filtered ones are few
        connection.execute("UPDATE counters SET value = 1000 WHERE name = 'files'")
    whole = list_files(fresh, FileFilter(**wanted), limit=1000, cursor=None).files
    pages, cursor = list[FileRow](), None
    while True:
        page = list_files(fresh, FileFilter(**wanted), limit=limit, cursor=cursor)
        pages += page.files
        cursor = page.next
        if cursor is None:
            break
    assert tuple(pages) == whole


def test_objects_that_arrive_meanwhile_move_nothing(fresh: Index) -> None:
    first = list_files(fresh, FileFilter(), limit=3, cursor=None)
    expected = list_files(fresh, FileFilter(), limit=1000, cursor=None).files[3:]
    with fresh.writing() as connection:
        patient = insert_entity(connection, Level.PATIENT, None, {})
        series = insert_entity(connection, Level.SERIES, insert_entity(connection, Level.STUDY, patient, {}), {})
        insert_entity(connection, Level.IMAGE, series, {}, arrived=10**6 * SECOND)
    assert list_files(fresh, FileFilter(), limit=1000, cursor=first.next).files == expected


def test_absent_values_are_empty_texts(index: Index) -> None:
    (row,) = list_files(index, FileFilter(modality="CR"), limit=10, cursor=None).files
    assert (row.patient_id, row.patient_name, row.study_date, row.study_description) == ("4", "", "", "")


GOOD = Cursor(5, FilePath(UID("1.2"), UID("1.3"), "a" * 32)).encode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        "é",
        GOOD[:-3],
        GOOD + "!",
        "W10",
        "WyIxIiwyXQ",
        "Wzk5OTk5OTk5OTk5OTk5OTk5OTksInN0dWRpZXMiXQ",
        "A" * 5000,
    ],
)
def test_a_bad_cursor_is_refused(index: Index, cursor: str) -> None:
    with pytest.raises(InvalidQuery, match="cursor"):
        list_files(index, FileFilter(), limit=10, cursor=cursor)


@pytest.mark.parametrize(
    "wanted",
    [
        {"patient_name": "*a" * 2000},
        {"patient_name": " a" * 2000},
        {"modality": "\ud800"},
        {"patient_name": "\ud800"},
        {"patient_name": "a\0b"},
        {"modality": ",".join(map(str, range(2000)))},
        {"study_date_from": "2025"},
        {"study_date_from": "20250230", "study_date_to": "2025x"},
        {"patient_id": "\ud800"},
    ],
)
def test_hostile_filters_are_refused(index: Index, wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        list_files(index, FileFilter(**wanted), limit=10, cursor=None)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_bad_limit_is_refused(index: Index, limit: int) -> None:
    with pytest.raises(InvalidQuery, match="limit"):
        list_files(index, FileFilter(), limit=limit, cursor=None)
