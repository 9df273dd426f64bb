"""Files and folders come in through the archive's door, by several processes, each with a word on what became of it."""

import os
import shutil
from collections.abc import Generator
from multiprocessing import spawn
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from support.archives import make_archive
from support.instances import make_instance, write_part10

from radnode.archive.check import Check
from radnode.archive.file_filter import FileFilter
from radnode.archive.importing import ImportReport, import_paths
from radnode.archive.listing import list_files
from radnode.archive.statistics import read_statistics
from radnode.archive.stored import Outcome
from radnode.model.errors import NotFound, Occupied, OutOfResources


def test_a_tree_of_mixed_files(tmp_path: Path) -> None:
    root, source = tmp_path / "archive", tmp_path / "in"
    (source / "deep/er").mkdir(parents=True)
    for number in range(6):
        write_part10(make_instance(SOPInstanceUID=f"1.2.{number}"), source / f"deep/er/{number}.dcm")
    shutil.copy(source / "deep/er/0.dcm", source / "again.dcm")
    write_part10(make_instance(SOPInstanceUID="1.2.1", InstanceNumber="9"), source / "zz.dcm")
    (source / "readme.txt").write_text("no image")
    (source / "empty").touch()
    dicomdir = str(get_testdata_file("DICOMDIR", download=False))
    shutil.copy(dicomdir, source / "DICOMDIR")
    shutil.copy(dicomdir, source / "renamed")
    os.mkfifo(source / "pipe")
    (source / "link").symlink_to("/etc")
    report = ImportReport()

    for event in import_paths(root, [source], processes=2):
        report.add(event)

    assert report.counts["new"] + report.counts["conflict"] + report.counts["same"] == 8
    assert (report.counts["same"], report.counts["conflict"], report.counts["refused"]) == (1, 1, 6)
    why = {event.path.name: event.why for event in report.refused}
    assert set(why) == {"readme.txt", "empty", "DICOMDIR", "renamed", "pipe", "link"}
    assert all(why.values())
    assert "DICOMDIR" in why["DICOMDIR"]
    with make_archive(root) as archive:
        assert read_statistics(archive.index).files == 6
        names = {row[0] for row in archive.index.rows("SELECT original_name FROM instances")}
        assert {"2.dcm", "5.dcm"} <= names
        assert list(archive.layout.incoming.iterdir()) == []


def test_single_files_and_a_second_import(tmp_path: Path) -> None:
    write_part10(make_instance(), tmp_path / "one")
    files = [tmp_path / "one", tmp_path / "one"]
    outcomes = [event.outcome for event in import_paths(tmp_path / "archive", files, processes=1)]
    assert outcomes == [Outcome.NEW, Outcome.SAME]


def test_the_archive_does_not_import_itself(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    write_part10(make_instance(), tmp_path / "one.dcm")
    list(import_paths(root, [tmp_path / "one.dcm"], processes=1))
    outcomes = {event.path: event for event in import_paths(root, [tmp_path, root / "studies"], processes=1)}
    assert outcomes[tmp_path / "one.dcm"].outcome is Outcome.SAME
    assert "itself" in outcomes[root].why
    assert "itself" in outcomes[root / "studies"].why
    assert len(outcomes) == 3


def test_a_missing_path_is_named_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        next(import_paths(tmp_path / "archive", [tmp_path / "nowhere"], processes=1))
    assert not (tmp_path / "archive").exists()


def test_an_archive_that_cannot_be_made_stops_the_import(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")
    write_part10(make_instance(), tmp_path / "one.dcm")
    with pytest.raises(OutOfResources):
        list(import_paths(tmp_path / "archive", [tmp_path / "one.dcm"], processes=1))


def test_an_abandoned_import_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    for number in range(20):
        write_part10(make_instance(SOPInstanceUID=f"1.2.{number}"), tmp_path / f"{number}.dcm")
    events = import_paths(tmp_path / "archive", sorted(tmp_path.glob("*.dcm")), processes=1)
    first = next(events)
    events.close()  # type: ignore[attr-defined]
    with make_archive(tmp_path / "archive") as archive:
        page = list_files(archive.index, FileFilter(), limit=100, cursor=None)
        assert first.outcome is Outcome.NEW
        assert 1 <= page.total < 20


def test_an_import_and_a_repair_keep_out_of_each_others_way(tmp_path: Path) -> None:
    root, source = tmp_path / "archive", tmp_path / "one.dcm"
    write_part10(make_instance(), source)
    importing = import_paths(root, [source], processes=1)
    assert isinstance(importing, Generator)
    assert next(importing).outcome is Outcome.NEW
    with pytest.raises(Occupied):
        list(Check(root).run(repair=True))
    importing.close()
    repairing = Check(root).run(repair=True)
    assert isinstance(repairing, Generator)
    next(repairing)
    with pytest.raises(Occupied, match="repaired"):
        list(import_paths(root, [source], processes=1, patience=0))
    repairing.close()
    assert [event.outcome for event in import_paths(root, [source], processes=1)] == [Outcome.SAME]


def test_a_python_that_this_user_cannot_execute_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after giving up root's rights, with the interpreter in a folder that only root may enter."""
    python = tmp_path / "python"
    python.touch(0o600)
    monkeypatch.setattr(spawn, "_python_exe", str(python))
    write_part10(make_instance(), tmp_path / "one")
    with pytest.raises(OutOfResources, match=f"{python} cannot be executed by uid {os.geteuid()}"):
        list(import_paths(tmp_path / "archive", [tmp_path / "one"], processes=1))
