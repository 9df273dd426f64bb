"""`radnode deidentify`: over files, folders, and what the archive holds."""

import errno
import json
import os
from pathlib import Path

import pydicom
import pytest
from support.instances import make_instance, write_part10

from radnode.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two objects of one series, one more that says it has burned-in text, and a file that is no DICOM."""
    folder = tmp_path / "JOHN DOE"
    (folder / "deeper").mkdir(parents=True)
    write_part10(make_instance(), folder / "1.dcm")
    write_part10(make_instance(SOPInstanceUID="1.2.3.2"), folder / "deeper" / "2.dcm")
    write_part10(make_instance(SOPInstanceUID="1.2.3.3", BurnedInAnnotation="YES"), folder / "deeper" / "3.dcm")
    (folder / "readme.txt").write_text("no DICOM")
    return folder


def run(tmp_path: Path, *words: str) -> int:
    return main(["deidentify", *words, "--archive.root", str(tmp_path / "store")])


def key_in(tmp_path: Path) -> Path:
    """A key that is not the archive's."""
    file = tmp_path / "a.key"
    file.write_text("k" * 32)
    return file


def copies(output: Path) -> list[Path]:
    return sorted(output.rglob("*.dcm"))


def test_a_folder(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "copies"
    assert run(tmp_path, str(folder), "--output", str(output)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "2 written, 0 same, 2 refused, 0 to be looked at"
    assert f"{folder}/readme.txt: refused: File has no DICOM preamble and prefix" in lines
    why = "its pixels have burned-in annotation, which is not removed; accept_burned_in copies it"
    assert f"{folder}/deeper/3.dcm: refused: {why}" in lines
    for copy in copies(output):
        new = pydicom.dcmread(copy)
        assert copy == output / new.StudyInstanceUID / new.SeriesInstanceUID / f"{new.SOPInstanceUID}.dcm"
        assert b"DOE" not in copy.read_bytes()
    assert [path.name for path in output.iterdir() if path.name.startswith(".")] == []


def test_doing_it_twice_changes_nothing_and_nothing_is_overwritten(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "copies"
    words = (str(folder / "1.dcm"), "--output", str(output), "--json")
    assert run(tmp_path, *words) == 0
    assert json.loads(capsys.readouterr().out) == {"written": 1, "same": 0, "refused": [], "warned": []}
    assert run(tmp_path, *words) == 0
    assert json.loads(capsys.readouterr().out)["same"] == 1
    (copy,) = copies(output)
    copy.write_bytes(b"somebody's notes")
    assert run(tmp_path, *words) == 1
    assert json.loads(capsys.readouterr().out)["refused"][0]["why"] == "File exists"
    assert copy.read_bytes() == b"somebody's notes"


def test_a_stick_that_has_no_links(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hardlink_to(self: Path, target: str) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    output = tmp_path / "copies"
    words = (str(folder / "1.dcm"), "--output", str(output))
    assert run(tmp_path, *words, "--key-file", str(key_in(tmp_path))) == 0
    (copy,) = copies(output)
    made = copy.read_bytes()
    copy.unlink()
    monkeypatch.setattr(Path, "hardlink_to", hardlink_to)
    for _ in range(2):
        assert run(tmp_path, *words, "--key-file", str(key_in(tmp_path))) == 0
        assert copy.read_bytes() == made
    copy.write_bytes(b"somebody's notes")
    assert run(tmp_path, *words, "--key-file", str(key_in(tmp_path))) == 1
    assert copy.read_bytes() == b"somebody's notes"


def test_what_the_archive_holds(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "store")
    assert (
        main(["import", str(folder / "1.dcm"), str(folder / "deeper"), "--processes", "1", "--archive.root", store])
        == 0
    )
    study = make_instance().StudyInstanceUID
    for number, words in enumerate((("--study", study), ("--patient", "12345678"), ("--series", f"{study}.1"))):
        output = tmp_path / f"copies{number}"
        assert run(tmp_path, *words, "--output", str(output), "--accept-burned-in") == 0
        assert len(copies(output)) == 3
        assert "3 written, 0 same, 0 refused, 1 to be looked at" in capsys.readouterr().out
    assert run(tmp_path, "--study", "1.2.9", "--output", str(output)) == 1


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (str(folder / "1.dcm"), "--dry-run", "--dates", "modify")
    assert run(tmp_path, *words) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["(0008,0020)", "StudyDate", "moved", "in", "time", "1"] in lines
    assert run(tmp_path, *words, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["possible"] == 1
    name = {"tag": "(0010,0010)", "keyword": "PatientName", "act": "replaced by a pseudonym", "count": 1}
    assert name in said["attributes"]
    assert not (tmp_path / "store").exists()


def test_the_key_decides_what_belongs_together(folder: Path, tmp_path: Path) -> None:
    names = []
    for key, number in (("k" * 32, 1), ("k" * 32 + "\n", 2), ("another key of thirty-two bytes or more", 3)):
        file, output = tmp_path / f"{number}.key", tmp_path / f"copies{number}"
        file.write_text(key)
        assert run(tmp_path, str(folder / "1.dcm"), "--output", str(output), "--key-file", str(file)) == 0
        names.append(copies(output)[0].relative_to(output))
    assert names[0] == names[1] != names[2]
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--output", "x"], "which? Name files, folders, --patient, --study or --series"),
        (["1.dcm"], "--output: is missing, must be the folder for the copies (or --dry-run)"),
        (["nothing-there.dcm", "--dry-run"], "nothing-there.dcm: no such file or folder"),
        (["x", "--dry-run", "--patient-id", "A\\B"], "--patient-id A\\B: must be printable ASCII"),
        (["x", "--output", "y", "--key-file", "/dev/null"], "--key-file /dev/null: must hold 32 bytes or more"),
    ],
)
def test_wrong_usage(
    words: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path, *words) == 2
    assert why in capsys.readouterr().err


def test_one_given_id_is_for_one_patient(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_part10(make_instance(SOPInstanceUID="1.2.3.9", PatientID="another"), tmp_path / "other.dcm")
    output = tmp_path / "copies"
    words = (str(folder / "1.dcm"), str(other), "--output", str(output), "--patient-id", "CASE-1")
    assert run(tmp_path, *words) == 1
    assert (
        f"{other}: refused: it is another patient's, and one ID or name is for one patient" in capsys.readouterr().out
    )
    assert [pydicom.dcmread(copy).PatientID for copy in copies(output)] == ["CASE-1"]
