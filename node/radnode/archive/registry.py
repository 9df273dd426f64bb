"""`radnode registry export|import`: the archive as <root>/.dicom_registry.json, in the guide's shape, and back.

`export_registry(root)` writes one entry per current object, without holding them all, and gives their number; the file
appears whole or not at all. `import_registry(root)` gives original file names back to objects that have none, after a
rebuild of the index from the files alone: the one thing that files do not tell. Both raise OutOfResources; the import
raises InvalidRegistry for a file that is no registry, and then nothing has changed.
"""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from radnode.archive.archive import Archive
from radnode.archive.index import Index
from radnode.archive.layout import FILE_MODE, disk_errors, sync
from radnode.model.errors import NotFound, RadnodeError

FILE_NAME = ".dicom_registry.json"
_PAGE = 1000
_LARGEST = 2 * 1024**3
_LONGEST = 1024
_ENTRIES = """
SELECT instances.id, instances.name, instances.original_name, studies.StudyInstanceUID, series.SeriesInstanceUID,
       patients.PatientID, patients.PatientName, series.Modality, instances.arrived
FROM instances JOIN series ON series.id = instances.series JOIN studies ON studies.id = series.study
JOIN patients ON patients.id = studies.patient
WHERE instances.id > ? ORDER BY instances.id LIMIT ?
"""
_UPDATE = """
UPDATE instances SET original_name = :name
WHERE instances.name = :hash AND original_name IS NULL AND series IN (
    SELECT series.id FROM series JOIN studies ON studies.id = series.study
    WHERE series.SeriesInstanceUID = :series AND studies.StudyInstanceUID = :study)
"""


class InvalidRegistry(RadnodeError):
    """The file is no registry in the guide's shape; the message says where."""


@dataclass(frozen=True, slots=True)
class RegistryImport:
    """How many entries a registry had, and how many objects got their name back from it."""

    entries: int
    named: int


def export_registry(root: Path) -> int:
    """Write the registry of the archive at `root`; how many objects it lists."""
    with closing(Archive.open(root)) as archive, disk_errors():
        target = archive.layout.root / FILE_NAME
        part = target.with_name(f"{FILE_NAME}.{os.urandom(4).hex()}.part")
        try:
            count = _write(archive.index, part)
            part.replace(target)
            sync(target.parent)
        finally:
            part.unlink(missing_ok=True)
    return count


def import_registry(root: Path, source: Path | None = None) -> RegistryImport:
    """Take original file names from `source`, or from the archive's own registry. Raises NotFound without a file."""
    source = source or root / FILE_NAME
    entries = _read(source)
    named = 0
    with closing(Archive.open(root)) as archive, archive.index.writing() as connection:
        for entry in entries:
            if entry["name"] != f"{entry['hash']}.dcm":  # what an export says of an object without a name
                named += connection.execute(_UPDATE, entry).rowcount
    return RegistryImport(len(entries), named)


def _write(index: Index, part: Path) -> int:
    count = 0
    part.touch(0o600, exist_ok=False)
    part.chmod(FILE_MODE)
    with part.open("w", encoding="utf-8") as file:
        file.write('{\n  "files": [')
        for entry in _entries(index):
            file.write(",\n    " if count else "\n    ")
            json.dump(entry, file, ensure_ascii=False)
            count += 1
        file.write("\n  ]\n}\n")
        file.flush()
        os.fsync(file.fileno())
    return count


def _entries(index: Index) -> Iterator[dict[str, str]]:
    last = 0
    while page := list(index.rows(_ENTRIES, (last, _PAGE))):
        for row in page:
            last, name, original, study, series, patient_id, patient_name, modality, arrived = row
            yield {
                "file_hash": name,
                "original_filename": original or f"{name}.dcm",
                "study_uid": study,
                "series_uid": series,
                "patient_id": patient_id or "",
                "patient_name": patient_name or "",
                "modality": modality or "",
                "uploaded_at": datetime.fromtimestamp(arrived // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            }


def _read(source: Path) -> list[dict[str, str]]:
    """The entries, checked, as parameters of the update."""
    try:
        if source.stat().st_size > _LARGEST:
            raise InvalidRegistry("The registry is too large")
        content = json.loads(source.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"There is no file {source.name}") from None
    except OSError as error:
        raise InvalidRegistry(f"The registry cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError):
        raise InvalidRegistry("The registry is no JSON") from None
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list):
        raise InvalidRegistry('The registry has no list "files"')
    return [_entry(number, item) for number, item in enumerate(files, start=1)]


def _entry(number: int, item: object) -> dict[str, str]:
    keys = {"hash": "file_hash", "name": "original_filename", "study": "study_uid", "series": "series_uid"}
    if not isinstance(item, dict):
        raise InvalidRegistry(f"Entry {number} of the registry is no object")
    found: dict[str, str] = {}
    for short, key in keys.items():
        value = item.get(key)
        if not isinstance(value, str) or len(value) > _LONGEST or not _is_text(value):
            raise InvalidRegistry(f'Entry {number} of the registry has no text "{key}"')
        found[short] = value
    return found


def _is_text(value: str) -> bool:
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
