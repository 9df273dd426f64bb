"""The tables of the worklist: entries, their scheduled steps (what is matched and answered), and files seen."""

from sqlite_utils import Database

from radnode.archive.temporal import TEMPORAL

_SEQUENCE = "$.ScheduledProcedureStepSequence[0]"
COLUMNS = {
    "PatientID": "$.PatientID",
    "AccessionNumber": "$.AccessionNumber",
    "StudyInstanceUID": "$.StudyInstanceUID",
}
"""Attributes of the whole that have a column, by keyword: the path in the document."""
STEP_COLUMNS = {
    keyword: f"{_SEQUENCE}.{keyword}"
    for keyword in (
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "Modality",
        "ScheduledProcedureStepID",
        "ScheduledProcedureStepStatus",
    )
}
"""The same of the scheduled step."""


FOLDED_NAME = "folded_name"
"""The column of the patient's folded name."""
_TABLES = """
CREATE TABLE worklist_entries (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE TABLE worklist_steps (
    id INTEGER PRIMARY KEY, entry TEXT NOT NULL REFERENCES worklist_entries (id) ON DELETE CASCADE,
    place INTEGER NOT NULL, document TEXT NOT NULL, folded_name TEXT, {columns}, UNIQUE (entry, place)
);
CREATE INDEX worklist_steps_by_day ON worklist_steps ({day});
CREATE INDEX worklist_steps_by_patient ON worklist_steps (PatientID);
CREATE INDEX worklist_steps_by_name ON worklist_steps (folded_name);
CREATE INDEX worklist_steps_by_accession ON worklist_steps (AccessionNumber);
CREATE INDEX worklist_steps_by_study ON worklist_steps (StudyInstanceUID);
CREATE TABLE worklist_files (
    name TEXT PRIMARY KEY, signature TEXT NOT NULL, entry TEXT NOT NULL, why TEXT NOT NULL
)
"""


def stored_sql(keyword: str, *, of_step: bool) -> str:
    """The text of an attribute (of a sequence its JSON array) as an expression over the table of steps."""
    columns = STEP_COLUMNS if of_step else COLUMNS
    if keyword in columns:
        return keyword
    return f"json_extract(document, '{_SEQUENCE if of_step else '$'}.{keyword}')"


def _create(db: Database) -> None:
    columns = ", ".join(
        f"{keyword} TEXT GENERATED ALWAYS AS (json_extract(document, '{path}')) STORED"
        for keyword, path in (COLUMNS | STEP_COLUMNS).items()
    )
    day = TEMPORAL["DA"].normal_sql("ScheduledProcedureStepStartDate")
    for statement in _TABLES.format(columns=columns, day=day).split(";"):
        db.execute(statement)


STEPS = (_create,)
