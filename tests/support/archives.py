"""Archives for tests: storing through the doors, and an account of files and rows that shares no code with them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from support.instances import encode_dataset

from radnode.archive.archive import Archive
from radnode.archive.stored import Stored
from radnode.model.uid import UID

EXPLICIT = UID("1.2.840.10008.1.2.1")
PREFIX = bytes(128) + b"DICM"


@contextmanager
def make_archive(root: Path) -> Iterator[Archive]:
    """An archive at `root`, closed at the end."""
    with closing(Archive.open(root)) as archive:
        yield archive


def store(archive: Archive, dataset: Dataset, *, fragment: int = 1000) -> Stored:
    """Bring a data set as C-STORE does, in pieces."""
    return store_bytes(archive, dataset, encode_dataset(dataset), fragment=fragment)


def store_bytes(archive: Archive, dataset: Dataset, encoded: bytes, *, fragment: int = 1000) -> Stored:
    """Bring these bytes as the data set that `dataset` announces."""
    transfer_syntax = UID(dataset.file_meta.TransferSyntaxUID)
    with archive.receive(
        transfer_syntax, sop_class=dataset.SOPClassUID, sop_instance=dataset.SOPInstanceUID
    ) as receiving:
        for position in range(0, len(encoded), fragment):
            receiving.write(encoded[position : position + fragment])
        return receiving.commit()


def store_file(archive: Archive, content: bytes, *, fragment: int = 1000, **options: Any) -> Stored:
    """Bring a Part 10 file as an upload does, in pieces."""
    with archive.receive_file(**options) as receiving:
        for position in range(0, len(content), fragment):
            receiving.write(content[position : position + fragment])
        return receiving.commit()


def digest(encoded: bytes, transfer_syntax: str = EXPLICIT) -> str:
    """The digest that the contract gives a data set."""
    return sha256(transfer_syntax.encode() + encoded).hexdigest()


def dataset_bytes(path: Path) -> bytes:
    """What follows the file meta of a stored file, found by its group length."""
    content = path.read_bytes()
    assert content[:132] == PREFIX
    assert content[132:140] == b"\2\0\0\0UL\4\0"
    return content[144 + int.from_bytes(content[140:144], "little") :]


def image_files(root: Path) -> set[str]:
    """The relative paths of the current files."""
    return {str(path.relative_to(root)) for path in (root / "studies").rglob("*") if path.is_file()}


def superseded_files(root: Path) -> set[str]:
    """The relative paths of the superseded files, as they were while current."""
    top = root / ".radnode" / "superseded"
    return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}


def temporary_files(root: Path) -> list[Path]:
    """What lies in incoming/ beside folders and locks."""
    return [path for path in (root / ".radnode" / "incoming").rglob("*") if path.is_file() and path.suffix != ".lock"]


def rows(root: Path, sql: str, *parameters: object) -> list[dict[str, Any]]:
    """What the index says, asked without the archive's code."""
    with closing(sqlite3.connect(root / ".radnode" / "index.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql, parameters)]


def counters(root: Path) -> dict[str, int]:
    """The archive's counters."""
    return {row["name"]: row["value"] for row in rows(root, "SELECT name, value FROM counters")}


_CURRENT = """
SELECT 'studies/' || t.StudyInstanceUID || '/' || e.SeriesInstanceUID || '/' || i.name || '.dcm' AS path,
       i.sha256, i.size, i.arrived, i.SOPInstanceUID, i.SOPClassUID, e.Modality, t.id AS study, e.id AS series,
       t.patient AS patient
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study JOIN patients p ON p.id = t.patient
"""


def assert_sound(root: Path) -> None:
    """Every row has its bytes, every file its row, every counter and list of kinds is what counting again gives."""
    current = rows(root, _CURRENT)
    assert {row["path"] for row in current} == image_files(root)
    for row in current:
        _assert_file(root / row["path"], row)
        assert (root / row["path"]).stat().st_mtime_ns == row["arrived"]
    superseded = rows(root, "SELECT path, sha256, size, sop_instance AS SOPInstanceUID FROM superseded")
    assert {row["path"] for row in superseded} == superseded_files(root)
    for row in superseded:
        _assert_file(root / ".radnode" / "superseded" / row["path"], row)
    _assert_parents(root, current)
    assert rows(root, "PRAGMA foreign_key_check") == []
    assert temporary_files(root) == []
    empty = [path for path in (root / "studies").rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert empty == []


def _assert_file(path: Path, row: dict[str, Any]) -> None:
    dataset = dcmread(path, force=False)
    assert digest(dataset_bytes(path), dataset.file_meta.TransferSyntaxUID) == row["sha256"]
    assert path.stem == row["sha256"][:32]
    assert path.stat().st_size == row["size"]
    assert dataset.SOPInstanceUID == row["SOPInstanceUID"] == dataset.file_meta.MediaStorageSOPInstanceUID


def _assert_parents(root: Path, current: list[dict[str, Any]]) -> None:
    counted = counters(root)
    assert counted["files"] == len(current)
    assert counted["bytes"] == sum(row["size"] for row in current)
    for table, column in (("patients", "patient"), ("studies", "study"), ("series", "series")):
        found = {row["id"]: row for row in rows(root, f"SELECT * FROM {table}")}
        assert counted[table] == len(found)
        assert set(found) == {row[column] for row in current}
        for key, row in found.items():
            below = [each for each in current if each[column] == key]
            assert row["instances"] == len(below)
            if table != "series":
                assert row["series"] == len({each["series"] for each in below})
            if table == "patients":
                assert row["studies"] == len({each["study"] for each in below})
            if table == "studies":
                assert row["ModalitiesInStudy"] == _kinds(each["Modality"] for each in below)
                assert row["SOPClassesInStudy"] == _kinds(each["SOPClassUID"] for each in below)


def _kinds(values: Iterator[str | None]) -> str | None:
    return "\\".join(sorted({value for value in values if value})) or None
