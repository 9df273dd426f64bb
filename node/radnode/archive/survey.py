"""Files against rows, study by study, so that memory holds one study at a time."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from radnode.archive.digest import digest_file
from radnode.archive.findings import Finding, Kind
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.model.errors import NotDicom
from radnode.model.file_path import DIGEST_PREFIX, FilePath
from radnode.model.uid import UID, InvalidUID, parse_uid

_NAME = re.compile(rf"([0-9a-f]{{{DIGEST_PREFIX}}})\.dcm")
_ROWS = """
SELECT series.SeriesInstanceUID, instances.name, instances.sha256, instances.size
FROM studies JOIN series ON series.study = studies.id JOIN instances ON instances.series = series.id
WHERE studies.StudyInstanceUID = ?
"""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A current object that file and row do not agree about."""

    kind: Kind
    path: FilePath
    detail: str


@dataclass(frozen=True, slots=True)
class StudySurvey:
    """What one study's folder and rows say: how many rows were compared, and what does not fit."""

    files: int
    suspects: tuple[Suspect, ...]
    foreign: tuple[Finding, ...]


def survey(layout: Layout, index: Index, *, digests: bool) -> Iterator[StudySurvey]:
    """Every study on disk or in the index, one after another; `digests`: files are read whole. Raises OSError."""
    studies, foreign = folders(layout.studies, layout.root)
    yield StudySurvey(0, (), tuple(foreign))
    known = {UID(row[0]) for row in index.rows("SELECT DISTINCT StudyInstanceUID FROM studies")}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for study in sorted(known.union(studies)):
            yield _survey_study(layout, index, study, pool if digests else None)


def folders(parent: Path, root: Path) -> tuple[list[UID], list[Finding]]:
    """The folders named by UIDs, and what else is there."""
    found, foreign = [], []
    for entry in _entries(parent):
        try:
            uid = parse_uid(entry.name)
        except InvalidUID:
            uid = None
        if uid == entry.name and entry.is_dir(follow_symlinks=False):
            found.append(UID(entry.name))
        else:
            foreign.append(_foreign(entry, root))
    return sorted(found), foreign


def files_of_study(parent: Path, study: UID, root: Path) -> tuple[list[FilePath], list[Finding]]:
    """The files that lie below `parent`/`study` under names of ours, and what else is there."""
    found = []
    all_series, foreign = folders(parent / study, root)
    for series in all_series:
        for entry in _entries(parent / study / series):
            name = _NAME.fullmatch(entry.name)
            if name and entry.is_file(follow_symlinks=False):
                found.append(FilePath(study, series, name[1]))
            else:
                foreign.append(_foreign(entry, root))
    return found, foreign


def _survey_study(layout: Layout, index: Index, study: UID, pool: ThreadPoolExecutor | None) -> StudySurvey:
    found, foreign = files_of_study(layout.studies, study, layout.root)
    on_disk = set(found)
    rows = {
        FilePath(study, UID(series), name): (sha256, size) for series, name, sha256, size in index.rows(_ROWS, (study,))
    }
    suspects = [Suspect(Kind.ORPHAN, path, "the index does not know it") for path in sorted(on_disk - rows.keys())]
    suspects += [Suspect(Kind.MISSING, path, "its file is not there") for path in sorted(rows.keys() - on_disk)]
    both = sorted(rows.keys() & on_disk)
    compare = pool.map if pool else map
    wrong = compare(lambda path: damage(layout.current(path), *rows[path], whole=pool is not None), both)
    suspects += [Suspect(Kind.DAMAGED, path, why) for path, why in zip(both, wrong, strict=True) if why]
    return StudySurvey(len(rows.keys() | on_disk), tuple(suspects), tuple(foreign))


def damage(file: Path, sha256: str, size: int, *, whole: bool) -> str:
    """What is wrong with a file's content; "" if nothing is, or there is no file.

    `whole`: it is read, otherwise only measured.
    """
    try:
        found = file.stat().st_size
        if found != size:
            return f"it has {found} bytes instead of {size}"
        return "its content is not what its digest says" if whole and digest_file(file) != sha256 else ""
    except NotDicom:
        return "it is no DICOM file any more"
    except FileNotFoundError:
        return ""  # removed since it was listed
    except OSError as error:
        return f"it cannot be read ({error.strerror})"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _foreign(entry: os.DirEntry[str], root: Path) -> Finding:
    return Finding(Kind.FOREIGN, os.path.relpath(entry.path, root), "it is not the archive's")
