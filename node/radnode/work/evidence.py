"""What performed procedure steps tell of scheduled ones: their status, from the last one that refers to them.

A scheduled step is meant by its Study Instance UID and Scheduled Procedure Step ID, or by the Study Instance UID alone
where the modality gives no such ID.
"""

from collections.abc import Iterable
from sqlite3 import Connection

from radnode.model.document import Document, text_in
from radnode.work.worklist_entry import COMPLETED, DISCONTINUED, SEQUENCE, STARTED, STATUS

_STATUS_PATH = f"$.{SEQUENCE}[0].{STATUS}"
STATUS_OF = {"IN PROGRESS": STARTED, "COMPLETED": COMPLETED, "DISCONTINUED": DISCONTINUED}
"""The status of the scheduled step by that of the performed one."""
_LAST = """
SELECT s.status FROM procedure_step_references r JOIN procedure_steps s ON s.sop_instance = r.sop_instance
WHERE r.study = ? AND r.step IN (?, '') ORDER BY s.created DESC, s.sop_instance LIMIT 1
"""
_SCHEDULED = "SELECT id, ScheduledProcedureStepID AS step FROM worklist_steps WHERE StudyInstanceUID = ?"
_TELL = "UPDATE worklist_steps SET document = json_set(document, ?, ?) WHERE id = ?"


def evident_status(connection: Connection, document: Document, step: Document) -> str:
    """The status of a scheduled step as procedure steps tell it; "" where none refers to it."""
    wanted = (text_in(document, "StudyInstanceUID"), text_in(step, "ScheduledProcedureStepID"))
    row = connection.execute(_LAST, wanted).fetchone() if wanted[0] else None
    return STATUS_OF[row["status"]] if row else ""


def tell_worklist(connection: Connection, references: Iterable[tuple[str, str]]) -> None:
    """Bring the scheduled steps up to date that a procedure step refers to, by study and step ID."""
    for study, step in references:
        for row in connection.execute(_SCHEDULED, (study,)).fetchall():
            if step in ("", row["step"]):
                last = connection.execute(_LAST, (study, row["step"] or "")).fetchone()
                connection.execute(_TELL, (_STATUS_PATH, STATUS_OF[last["status"]], row["id"]))
