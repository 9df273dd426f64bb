"""The archive's own door for rows: one object in, one out, parents and counters right, in the caller's transaction."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from radnode.archive import parents
from radnode.archive.schema import TABLES
from radnode.archive.stored import FileFacts
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.uid import UID

Describe = Callable[[FilePath], Header | None]
"""Reads the header of a current object again; None where that cannot be done."""

_STANDING = """
SELECT i.id, i.SOPInstanceUID, i.sha256, i.size, i.name,
       e.SeriesInstanceUID AS series_uid, t.StudyInstanceUID AS study_uid
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
"""
_PARENTS = """
SELECT i.size, i.SOPClassUID, e.id AS series, t.id AS study, t.patient, t.SOPClassesInStudy,
       e.instances AS series_instances, t.instances AS study_instances, p.instances AS patient_instances
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study JOIN patients p ON p.id = t.patient
WHERE i.id = ?
"""
_FIRST = """
SELECT i.id, i.name, e.SeriesInstanceUID AS series_uid, t.StudyInstanceUID AS study_uid
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The row of a current object, as far as a newcomer with its SOP Instance UID must know it."""

    row_id: int
    sop_instance: UID
    path: FilePath
    sha256: str
    size: int


def standing_of(connection: sqlite3.Connection, sop_instance: UID) -> Standing | None:
    """The current object with that SOP Instance UID."""
    row = connection.execute(f"{_STANDING} WHERE i.SOPInstanceUID = ?", (sop_instance,)).fetchone()
    return _standing(row) if row else None


def standing_at(connection: sqlite3.Connection, path: FilePath) -> Standing | None:
    """The current object that lies at `path`."""
    condition = "WHERE i.name = ? AND e.SeriesInstanceUID = ? AND t.StudyInstanceUID = ?"
    row = connection.execute(f"{_STANDING} {condition}", (path.name, path.series, path.study)).fetchone()
    return _standing(row) if row else None


def has_series(connection: sqlite3.Connection, path: FilePath) -> bool:
    """Whether there are current objects in the folder of `path`."""
    condition = "e.SeriesInstanceUID = ? AND t.StudyInstanceUID = ?"
    sql = f"SELECT 1 FROM series e JOIN studies t ON t.id = e.study WHERE {condition} LIMIT 1"  # noqa: S608
    return connection.execute(sql, (path.series, path.study)).fetchone() is not None


def _standing(row: sqlite3.Row) -> Standing:
    return Standing(row["id"], UID(row["SOPInstanceUID"]), _path(row), row["sha256"], row["size"])


def _path(row: sqlite3.Row) -> FilePath:
    return FilePath(UID(row["study_uid"]), UID(row["series_uid"]), row["name"])


def insert_row(connection: sqlite3.Connection, header: Header, facts: FileFacts) -> None:
    """Add an object whose SOP Instance UID has no row, with its parents and counters.

    Call it in a transaction (`Index.writing`). Raises sqlite3.IntegrityError where there is such a row.
    """
    zeros = {"series": 0, "instances": 0}
    patient, new_patient = parents.find_or_make(
        connection, Level.PATIENT, {"identity": parents.identity_of(header)}, header, {"studies": 0, **zeros}
    )
    study, new_study = parents.find_or_make(
        connection, Level.STUDY, {"patient": patient["id"], "StudyInstanceUID": header.study}, header, zeros
    )
    series, new_series = parents.find_or_make(
        connection, Level.SERIES, {"study": study["id"], "SeriesInstanceUID": header.series}, header, {"instances": 0}
    )
    instance = parents.insert_instance(
        connection,
        {
            **parents.columns_of(Level.IMAGE, header),
            "series": series["id"],
            "SOPInstanceUID": header.sop_instance,
            "SOPClassUID": header.sop_class,
            "name": facts.name,
            "sha256": facts.sha256,
            "size": facts.size,
            "transfer_syntax": header.transfer_syntax,
            "arrived": facts.arrived,
            "original_name": facts.original_name,
        },
    )
    _count_parents(connection, (patient["id"], study["id"], series["id"]), instance, (new_study, new_series))
    _note_kinds(connection, study, series["Modality"], header.sop_class)
    added = {"patients": new_patient, "studies": new_study, "series": new_series, "files": 1, "bytes": facts.size}
    count(connection, added)


def remove_row(connection: sqlite3.Connection, standing: Standing, describe: Describe) -> None:
    """Take a current object out, with parents that are empty then; those that it described are described anew."""
    row = connection.execute(_PARENTS, (standing.row_id,)).fetchone()
    connection.execute("DELETE FROM instances WHERE id = ?", (standing.row_id,))
    gone = {
        "series": row["series_instances"] == 1,
        "studies": row["study_instances"] == 1,
        "patients": row["patient_instances"] == 1,
    }
    less = (row["patient"], row["study"], row["series"])
    _uncount_parents(connection, less, (gone["studies"], gone["series"]))
    for table, row_id in (("series", row["series"]), ("studies", row["study"]), ("patients", row["patient"])):
        if gone[table]:
            connection.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))  # noqa: S608 (our own tables)
    _describe_anew(connection, standing, less, describe)
    if not gone["studies"]:
        _forget_kinds(connection, row["study"], row["SOPClassesInStudy"], row["SOPClassUID"])
    count(connection, {"files": -1, "bytes": -row["size"], **{name: -int(is_gone) for name, is_gone in gone.items()}})


def count(connection: sqlite3.Connection, changes: dict[str, int]) -> None:
    """Add to the archive's counters."""
    connection.executemany(
        "UPDATE counters SET value = value + ? WHERE name = ?", [(by, name) for name, by in changes.items() if by]
    )


def _count_parents(
    connection: sqlite3.Connection, ids: tuple[int, int, int], instance: int, new: tuple[bool, bool]
) -> None:
    patient, study, series = ids
    connection.execute(
        "UPDATE patients SET studies = studies + ?, series = series + ?, instances = instances + 1,"
        " described_by = coalesce(described_by, ?) WHERE id = ?",
        (*new, instance, patient),
    )
    connection.execute(
        "UPDATE studies SET series = series + ?, instances = instances + 1,"
        " described_by = coalesce(described_by, ?) WHERE id = ?",
        (new[1], instance, study),
    )
    connection.execute(
        "UPDATE series SET instances = instances + 1, described_by = coalesce(described_by, ?) WHERE id = ?",
        (instance, series),
    )


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
    modalities = connection.execute("SELECT DISTINCT Modality FROM series WHERE study = ?", (study,)).fetchall()
    known = parents.joined("\\".join(row[0] or "" for row in modalities), None)
    still = connection.execute(
        "SELECT 1 FROM instances i JOIN series e ON e.id = i.series WHERE e.study = ? AND i.SOPClassUID = ? LIMIT 1",
        (study, sop_class),
    ).fetchone()
    if not still:
        sop_classes = "\\".join(uid for uid in (sop_classes or "").split("\\") if uid != sop_class) or None
    parents.update(connection, "studies", study, {"ModalitiesInStudy": known, "SOPClassesInStudy": sop_classes})


def _describe_anew(
    connection: sqlite3.Connection, removed: Standing, ids: tuple[int, int, int], describe: Describe
) -> None:
    for level, column, row_id in zip(
        (Level.PATIENT, Level.STUDY, Level.SERIES), ("t.patient", "t.id", "e.id"), ids, strict=True
    ):
        table = TABLES[level]
        changed = connection.execute(
            f"UPDATE {table} SET described_by = NULL WHERE id = ? AND described_by = ?",  # noqa: S608 (our own tables)
            (row_id, removed.row_id),
        )
        if not changed.rowcount:
            continue
        first = connection.execute(
            f"{_FIRST} WHERE {column} = ? ORDER BY i.arrived, i.id LIMIT 1", (row_id,)
        ).fetchone()
        parents.update(connection, table, row_id, {"described_by": first["id"]})
        header = describe(_path(first))
        if header is not None:
            parents.redescribe(connection, level, row_id, header)
