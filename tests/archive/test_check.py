"""The check finds every way in which files and index can disagree, and a repair mends each without losing bytes."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from support.archives import EXPLICIT, assert_sound, make_archive, store
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.archive.check import Check, CheckReport, Kind, Progress
from radnode.archive.file_filter import FileFilter
from radnode.archive.find import find
from radnode.archive.listing import list_files
from radnode.archive.roles import Role, hold
from radnode.archive.statistics import read_statistics
from radnode.archive.stored import Stored
from radnode.model.attributes import ATTRIBUTES, BY_KEYWORD
from radnode.model.errors import NotFound, Occupied, OutOfResources
from radnode.model.level import Level
from radnode.model.query import Query, SingleValue

DOE = SingleValue("doe^john")


def check(root: Path, *, repair: bool = False, digests: bool = True) -> CheckReport:
    checked = Check(root, digests=digests)
    list(checked.run(repair=repair))
    return checked.report


def kinds(report: CheckReport) -> list[Kind]:
    return [finding.kind for finding in report.findings]


def answers(archive: Archive) -> list[Any]:
    """Everything that can be asked of an archive."""
    found: list[Any] = [[list(find(archive.index, Query(level, (), ATTRIBUTES)))] for level in Level]
    found.append(list_files(archive.index, FileFilter(), limit=1000, cursor=None))
    return [*found, read_statistics(archive.index)]


def sql(root: Path, statement: str, *parameters: object) -> None:
    with closing(sqlite3.connect(root / ".radnode/index.sqlite", isolation_level=None)) as connection:
        connection.execute(statement, parameters)


@pytest.fixture
def stored(tmp_path: Path) -> list[Stored]:
    """Two patients, three studies, one superseded version; later objects know more of their parents."""
    objects = [
        make_instance(SOPInstanceUID="1.2.1", InstanceNumber="1", StudyDescription=""),
        make_instance(SOPInstanceUID="1.2.2", InstanceNumber="2"),
        make_instance(SOPInstanceUID="1.2.3", SeriesInstanceUID="1.5", Modality="MR"),
        make_instance(SOPInstanceUID="1.2.4", SeriesInstanceUID="1.6", StudyInstanceUID="1.7", StudyDate="20240101"),
        make_instance(SOPInstanceUID="1.2.5", PatientID="", StudyInstanceUID="1.8", SeriesInstanceUID="1.9"),
        make_instance(SOPInstanceUID="1.2.2", InstanceNumber="22"),
    ]
    with make_archive(tmp_path) as archive:
        return [store(archive, each) for each in objects]


@pytest.fixture
def before(tmp_path: Path, stored: list[Stored]) -> list[Any]:
    with make_archive(tmp_path) as archive:
        return answers(archive)


def test_a_sound_archive_is_clean(tmp_path: Path, stored: list[Stored]) -> None:
    report = check(tmp_path)
    assert report.clean
    assert report.files == 5
    assert check(tmp_path, repair=True).findings == ()


def test_progress_ends_with_every_file(tmp_path: Path, stored: list[Stored]) -> None:
    events = [event for event in Check(tmp_path).run() if event.step == "files"]
    assert (events[-1].done, events[-1].total) == (5, 5)


@pytest.mark.parametrize("loss", ["deleted", "corrupt", "half"])
def test_a_lost_index_is_made_anew_with_the_same_answers(tmp_path: Path, before: list[Any], loss: str) -> None:
    index = tmp_path / ".radnode/index.sqlite"
    if loss == "deleted":
        index.unlink()
    else:
        content = index.read_bytes()
        index.write_bytes(
            b"no database" * 500 if loss == "corrupt" else content[:4096] + b"\xff" * (len(content) - 4096)
        )
    assert kinds(check(tmp_path)) == [Kind.INDEX]

    report = check(tmp_path, repair=True)

    assert report.mended
    assert report.lost == 0
    assert check(tmp_path).clean
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before
    assert (tmp_path / ".radnode/index.sqlite.corrupt-1").exists() is (loss != "deleted")


def test_nobody_opens_an_archive_whose_index_is_lost_or_half_rebuilt(tmp_path: Path, before: list[Any]) -> None:
    (tmp_path / ".radnode/index.sqlite").unlink()
    with pytest.raises(OutOfResources, match="no index: run radnode check --repair"):
        Archive.open(tmp_path)
    assert not (tmp_path / ".radnode/index.sqlite").exists()
    with closing(cast("Generator[Progress]", Check(tmp_path).run(repair=True))) as rebuilding:
        assert next(progress.step for progress in rebuilding if progress.step == "files")  # then it is killed
    with pytest.raises(OutOfResources, match="not rebuilt to its end"):
        Archive.open(tmp_path)
    assert check(tmp_path, repair=True).mended
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before


def test_an_index_that_was_begun_anew_gets_every_row_back(tmp_path: Path, before: list[Any]) -> None:
    (tmp_path / "studies").rename(tmp_path / "elsewhere")
    (tmp_path / ".radnode/index.sqlite").unlink()
    with make_archive(tmp_path):
        pass  # a node was started while the files were not mounted
    (tmp_path / "studies").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "studies")
    assert kinds(check(tmp_path)).count(Kind.ORPHAN) == 5
    assert check(tmp_path, repair=True).mended
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before


def test_a_missing_file_is_reported_and_its_row_goes(tmp_path: Path, stored: list[Stored]) -> None:
    (tmp_path / str(stored[0].path)).unlink()
    (finding,) = check(tmp_path).findings
    assert (finding.kind, finding.path, finding.repaired) == (Kind.MISSING, str(stored[0].path), False)
    report = check(tmp_path, repair=True)
    assert report.mended
    assert report.lost == 1
    assert check(tmp_path).clean
    with make_archive(tmp_path) as archive, pytest.raises(NotFound):
        archive.locate(stored[0].path)


def test_a_flipped_bit_sends_the_file_to_quarantine(tmp_path: Path, stored: list[Stored]) -> None:
    file = tmp_path / str(stored[2].path)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert check(tmp_path, digests=False).clean, "only measured"
    assert kinds(check(tmp_path)) == [Kind.DAMAGED]
    assert check(tmp_path, repair=True).lost == 1
    assert not file.exists()
    assert (tmp_path / ".radnode/quarantine" / str(stored[2].path)).read_bytes() == content
    assert check(tmp_path).clean


def test_a_cut_file_is_found_without_reading_it(tmp_path: Path, stored: list[Stored]) -> None:
    file = tmp_path / str(stored[2].path)
    os.truncate(file, 500)
    assert kinds(check(tmp_path, digests=False)) == [Kind.DAMAGED]


def test_an_unknown_file_that_does_not_fit_its_name_is_kept_in_quarantine(tmp_path: Path, stored: list[Stored]) -> None:
    folder = (tmp_path / str(stored[0].path)).parent
    (folder / f"{'a' * 32}.dcm").write_bytes((tmp_path / str(stored[0].path)).read_bytes())
    (folder / f"{'b' * 32}.dcm").write_bytes(b"nonsense")
    assert kinds(check(tmp_path)) == [Kind.ORPHAN, Kind.ORPHAN]
    assert kinds(check(tmp_path, repair=True)) == [Kind.MISPLACED, Kind.MISPLACED]
    kept = sorted(file.name for file in (tmp_path / ".radnode/quarantine").rglob("*.dcm"))
    assert kept == [f"{'a' * 32}.dcm", f"{'b' * 32}.dcm"]
    assert check(tmp_path).clean


def test_what_is_not_ours_is_told_and_left_alone(tmp_path: Path, stored: list[Stored]) -> None:
    strange = [tmp_path / "studies/notes.txt", tmp_path / "studies/1.7/1.6/X.dcm", tmp_path / "studies/01a/x"]
    for file in strange:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    (tmp_path / "studies/1.99").symlink_to("/etc")
    report = check(tmp_path, repair=True)
    assert set(kinds(report)) == {Kind.FOREIGN}
    assert len(report.findings) == 4
    assert report.clean
    assert all(file.read_text() == "mine" for file in strange)


def test_wrong_numbers_are_counted_again(tmp_path: Path, before: list[Any]) -> None:
    for wrong in (
        "UPDATE counters SET value = 77 WHERE name = 'files'",
        "DELETE FROM counters WHERE name = 'bytes'",
        "UPDATE series SET instances = 9",
        "UPDATE patients SET studies = 0",
    ):
        sql(tmp_path, wrong)
    found = {finding.path for finding in check(tmp_path).findings}
    assert {"files", "bytes", "series.instances", "patients.studies"} <= found
    assert check(tmp_path, repair=True).mended
    assert check(tmp_path).clean
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before


def test_columns_that_repeat_others_are_made_again(tmp_path: Path, before: list[Any]) -> None:
    for wrong in (
        "UPDATE studies SET ModalitiesInStudy = 'XX'",
        "UPDATE studies SET SOPClassesInStudy = NULL",
        "UPDATE patients SET PatientName_folded = PatientName",
        "UPDATE studies SET ReferringPhysicianName_folded = NULL",
    ):
        sql(tmp_path, wrong)
    found = check(tmp_path)
    assert set(kinds(found)) == {Kind.DERIVED}
    assert {finding.path for finding in found.findings} == {
        "studies.ModalitiesInStudy",
        "studies.SOPClassesInStudy",
        "patients.PatientName_folded",
        "studies.ReferringPhysicianName_folded",
    }
    assert check(tmp_path, repair=True).mended
    assert check(tmp_path).clean
    assert_sound(tmp_path)
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before
        assert len(list(find(archive.index, Query(Level.PATIENT, ((BY_KEYWORD["PatientName"], DOE),), ())))) == 2


def test_superseded_versions_and_their_rows(tmp_path: Path, stored: list[Stored]) -> None:
    file = tmp_path / ".radnode/superseded" / str(stored[1].path)
    sql(tmp_path, "DELETE FROM superseded")
    assert kinds(check(tmp_path)) == [Kind.SUPERSEDED_ORPHAN]
    assert check(tmp_path, repair=True).mended
    assert check(tmp_path).clean
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert kinds(check(tmp_path)) == [Kind.DAMAGED]
    file.unlink()
    assert kinds(check(tmp_path)) == [Kind.SUPERSEDED_MISSING]
    assert check(tmp_path, repair=True).lost == 1
    assert check(tmp_path).clean


def test_two_current_files_of_one_object_become_one_and_a_superseded_one(tmp_path: Path, before: list[Any]) -> None:
    superseded = next((tmp_path / ".radnode/superseded/studies").rglob("*.dcm"))
    relative = superseded.relative_to(tmp_path / ".radnode/superseded")
    superseded.rename(tmp_path / relative)
    sql(tmp_path, "DELETE FROM superseded")
    assert check(tmp_path, repair=True).mended
    assert superseded.exists()
    assert check(tmp_path).clean
    with make_archive(tmp_path) as archive:
        assert answers(archive) == before


def test_temporary_files_of_dead_processes_go(tmp_path: Path, stored: list[Stored]) -> None:
    folder = tmp_path / ".radnode/incoming/0123"
    folder.mkdir()
    (folder / "x.part").write_bytes(b"half")
    assert kinds(check(tmp_path)) == [Kind.LEFTOVER]
    assert kinds(check(tmp_path, repair=True)) == [Kind.LEFTOVER]
    assert not folder.exists()


def test_what_is_being_received_is_no_finding(tmp_path: Path, stored: list[Stored]) -> None:
    with make_archive(tmp_path) as archive:
        one = make_instance()
        with archive.receive(EXPLICIT, sop_class=one.SOPClassUID, sop_instance=one.SOPInstanceUID) as receiving:
            receiving.write(b"begun")
            assert check(tmp_path).clean


def test_no_repair_while_a_node_serves_the_archive(tmp_path: Path, stored: list[Stored]) -> None:
    with hold(tmp_path, Role.DICOM), pytest.raises(Occupied):
        check(tmp_path, repair=True)


def test_a_folder_that_is_no_archive_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        check(tmp_path, repair=True)
    assert list(tmp_path.iterdir()) == []
