"""Duplicates, conflicts and removal: what stays current, what is superseded, and that parents follow."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import ImplicitVRLittleEndian
from support.archives import (
    assert_sound,
    counters,
    dataset_bytes,
    image_files,
    make_archive,
    rows,
    store,
    superseded_files,
)
from support.instances import REMOVED, encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome
from radnode.model.errors import NotFound, OutOfResources
from radnode.model.file_path import parse_file_path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "a"


@pytest.fixture
def archive(root: Path) -> Iterator[Archive]:
    with make_archive(root) as archive:
        yield archive


def test_the_same_again_changes_nothing(archive: Archive, root: Path) -> None:
    first = store(archive, make_instance())
    before = rows(root, "SELECT * FROM instances")
    modified = (root / str(first.path)).stat().st_mtime_ns
    second = store(archive, make_instance())
    assert (second.outcome, second.path) == (Outcome.SAME, first.path)
    assert rows(root, "SELECT * FROM instances") == before
    assert (root / str(first.path)).stat().st_mtime_ns == modified
    assert counters(root)["conflicts"] == 0


def test_the_same_elements_in_another_encoding_leave_the_first(archive: Archive, root: Path) -> None:
    first = store(archive, make_instance())
    second = store(archive, make_instance(ImplicitVRLittleEndian))
    assert (second.outcome, second.path) == (Outcome.EQUAL, first.path)
    assert image_files(root) == {str(first.path)}
    assert counters(root)["conflicts"] == 0
    assert_sound(root)


def test_another_object_under_the_same_uid_supersedes_the_first(archive: Archive, root: Path) -> None:
    first = store(archive, make_instance())
    second = store(archive, make_instance(PatientName="ROE^JANE"))
    assert second.outcome is Outcome.CONFLICT
    assert image_files(root) == {str(second.path)}
    assert superseded_files(root) == {str(first.path)}
    assert dataset_bytes(root / ".radnode" / "superseded" / str(first.path)) == encode_dataset(make_instance())
    assert counters(root)["conflicts"] == 1
    (row,) = rows(root, "SELECT PatientName, PatientName_folded FROM patients")
    assert row == {"PatientName": "ROE^JANE", "PatientName_folded": "roe^jane"}
    with pytest.raises(NotFound):
        archive.locate(first.path)
    assert archive.locate(second.path) == root / str(second.path)
    assert_sound(root)


def test_an_object_that_comes_back_is_current_again(archive: Archive, root: Path) -> None:
    first = store(archive, make_instance())
    second = store(archive, make_instance(PatientName="ROE^JANE"))
    third = store(archive, make_instance())
    assert (third.outcome, third.path) == (Outcome.CONFLICT, first.path)
    assert superseded_files(root) == {str(second.path)}
    assert counters(root)["conflicts"] == 2
    assert_sound(root)


def test_an_object_may_move_to_another_patient(archive: Archive, root: Path) -> None:
    stays = store(archive, make_instance(SOPInstanceUID="1.2.3.9"))
    store(archive, make_instance())
    moved = store(archive, make_instance(PatientID="OTHER", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4"))
    assert image_files(root) == {str(stays.path), str(moved.path)}
    assert counters(root) == {**counters(root), "patients": 2, "studies": 2, "series": 2, "files": 2, "conflicts": 1}
    assert_sound(root)


def test_a_correction_of_every_instance_corrects_the_study(archive: Archive, root: Path) -> None:
    for description in ("WRONG", "RIGHT"):
        for number in range(3):
            store(archive, make_instance(SOPInstanceUID=f"1.2.3.{number}", StudyDescription=description))
    assert rows(root, "SELECT StudyDescription FROM studies") == [{"StudyDescription": "RIGHT"}]
    assert_sound(root)


def test_a_study_uid_under_two_patients_is_two_studies(archive: Archive, root: Path) -> None:
    store(archive, make_instance(PatientID="A", SOPInstanceUID="1.2.3.1"))
    store(archive, make_instance(PatientID=" B ", SOPInstanceUID="1.2.3.2"))
    assert counters(root)["studies"] == 2
    assert {row["identity"] for row in rows(root, "SELECT identity FROM patients")} == {"A", "B"}
    assert_sound(root)


@pytest.mark.parametrize("missing", [REMOVED, "", "  "])
def test_without_a_patient_id_each_study_is_its_own_patient(archive: Archive, root: Path, missing: object) -> None:
    for number in (1, 2):
        store(
            archive, make_instance(PatientID=missing, SOPInstanceUID=f"1.2.3.{number}", StudyInstanceUID=f"1.{number}")
        )
    assert counters(root)["patients"] == 2
    expected = None if missing is REMOVED else ""
    assert [row["PatientID"] for row in rows(root, "SELECT PatientID FROM patients")] == [expected, expected]


def test_the_first_describes_and_later_ones_fill_in(archive: Archive, root: Path) -> None:
    store(archive, make_instance(SOPInstanceUID="1.2.3.1", StudyDescription=REMOVED, StudyID="", AccessionNumber="ONE"))
    store(
        archive, make_instance(SOPInstanceUID="1.2.3.2", StudyDescription="CHEST", StudyID="7", AccessionNumber="TWO")
    )
    found = rows(root, "SELECT StudyDescription, StudyID, AccessionNumber FROM studies")
    assert found == [{"StudyDescription": "CHEST", "StudyID": "7", "AccessionNumber": "ONE"}]


def test_kinds_of_a_study_follow_what_it_holds(archive: Archive, root: Path) -> None:
    store(archive, make_instance(SOPInstanceUID="1.2.3.1"))
    report = make_instance(
        SOPInstanceUID="1.2.3.2", SeriesInstanceUID="1.9", Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"
    )
    stored = store(archive, report)
    (row,) = rows(root, "SELECT ModalitiesInStudy, SOPClassesInStudy FROM studies")
    assert row["ModalitiesInStudy"] == "CT\\SR"
    assert row["SOPClassesInStudy"] == "1.2.840.10008.5.1.4.1.1.2\\1.2.840.10008.5.1.4.1.1.88.11"
    archive.forget(stored.path)
    assert rows(root, "SELECT ModalitiesInStudy FROM studies") == [{"ModalitiesInStudy": "CT"}]
    assert_sound(root)


def test_forgetting_takes_superseded_versions_along(archive: Archive, root: Path) -> None:
    store(archive, make_instance())
    second = store(archive, make_instance(PatientName="ROE^JANE"))
    with (root / str(second.path)).open("rb") as reader:
        archive.forget(second.path)
        assert reader.read(132)[128:] == b"DICM"
    assert (image_files(root), superseded_files(root)) == (set(), set())
    assert rows(root, "SELECT * FROM superseded") == []
    for table in ("patients", "studies", "series", "instances"):
        assert rows(root, f"SELECT * FROM {table}") == []
    assert list((root / "studies").iterdir()) == []
    with pytest.raises(NotFound):
        archive.forget(second.path)
    with pytest.raises(NotFound):
        archive.locate(second.path)
    assert_sound(root)


def test_a_superseded_path_is_not_there_to_be_forgotten(archive: Archive, root: Path) -> None:
    first = store(archive, make_instance())
    store(archive, make_instance(PatientName="ROE^JANE"))
    with pytest.raises(NotFound):
        archive.forget(first.path)
    assert_sound(root)


def test_a_path_counts_with_all_its_parts(archive: Archive) -> None:
    stored = store(archive, make_instance())
    with pytest.raises(NotFound):
        archive.locate(parse_file_path(f"studies/1.2/{stored.path.series}/{stored.path.name}.dcm"))


@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_sending_again_mends_a_damaged_file(archive: Archive, root: Path, damage: str) -> None:
    stored = store(archive, make_instance())
    file = root / str(stored.path)
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-10])
    else:
        file.write_bytes(file.read_bytes() + b"\0\0")
    assert store(archive, make_instance()).outcome is Outcome.SAME
    assert dataset_bytes(file) == encode_dataset(make_instance())
    assert image_files(root) == {str(stored.path)}


def test_a_foreign_file_under_the_name_does_not_become_the_object(archive: Archive, root: Path) -> None:
    stored = store(archive, make_instance())
    archive.forget(stored.path)
    file = root / str(stored.path)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not the object")
    assert store(archive, make_instance()).outcome is Outcome.NEW
    assert_sound(root)


def test_a_newer_index_is_refused(root: Path) -> None:
    with make_archive(root):
        pass
    with sqlite3.connect(root / ".radnode" / "index.sqlite") as connection:
        connection.execute("INSERT INTO migrations VALUES (999, 'from_the_future', '2099-01-01')")
    connection.close()
    with pytest.raises(OutOfResources, match="newer radnode"), make_archive(root):
        pass
