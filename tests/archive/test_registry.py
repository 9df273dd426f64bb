"""The guide's registry: written whole, read with suspicion."""

import json
import stat
from pathlib import Path

import pytest
from support.archives import make_archive, store, store_file
from support.instances import make_instance, write_part10

from radnode.archive.check import Check
from radnode.archive.registry import InvalidRegistry, RegistryImport, export_registry, import_registry
from radnode.model.errors import NotFound

SECOND = {
    "SOPInstanceUID": "1.2.2",
    "SeriesInstanceUID": "1.3",
    "StudyInstanceUID": "1.4",
    "PatientID": "2",
    "PatientName": "MÜLLER^JÖRG",
    "SpecificCharacterSet": "ISO_IR 100",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_part10(make_instance(SOPInstanceUID="1.2.1"), tmp_path / "one.dcm")
    with make_archive(tmp_path / "archive") as archive:
        store_file(archive, (tmp_path / "one.dcm").read_bytes(), file_name="CT ÄÖ_001.dcm")
        store(archive, make_instance(**SECOND))
    return tmp_path / "archive"


def names(root: Path) -> dict[str, str | None]:
    with make_archive(root) as archive:
        return {row[0]: row[1] for row in archive.index.rows("SELECT SOPInstanceUID, original_name FROM instances")}


def test_the_export_has_the_shape_of_the_guide(root: Path) -> None:
    assert export_registry(root) == 2
    target = root / ".dicom_registry.json"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    first, second = json.loads(target.read_text("utf-8"))["files"]
    assert list(first) == [
        "file_hash",
        "original_filename",
        "study_uid",
        "series_uid",
        "patient_id",
        "patient_name",
        "modality",
        "uploaded_at",
    ]
    assert (first["original_filename"], first["patient_id"], first["modality"]) == ("CT ÄÖ_001.dcm", "12345678", "CT")
    assert second["original_filename"] == f"{second['file_hash']}.dcm"
    assert second["patient_name"] == "MÜLLER^JÖRG"
    assert (root / f"studies/{first['study_uid']}/{first['series_uid']}/{first['file_hash']}.dcm").is_file()
    assert len(first["uploaded_at"]) == len("2025-11-06T10:30:00")
    assert [file.name for file in root.iterdir() if file.name.endswith(".part")] == []


def test_an_empty_archive_has_an_empty_registry(tmp_path: Path) -> None:
    assert export_registry(tmp_path) == 0
    assert json.loads((tmp_path / ".dicom_registry.json").read_text()) == {"files": []}


def test_names_come_back_after_the_index_was_lost(root: Path) -> None:
    before = names(root)
    export_registry(root)
    (root / ".radnode/index.sqlite").unlink()
    list(Check(root).run(repair=True))
    assert set(names(root).values()) == {None}
    assert import_registry(root) == RegistryImport(entries=2, named=1)
    assert names(root) == before
    assert import_registry(root).named == 0, "what has a name keeps it"


def entry(**changes: object) -> dict[str, object]:
    proper = {"file_hash": "a" * 32, "original_filename": "x.dcm", "study_uid": "1.2", "series_uid": "1.3"}
    return {**proper, **changes}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'{"files": {}}',
        b'{"files": [7]}',
        json.dumps({"files": [entry(original_filename=None)]}).encode(),
        json.dumps({"files": [entry(original_filename="\ud800")]}).encode(),
        json.dumps({"files": [entry(original_filename="a\0b")]}).encode(),
        json.dumps({"files": [entry(file_hash=["a"])]}).encode(),
        json.dumps({"files": [entry(original_filename="x" * 5000)]}).encode(),
    ],
)
def test_a_broken_registry_changes_nothing(root: Path, tmp_path: Path, content: bytes) -> None:
    export_registry(root)
    good = json.loads((root / ".dicom_registry.json").read_text("utf-8"))["files"]
    (tmp_path / "bad.json").write_bytes(
        content.replace(b'"files": [', b'"files": [' + json.dumps(good[0]).encode() + b",")
    )
    with make_archive(root) as archive, archive.index.writing() as connection:
        connection.execute("UPDATE instances SET original_name = NULL")
    with pytest.raises(InvalidRegistry):
        import_registry(root, tmp_path / "bad.json")
    assert set(names(root).values()) == {None}


def test_entries_of_other_objects_name_nothing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps({"files": [entry(), entry(study_uid="../..", file_hash="'; --")]}))
    assert import_registry(root, tmp_path / "other.json") == RegistryImport(entries=2, named=0)


def test_no_registry_is_told_as_such(root: Path) -> None:
    with pytest.raises(NotFound, match=r"\.dicom_registry\.json"):
        import_registry(root)
