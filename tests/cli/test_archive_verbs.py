"""The verbs that work on an archive: import, check, stats, registry."""

import json
from pathlib import Path

import pytest
from support.instances import make_instance, write_part10
from support.node import radnode

from radnode.cli.main import main


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """An archive with one object, called image.dcm where it came from."""
    folder = tmp_path / "from"
    folder.mkdir()
    write_part10(make_instance(), folder / "image.dcm")
    (folder / "readme.txt").write_text("no DICOM")
    root = str(tmp_path / "store")
    assert main(["import", str(folder), "--processes", "1", "--archive.root", root]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{folder}/readme.txt: ")
    assert out[1] == "1 new, 0 same, 0 equal, 0 conflict, 1 refused"
    return root


def test_stats(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--archive.root", store, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["files"], counts["studies"], counts["conflicts"]) == (1, 1, 0)
    assert main(["stats", "--archive.root", store]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["files", "1"]


def test_check_and_repair(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--archive.root", store]) == 0
    assert capsys.readouterr().out == "1 files: nothing is wrong\n"
    for file in (Path(store) / ".radnode").glob("index.sqlite*"):
        file.unlink()
    assert main(["check", "--archive.root", store, "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["clean"]
    assert main(["check", "--repair", "--archive.root", store]) == 0
    assert "all is mended" in capsys.readouterr().out
    assert main(["check", "--quick", "--archive.root", store]) == 0


def test_reindex(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reindex", "--archive.root", store]) == 0
    assert capsys.readouterr().out == "no row waits to be read again\n"
    further = ["--archive.root", store, "--archive.attributes", '[{"attribute": "SliceThickness", "level": "IMAGE"}]']
    assert main(["stats", *further]) == 0
    capsys.readouterr()
    assert main(["check", *further]) == 1
    assert "outdated: .radnode/index.sqlite: 2 rows say less than is indexed" in capsys.readouterr().out
    assert main(["reindex", *further]) == 0
    assert capsys.readouterr().out == "2 rows say all that is indexed\n"
    assert main(["check", *further]) == 0


def test_registry(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "export", "--archive.root", store]) == 0
    (entry,) = json.loads((Path(store) / ".dicom_registry.json").read_text())["files"]
    assert entry["original_filename"] == "image.dcm"
    for file in (Path(store) / ".radnode").glob("index.sqlite*"):
        file.unlink()
    assert main(["check", "--repair", "--archive.root", store]) == 0
    capsys.readouterr()
    assert main(["registry", "import", "--archive.root", store, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"entries": 1, "named": 1}


def test_import_as_json_without_a_terminal(store: str, tmp_path: Path) -> None:
    done = radnode("import", "from", "--json", "--archive.root", store, folder=tmp_path)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["new"], report["same"]) == (0, 1)
    assert [Path(one["file"]).name for one in report["refused"]] == ["readme.txt"]
