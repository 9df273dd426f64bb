"""The tables of performed procedure steps, and of the scheduled ones that they say they performed."""

from sqlite_utils import Database

_TABLES = """
CREATE TABLE procedure_steps (
    sop_instance TEXT PRIMARY KEY, status TEXT NOT NULL, document TEXT NOT NULL,
    created INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX procedure_steps_by_time ON procedure_steps (created);
CREATE TABLE procedure_step_references (
    sop_instance TEXT NOT NULL REFERENCES procedure_steps (sop_instance) ON DELETE CASCADE,
    study TEXT NOT NULL, step TEXT NOT NULL, PRIMARY KEY (sop_instance, study, step)
);
CREATE INDEX procedure_step_references_by_study ON procedure_step_references (study)
"""


def _create(db: Database) -> None:
    for statement in _TABLES.split(";"):
        db.execute(statement)


STEPS = (_create,)
