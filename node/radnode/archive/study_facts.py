"""What the index says of a whole study, and which files are worth reading for the rest, however many there are.

An object's `description` is a digest of all that it says of patient, study and series (`radnode.archive.describing`),
so one object of each tells everything, contradictions too.
"""

import sqlite3
from collections.abc import Iterable

from radnode.archive.index import Index
from radnode.model.file_path import FilePath
from radnode.model.study_facts import DOSE_REPORTS, SeriesFacts, StudyFacts
from radnode.model.uid import UID

MAX_SERIES = 200
"""Series that are listed."""
MAX_FILES = 512
"""Files that are named for reading."""
_MAX_DOSE_REPORTS = 16
_MAX_DESCRIPTIONS = 256
_MAX_FRAMES = 10**9  # of one object, that are counted: nobody has more, and a sum must not overflow
_TABLES = "studies t CROSS JOIN series e ON e.study = t.id CROSS JOIN instances i ON i.series = e.id"
_NUMBER = "ifnull(CAST(i.InstanceNumber AS INTEGER), 0)"
_IN_ORDER = "t.id, CAST(e.SeriesNumber AS INTEGER), e.SeriesInstanceUID"
_COUNTS = """
SELECT count(DISTINCT t.patient) AS patients, count(e.id) AS series, ifnull(sum(e.instances), 0) AS instances
FROM studies t JOIN series e ON e.study = t.id WHERE t.StudyInstanceUID = ?
"""
_MODALITIES = """
SELECT DISTINCT e.Modality AS modality FROM studies t JOIN series e ON e.study = t.id
WHERE t.StudyInstanceUID = ? AND ifnull(e.Modality, '') <> '' ORDER BY modality
"""
_SERIES = f"""
SELECT e.SeriesInstanceUID AS uid, e.SeriesNumber AS number, e.Modality AS modality,
       e.SeriesDescription AS description, e.BodyPartExamined AS body_part, count(*) AS instances,
       count(nullif(i.Rows, '')) AS images, min(i.Rows) AS least_rows, max(i.Rows) AS rows,
       min(i.Columns) AS least_columns, max(i.Columns) AS columns,
       ifnull(sum(CASE WHEN ifnull(i.Rows, '') <> ''
           THEN max(1, min({_MAX_FRAMES}, ifnull(CAST(i.NumberOfFrames AS INTEGER), 1))) END), 0) AS frames
FROM {_TABLES} WHERE t.StudyInstanceUID = ? GROUP BY e.id ORDER BY {_IN_ORDER} LIMIT {MAX_SERIES}
"""  # noqa: S608 - our own columns
_PATH = "t.StudyInstanceUID AS study_uid, e.SeriesInstanceUID AS series_uid, i.name"
# Where one min() is asked for, SQLite takes the other columns from the row that has it.
_DESCRIPTIONS = f"""
SELECT {_PATH}, min(i.arrived) AS arrived FROM {_TABLES}
WHERE t.StudyInstanceUID = ? GROUP BY e.id, i.description ORDER BY arrived, i.id LIMIT {_MAX_DESCRIPTIONS}
"""  # noqa: S608 - our own columns
_DOSES = f"""
SELECT {_PATH} FROM {_TABLES}
WHERE t.StudyInstanceUID = ? AND i.SOPClassUID IN {DOSE_REPORTS} ORDER BY i.arrived, i.id LIMIT {_MAX_DOSE_REPORTS}
"""  # noqa: S608 - our own columns
_SPREAD = f"""
SELECT study_uid, series_uid, name FROM (
    SELECT {_PATH}, t.id AS study, CAST(e.SeriesNumber AS INTEGER) AS number, e.instances AS held,
           row_number() OVER (PARTITION BY e.id ORDER BY {_NUMBER}, i.id) AS place
    FROM {_TABLES} WHERE t.StudyInstanceUID = ?
) WHERE (held - place) % ((held + ? - 1) / ?) = 0 ORDER BY study, number, series_uid, place LIMIT ?
"""  # noqa: S608 - our own columns


def study_facts(index: Index, study: UID, *, most_files: int = MAX_FILES) -> StudyFacts | None:
    """The study with that UID, None where none is held. Raises OutOfResources."""
    with index.reading_one_state() as connection:
        counts = connection.execute(_COUNTS, (study,)).fetchone()
        if not counts["instances"]:
            return None
        return StudyFacts(
            patients=counts["patients"],
            series_count=counts["series"],
            instances=counts["instances"],
            modalities=tuple(row["modality"] for row in connection.execute(_MODALITIES, (study,))),
            series=tuple(_series(row) for row in connection.execute(_SERIES, (study,))),
            files=_files(connection, study, counts["series"], most_files),
        )


def _series(row: sqlite3.Row) -> SeriesFacts:
    return SeriesFacts(
        UID(row["uid"]),
        row["number"],
        row["modality"],
        row["description"],
        row["body_part"],
        row["instances"],
        row["images"],
        row["frames"],
        row["rows"] if row["rows"] == row["least_rows"] else None,
        row["columns"] if row["columns"] == row["least_columns"] else None,
    )


def _files(connection: sqlite3.Connection, study: UID, series: int, most: int) -> tuple[FilePath, ...]:
    first = [*connection.execute(_DESCRIPTIONS, (study,)), *connection.execute(_DOSES, (study,))]
    paths = dict.fromkeys(_paths(first))
    each = max(1, (most - len(paths)) // series)
    paths |= dict.fromkeys(_paths(connection.execute(_SPREAD, (study, each, each, most))))
    return tuple(paths)[:most]


def _paths(rows: Iterable[sqlite3.Row]) -> Iterable[FilePath]:
    return (FilePath(UID(row["study_uid"]), UID(row["series_uid"]), row["name"]) for row in rows)
