"""An index as version 3 left it, before sequences and many other attributes were indexed."""

import sqlite3
from contextlib import closing
from pathlib import Path

from radnode.archive.schema import TABLES, folded_column
from radnode.model.attributes import BY_KEYWORD, Attribute

LATER = (
    *("TimezoneOffsetFromUTC", "IssuerOfAccessionNumberSequence", "ProcedureCodeSequence", "ReferencedStudySequence"),
    *("OtherStudyNumbers", "PhysiciansOfRecord", "DeviceSerialNumber", "PresentationIntentType"),
    *("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "PerformedProcedureStepDescription"),
    *("ReferencedPerformedProcedureStepSequence", "RequestAttributesSequence", "InstanceCreationDate"),
    *("InstanceCreationTime", "ObservationDateTime", "ConceptNameCodeSequence", "VerifyingObserverSequence"),
    *("ReferencedRequestSequence", "ContentTemplateSequence", "DocumentTitle", "MIMETypeOfEncapsulatedDocument"),
    *("ContentLabel", "ContentDescription", "PresentationCreationDate", "PresentationCreationTime"),
    *("ContentCreatorName", "ReferencedPatientSequence"),
)
"""What version 3 did not know."""


def make_older(root: Path) -> None:
    """Take back from the closed index of the archive at `root` all that came after version 3."""
    with closing(sqlite3.connect(root / ".radnode" / "index.sqlite")) as connection, connection:
        connection.execute("DROP INDEX instances_outdated")
        connection.execute("DROP INDEX patients_birth_date")
        for attribute in (BY_KEYWORD[keyword] for keyword in LATER):
            for column in _columns(attribute):
                connection.execute(f"ALTER TABLE {TABLES[attribute.level]} DROP COLUMN {column}")
        connection.execute("ALTER TABLE instances DROP COLUMN described_by")
        connection.execute("UPDATE instances SET description = 1")
        connection.execute("DROP TABLE fitted")
        connection.execute("DROP TABLE waiting")
        connection.execute("DELETE FROM migrations WHERE version > 3")


def _columns(attribute: Attribute) -> list[str]:
    folded = folded_column(attribute)
    return [attribute.keyword, *([folded] if folded else [])]
