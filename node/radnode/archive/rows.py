"""The archive's own door for rows: one object in, one out, parents and counters right, in the caller's transaction."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from radnode.archive import parents
from radnode.archive.describing import Describe, describe_anew, describe_further, description_of, object_columns
from radnode.archive.families import Family
from radnode.archive.schema import REVISION, TABLES
from radnode.archive.stored import FileFacts
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.uid import UID

_STANDING = """
SELECT i.id, i.SOPInstanceUID, i.sha256, i.size, i.arrived, i.name,
       e.SeriesInstanceUID AS series_uid, t.StudyInstanceUID AS study_uid
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
"""
_KNOWN = """
SELECT 1 FROM instances WHERE SOPInstanceUID = ? UNION ALL SELECT 1 FROM superseded WHERE path = ? LIMIT 1
"""
_PARENTS = """
SELECT i.size, i.arrived, i.SOPClassUID, e.id AS series, t.id AS study, t.patient, t.SOPClassesInStudy,
       e.instances AS series_instances, t.instances AS study_instances, p.instances AS patient_instances,
       e.described_until AS series_until, t.described_until AS study_until, p.described_until AS patient_until
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study JOIN patients p ON p.id = t.patient
WHERE i.id = ?
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The row of a current object, as far as a newcomer with its SOP Instance UID must know it."""

    row_id: int
    sop_instance: UID
    path: FilePath
    sha256: str
    size: int
    arrived: int


def standing_of(connection: sqlite3.Connection, sop_instance: UID) -> Standing | None:
    """The current object with that SOP Instance UID."""
    row = connection.execute(f"{_STANDING} WHERE i.SOPInstanceUID = ?", (sop_instance,)).fetchone()
    return _standing(row) if row else None


def standing_at(connection: sqlite3.Connection, path: FilePath) -> Standing | None:
    """The current object that lies at `path`."""
    condition = "WHERE i.name = ? AND e.SeriesInstanceUID = ? AND t.StudyInstanceUID = ?"
    row = connection.execute(f"{_STANDING} {condition}", (path.name, path.series, path.study)).fetchone()
    return _standing(row) if row else None


def is_known(connection: sqlite3.Connection, sop_instance: UID, path: FilePath) -> bool:
    """Whether there is a current object with that SOP Instance UID, or a superseded one that had that path."""
    return connection.execute(_KNOWN, (sop_instance, str(path))).fetchone() is not None


def _standing(row: sqlite3.Row) -> Standing:
    uid = UID(row["SOPInstanceUID"])
    return Standing(row["id"], uid, _path(row), row["sha256"], row["size"], row["arrived"])


def _path(row: sqlite3.Row) -> FilePath:
    return FilePath(UID(row["study_uid"]), UID(row["series_uid"]), row["name"])


def insert_row(connection: sqlite3.Connection, header: Header, facts: FileFacts, describe: Describe) -> Family:
    """Add an object whose SOP Instance UID has no row, with its parents and counters; its file is in its place.

    Call it in a transaction (`Index.writing`). Raises sqlite3.IntegrityError where there is such a row.
    """
    zeros = {"series": 0, "instances": 0}
    patient = _parent(
        connection, Level.PATIENT, {"identity": parents.identity_of(header)}, header, facts, {"studies": 0, **zeros}
    )
    study_key = {"patient": patient.row["id"], "StudyInstanceUID": header.study}
    study = _parent(connection, Level.STUDY, study_key, header, facts, zeros)
    series_key = {"study": study.row["id"], "SeriesInstanceUID": header.series}
    series = _parent(connection, Level.SERIES, series_key, header, facts, {"instances": 0})
    family = Family(patient.row["id"], study.row["id"], series.row["id"])
    _insert_instance(connection, family.series, header, facts, description_of(header))
    _count_parents(connection, family, (study.is_new, series.is_new))
    _note_kinds(connection, study.row, series.row["Modality"], header.sop_class)
    for parent in (patient, study, series):
        if parent.is_ahead:
            describe_anew(connection, parent.level, parent.row["id"], describe)
    if series.is_ahead:
        _renew_modalities(connection, study.row["id"])
    added = {"patients": patient.is_new, "studies": study.is_new, "series": series.is_new}
    count(connection, {**added, "files": 1, "bytes": facts.size})
    return family


def insert_into(
    connection: sqlite3.Connection, family: Family, header: Header, facts: FileFacts, description: int
) -> None:
    """As insert_row, into a family that hears nothing new from the object, which has this description."""
    _insert_instance(connection, family.series, header, facts, description)
    _count_parents(connection, family, (False, False))
    count(connection, {"files": 1, "bytes": facts.size})


@dataclass(frozen=True, slots=True)
class _Parent:
    """A row above a newcomer. `is_ahead`: objects that arrived later than the newcomer have described it already."""

    level: Level
    row: sqlite3.Row
    is_new: bool
    is_ahead: bool


def _parent(
    connection: sqlite3.Connection,
    level: Level,
    key: Mapping[str, object],
    header: Header,
    facts: FileFacts,
    start: Mapping[str, object],
) -> _Parent:
    columns = parents.columns_of(level, header)
    row, is_new = parents.find_or_make(connection, level, key, {**columns, **start, "described_until": facts.arrived})
    is_ahead = row["described_until"] > facts.arrived
    if not (is_new or is_ahead):
        row = describe_further(connection, level, row, columns, facts.arrived)
    return _Parent(level, row, is_new, is_ahead)


def _insert_instance(
    connection: sqlite3.Connection, series: int, header: Header, facts: FileFacts, description: int
) -> None:
    values = {
        **object_columns(header, description),
        "series": series,
        "name": facts.name,
        "sha256": facts.sha256,
        "size": facts.size,
        "transfer_syntax": header.transfer_syntax,
        "arrived": facts.arrived,
        "original_name": facts.original_name,
    }
    parents.insert(connection, TABLES[Level.IMAGE], values)


def renew_row(connection: sqlite3.Connection, standing: Standing, size: int, arrived: int, describe: Describe) -> None:
    """The file of a current object was made again: it has this size and arrival now."""
    row = connection.execute(_PARENTS, (standing.row_id,)).fetchone()
    parents.update(connection, "instances", standing.row_id, {"size": size, "arrived": arrived})
    count(connection, {"bytes": size - row["size"], REVISION: 1})
    for level, row_id in _ids(row).items():
        describe_anew(connection, level, row_id, describe)
    _renew_modalities(connection, row["study"])


def renew_patient(connection: sqlite3.Connection, patient: int, describe: Describe) -> None:
    """Describe a patient anew, with all studies and series, from the current objects."""
    studies = [row[0] for row in connection.execute("SELECT id FROM studies WHERE patient = ?", (patient,))]
    for study in studies:
        for (series,) in connection.execute("SELECT id FROM series WHERE study = ?", (study,)).fetchall():
            describe_anew(connection, Level.SERIES, series, describe)
        describe_anew(connection, Level.STUDY, study, describe)
        _renew_modalities(connection, study)
    describe_anew(connection, Level.PATIENT, patient, describe)


def _ids(row: sqlite3.Row) -> dict[Level, int]:
    return {Level.SERIES: row["series"], Level.STUDY: row["study"], Level.PATIENT: row["patient"]}


def remove_row(connection: sqlite3.Connection, standing: Standing, describe: Describe) -> None:
    """Take a current object out, with parents that are empty then; those that it described are described anew."""
    row = connection.execute(_PARENTS, (standing.row_id,)).fetchone()
    connection.execute("DELETE FROM instances WHERE id = ?", (standing.row_id,))
    gone = {
        "series": row["series_instances"] == 1,
        "studies": row["study_instances"] == 1,
        "patients": row["patient_instances"] == 1,
    }
    _uncount_parents(connection, (row["patient"], row["study"], row["series"]), (gone["studies"], gone["series"]))
    for level, row_id in _ids(row).items():
        if gone[TABLES[level]]:
            connection.execute(f"DELETE FROM {TABLES[level]} WHERE id = ?", (row_id,))  # noqa: S608 (our own tables)
        elif row["arrived"] <= row[f"{level.name.lower()}_until"]:
            describe_anew(connection, level, row_id, describe)
    if not gone["studies"]:
        _forget_kinds(connection, row["study"], row["SOPClassesInStudy"], row["SOPClassUID"])
    taken = {name: -int(is_gone) for name, is_gone in gone.items()}
    count(connection, {"files": -1, "bytes": -row["size"], **taken, REVISION: 1})


def count(connection: sqlite3.Connection, changes: dict[str, int]) -> None:
    """Add to the archive's counters."""
    connection.executemany(
        "UPDATE counters SET value = value + ? WHERE name = ?", [(by, name) for name, by in changes.items() if by]
    )


def _count_parents(connection: sqlite3.Connection, family: Family, new: tuple[bool, bool]) -> None:
    connection.execute(
        "UPDATE patients SET studies = studies + ?, series = series + ?, instances = instances + 1 WHERE id = ?",
        (*new, family.patient),
    )
    connection.execute(
        "UPDATE studies SET series = series + ?, instances = instances + 1 WHERE id = ?", (new[1], family.study)
    )
    connection.execute("UPDATE series SET instances = instances + 1 WHERE id = ?", (family.series,))


def _uncount_parents(connection: sqlite3.Connection, ids: tuple[int, int, int], gone: tuple[bool, bool]) -> None:
    patient, study, series = ids
    connection.execute(
        "UPDATE patients SET studies = studies - ?, series = series - ?, instances = instances - 1 WHERE id = ?",
        (*gone, patient),
    )
    connection.execute(
        "UPDATE studies SET series = series - ?, instances = instances - 1 WHERE id = ?", (gone[1], study)
    )
    connection.execute("UPDATE series SET instances = instances - 1 WHERE id = ?", (series,))


def _note_kinds(connection: sqlite3.Connection, study: sqlite3.Row, modality: str | None, sop_class: UID) -> None:
    modalities = parents.joined(study["ModalitiesInStudy"], modality)
    sop_classes = parents.joined(study["SOPClassesInStudy"], sop_class)
    if (modalities, sop_classes) != (study["ModalitiesInStudy"], study["SOPClassesInStudy"]):
        kinds = {"ModalitiesInStudy": modalities, "SOPClassesInStudy": sop_classes}
        parents.update(connection, "studies", study["id"], kinds)


def _forget_kinds(connection: sqlite3.Connection, study: int, sop_classes: str | None, sop_class: str) -> None:
    _renew_modalities(connection, study)
    still = connection.execute(
        "SELECT 1 FROM instances i JOIN series e ON e.id = i.series WHERE e.study = ? AND i.SOPClassUID = ? LIMIT 1",
        (study, sop_class),
    ).fetchone()
    if not still:
        left = "\\".join(uid for uid in (sop_classes or "").split("\\") if uid != sop_class) or None
        parents.update(connection, "studies", study, {"SOPClassesInStudy": left})


def _renew_modalities(connection: sqlite3.Connection, study: int) -> None:
    modalities = connection.execute("SELECT DISTINCT Modality FROM series WHERE study = ?", (study,)).fetchall()
    known = parents.joined("\\".join(row[0] or "" for row in modalities), None)
    parents.update(connection, "studies", study, {"ModalitiesInStudy": known})
