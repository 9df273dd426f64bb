"""Worklist files as Orthanc and DCMTK have them: in the worklist from when they are there until they are gone."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.worklists import dump_to_dicom, entry_of

from radnode.dimse.nested_encoding import encode_nested
from radnode.instance.nested import data_set_of
from radnode.model.document import items_in, text_in
from radnode.model.errors import ReadOnly
from radnode.model.uid import UID
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode.work.worklist_folder import WorklistFolder

DUMP = """
(0008,0005) CS [ISO_IR 100]
(0008,0050) SH [00000]
(0010,0010) PN [{name}]
(0010,0020) LO [AV35674]
(0020,000d) UI [1.2.276.0.7230010.3.2.101]
(0040,0100) SQ
(fffe,e000) na
(0008,0060) CS [MR]
(0040,0001) AE [AA32\\AA33]
(0040,0002) DA [20261122]
(0040,0003) TM [092607]
(0040,0009) SH [SPD3445]
(fffe,e00d) na
(fffe,e0dd) na
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    return path


def listed(work: WorkFile, folder: Path) -> dict[str, str]:
    """File -> patient's name of what is in the worklist, for a process that has just begun."""
    page = Worklist(work, folder).entries(limit=100)
    return {entry.source: text_in(entry.document, "PatientName") for entry in page.entries}


def encoded(transfer_syntax: str = "1.2.840.10008.1.2", name: str = "DOE^JOHN") -> bytes:
    return encode_nested(data_set_of(entry_of(PatientName=name)), UID(transfer_syntax))


def test_a_file_of_dcmtk_comes_changes_and_goes(folder: Path, work: WorkFile, tmp_path: Path) -> None:
    file = folder / "first.wl"
    dump_to_dicom(DUMP.format(name="VIVALDI^ANTONIO"), tmp_path / "made.wl")
    (tmp_path / "made.wl").rename(file)
    assert listed(work, folder) == {"first.wl": "VIVALDI^ANTONIO"}
    (entry,) = Worklist(work, folder).entries(limit=9).entries
    (step,) = items_in(entry.document, "ScheduledProcedureStepSequence")
    assert step["ScheduledStationAETitle"] == "AA32\\AA33"
    dump_to_dicom(DUMP.format(name="VIVALDI^ANNA MARIA"), tmp_path / "made.wl")
    (tmp_path / "made.wl").rename(file)
    assert listed(work, folder) == {"first.wl": "VIVALDI^ANNA MARIA"}
    assert Worklist(work, folder).entries(limit=9).entries[0].id == entry.id
    file.unlink()
    assert listed(work, folder) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(encoded()),
        lambda path: path.write_bytes(encoded("1.2.840.10008.1.2.1")),
        lambda path: dump_to_dicom(DUMP.format(name="DOE^JOHN"), path, "-F"),
        lambda path: dump_to_dicom(DUMP.format(name="DOE^JOHN"), path, "+te"),
        lambda path: dump_to_dicom(DUMP.format(name="DOE^JOHN"), path, "+tb"),
    ],
    ids=["bare", "bare explicit", "bare of DCMTK", "part 10", "part 10 big-endian"],
)
def test_files_may_be_part_10_or_bare(folder: Path, work: WorkFile, write: Callable[[Path], object]) -> None:
    write(folder / "one.wl")
    assert listed(work, folder) == {"one.wl": "DOE^JOHN"}


def test_bad_files_are_told_of_once_and_the_others_count(folder: Path, work: WorkFile) -> None:
    (folder / "bad.wl").write_bytes(b"no DICOM at all, of whatever kind")
    (folder / "cut.wl").write_bytes(encoded()[:-9])
    (folder / "huge.wl").write_bytes(b"\0" * (2 << 20))
    (folder / "none.wl").write_bytes(encode_nested(data_set_of({"PatientID": "1"}), UID("1.2.840.10008.1.2")))
    (folder / "folder.wl").mkdir()
    (folder / "readme.txt").write_text("not looked at")
    (folder / "good.wl").write_bytes(encoded())
    with capture_logs() as logs:
        assert listed(work, folder) == {"good.wl": "DOE^JOHN"}
        assert listed(work, folder) == {"good.wl": "DOE^JOHN"}
    assert [one["event"] for one in logs] == ["worklist_file_refused"] * 4
    assert not any("cut" in str(one["file"]) for one in logs), "names of files may be names of patients"
    refused = Worklist(work, folder).refused_files()
    assert set(refused) == {"bad.wl", "cut.wl", "huge.wl", "none.wl"}
    assert "ScheduledProcedureStepSequence" in refused["none.wl"]
    (folder / "cut.wl").write_bytes(encoded(name="WHOLE^NOW"))
    assert listed(work, folder) == {"good.wl": "DOE^JOHN", "cut.wl": "WHOLE^NOW"}
    (folder / "cut.wl").write_bytes(b"broken again")
    assert listed(work, folder) == {"good.wl": "DOE^JOHN"}


def test_a_folder_that_is_gone_for_a_while_takes_nothing_away(folder: Path, work: WorkFile) -> None:
    (folder / "one.wl").write_bytes(encoded())
    worklist = WorklistFolder(folder, work, clock=lambda: 0.0)
    worklist.refresh()
    folder.rename(folder.with_name("elsewhere"))
    with capture_logs() as logs:
        worklist.refresh()
        worklist.refresh()
    assert [one["event"] for one in logs] == ["worklist_folder_cannot_be_read"]
    assert len(Worklist(work).entries(limit=9).entries) == 1
    folder.with_name("elsewhere").rename(folder)
    (folder / "one.wl").unlink()
    worklist.refresh()
    assert Worklist(work).entries(limit=9).entries == ()


def test_a_file_that_cannot_be_read_for_a_while_keeps_its_entry_and_hides_no_other(
    folder: Path, work: WorkFile
) -> None:
    one = folder / "one.wl"
    one.write_bytes(encoded())
    files = WorklistFolder(folder, work, clock=lambda: 0.0)
    files.refresh()
    one.unlink()
    one.symlink_to(one)  # too many levels of symbolic links
    (folder / "never.wl").symlink_to("never.wl")
    (folder / "two.wl").write_bytes(encoded(name="ROE^JANE"))
    with capture_logs() as logs:
        files.refresh()
        files.refresh()
    assert [event["event"] for event in logs] == ["worklist_file_refused"] * 2
    assert listed(work, folder) == {"one.wl": "DOE^JOHN", "two.wl": "ROE^JANE"}
    assert set(Worklist(work, folder).refused_files()) == {"never.wl", "one.wl"}
    (folder / "made").write_bytes(encoded(name="DOE^JACK"))
    (folder / "made").rename(one)
    files.refresh()
    assert listed(work, folder) == {"one.wl": "DOE^JACK", "two.wl": "ROE^JANE"}


def test_names_of_files_need_not_be_utf_8(folder: Path, work: WorkFile) -> None:
    file = folder / os.fsdecode(b"M\xfcller.wl")
    file.write_bytes(encoded())
    assert listed(work, folder) == {"M\\xfcller.wl": "DOE^JOHN"}
    file.unlink()
    assert listed(work, folder) == {}


def test_a_file_written_in_place_counts_though_its_size_is_the_same(folder: Path, work: WorkFile) -> None:
    (folder / "one.wl").write_bytes(encoded(name="AAA"))
    assert listed(work, folder) == {"one.wl": "AAA"}
    (folder / "one.wl").write_bytes(encoded(name="BBB"))
    os.utime(folder / "one.wl", ns=(1, 1))
    assert listed(work, folder) == {"one.wl": "BBB"}


def test_an_entry_of_a_file_is_the_files(folder: Path, work: WorkFile) -> None:
    (folder / "one.wl").write_bytes(encoded())
    worklist = Worklist(work, folder)
    (entry,) = worklist.entries(limit=9).entries
    with pytest.raises(ReadOnly):
        worklist.remove(entry.id)
    with pytest.raises(ReadOnly):
        worklist.replace(entry.id, entry_of())
    assert worklist.entry(entry.id) == entry
