"""Every way to a page gives the same page: from the newest file, or out of all that match."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.index_rows import insert_entity, new_index

from radnode.archive import listing
from radnode.archive.index import Index
from radnode.archive.listing import FileFilter, FileRow, list_files
from radnode.model.level import Level

FILES = 400


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with new_index(tmp_path_factory.mktemp("pages")) as found:
        fill(found)
        yield found


def fill(index: Index) -> None:
    chance = random.Random(3)
    with index.writing() as connection:
        for number in range(FILES // 4):
            values = {"PatientName": chance.choice(("DOE^JOHN", "ROE^JANE")), "PatientID": str(number)}
            patient = insert_entity(connection, Level.PATIENT, None, values, instances=4)
            date = f"20{chance.randrange(10, 25)}0101"
            study = insert_entity(connection, Level.STUDY, patient, {"StudyDate": date}, instances=4)
            modality = chance.choice(("CT", "MR"))
            series = insert_entity(connection, Level.SERIES, study, {"Modality": modality}, instances=4)
            for _ in range(4):
                insert_entity(connection, Level.IMAGE, series, {}, arrived=chance.randrange(60) * 10**9)
        connection.execute("UPDATE counters SET value = ? WHERE name = 'files'", (FILES,))


def every_page(index: Index, wanted: FileFilter, limit: int) -> list[FileRow]:
    found, cursor = list[FileRow](), None
    while True:
        page = list_files(index, wanted, limit=limit, cursor=cursor)
        found += page.files
        cursor = page.next
        if cursor is None:
            assert page.total == len(found)
            return found


@pytest.mark.parametrize("seen", [0, 7, 50, 10**6])
@pytest.mark.parametrize(
    "wanted",
    [
        FileFilter(modality="MR"),
        FileFilter(patient_name="doe"),
        FileFilter(patient_name="roe*", study_date_from="20150101"),
        FileFilter(study_date_to="20140101", modality="CT"),
        FileFilter(patient_name="jane", modality="CT", study_date_to="20200101"),
        FileFilter(patient_id="7"),
    ],
)
def test_the_same_files_whatever_the_way(
    index: Index, monkeypatch: pytest.MonkeyPatch, wanted: FileFilter, seen: int
) -> None:
    whole = list(list_files(index, wanted, limit=1000, cursor=None).files)
    monkeypatch.setattr(listing, "_SEEN", seen)
    assert whole
    assert [(-(row.arrived // 10**9), str(row.path)) for row in whole] == sorted(
        (-(row.arrived // 10**9), str(row.path)) for row in whole
    )
    assert every_page(index, wanted, 9) == whole


def test_an_empty_archive_has_an_empty_page(tmp_path: Path) -> None:
    with new_index(tmp_path) as index:
        for wanted in (FileFilter(), FileFilter(modality="CT")):
            assert list_files(index, wanted, limit=10, cursor=None) == listing.FilePage((), 0, None)


@pytest.mark.parametrize(
    "wanted",
    [
        FileFilter(patient_id="7", modality="CT"),
        FileFilter(study_date_from="20150101", study_date_to="20150107", modality="CT"),
        FileFilter(patient_name="doe*", modality="MR", study_date_to="20200101"),
    ],
)
def test_no_series_are_sought_by_their_modality_for_each_study(index: Index, wanted: FileFilter) -> None:
    said: list[str] = []
    with index.reading() as connection:
        connection.set_trace_callback(said.append)
    list_files(index, wanted, limit=10, cursor=None)  # on the connection that was given back last
    with index.reading() as connection:
        connection.set_trace_callback(None)
        selects = [sql for sql in said if "INDEXED" in sql or "series.Modality" in sql]
        steps = [row[3] for sql in selects for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert any(step.startswith("SEARCH series USING INDEX idx_series_study") for step in steps), steps
    assert not any("idx_series_Modality" in step for step in steps), steps
