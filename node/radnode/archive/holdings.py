"""Stored objects as whoever sends, checks or commits them must know them: what they are, and where they lie."""

import sqlite3
from dataclasses import dataclass

from radnode.archive.index import Index
from radnode.model.file_path import FilePath
from radnode.model.uid import UID

_HOLDING = """
SELECT i.SOPInstanceUID, i.SOPClassUID, i.transfer_syntax, i.sha256, i.size, i.name,
       e.SeriesInstanceUID AS series_uid, t.StudyInstanceUID AS study_uid
FROM instances i JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A current object: its identity, its file's path, its whole digest (hex) and its size in bytes."""

    sop_class: UID
    sop_instance: UID
    transfer_syntax: UID
    path: FilePath
    sha256: str
    size: int

    @property
    def kind(self) -> tuple[str, str]:
        """SOP class and transfer syntax, for which a presentation context is needed."""
        return self.sop_class, self.transfer_syntax


def holding_of(index: Index, sop_instance: UID) -> Holding | None:
    """The current object with that SOP Instance UID. Raises OutOfResources."""
    for row in index.rows(f"{_HOLDING} WHERE i.SOPInstanceUID = ?", (sop_instance,)):
        return holding_in(UID(row["study_uid"]), UID(row["series_uid"]), row)
    return None


def holding_in(study: UID, series: UID, row: sqlite3.Row) -> Holding:
    """The object of a row of the index's `instances`, in this series."""
    uids = (UID(row["SOPClassUID"]), UID(row["SOPInstanceUID"]), UID(row["transfer_syntax"]))
    return Holding(*uids, FilePath(study, series, row["name"]), row["sha256"], row["size"])
