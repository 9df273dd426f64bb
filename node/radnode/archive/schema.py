"""The index's tables, derived from the table of attributes, and the numbered steps that lead to them.

Attributes are TEXT columns named by their keywords: NULL where an object has none, '' where it is empty. Each PN
attribute X has a column X_folded for matching (`radnode.archive.folding`). Parents carry counters of their children;
`description` and `described_until` are explained in `radnode.archive.describing`.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlite_utils import Database

from radnode.archive.names import group_expressions, has_more_groups
from radnode.archive.temporal import TEMPORAL
from radnode.model.attribute_table import STANDARD_TABLE
from radnode.model.attributes import Attribute, Source
from radnode.model.errors import OutOfResources
from radnode.model.level import Level

TABLES: dict[Level, str] = {
    Level.PATIENT: "patients",
    Level.STUDY: "studies",
    Level.SERIES: "series",
    Level.IMAGE: "instances",
}
SECOND_OF_ARRIVAL = "instances.arrived / 1000000000"
"""Since the epoch (UTC), as an expression that has an index."""
BY_PARENT: dict[Level, str] = {
    Level.STUDY: "idx_studies_patient_StudyInstanceUID",
    Level.SERIES: "idx_series_study_SeriesInstanceUID",
    Level.IMAGE: "instances_series_second",
}
"""The indexes that have the rows below a parent."""
COUNTERS = ("files", "bytes", "patients", "studies", "series", "conflicts")
REVISION = "revision"
"""The counter of what was taken back from parents: objects that went, or were made again."""


def folded_column(attribute: Attribute) -> str | None:
    """The column that matching of `attribute` looks at instead of its own, if there is one."""
    return f"{attribute.keyword}_folded" if attribute.vr == "PN" and attribute.source is Source.HEADER else None


def _attribute_columns(level: Level) -> dict[str, type]:
    return _columns(STANDARD_TABLE.stored(level))


def _columns(attributes: tuple[Attribute, ...]) -> dict[str, type]:
    folded = [column for a in attributes if (column := folded_column(a)) is not None]
    return dict.fromkeys([*(a.keyword for a in attributes), *folded], str)


def _create_tables(db: Database) -> None:
    _create_patients_and_studies(db)
    _create_series_and_instances(db)
    db.table("superseded").create(
        {"id": int, "sop_instance": str, "path": str, "sha256": str, "size": int, "superseded_at": int},
        pk="id",
        not_null={"sop_instance", "path", "sha256", "size", "superseded_at"},
    )
    db.table("counters").create({"name": str, "value": int}, pk="name", not_null={"name", "value"})
    db.table("counters").insert_all([{"name": name, "value": 0} for name in COUNTERS])


def _create_patients_and_studies(db: Database) -> None:
    db.table("patients").create(
        {
            "id": int,
            "identity": str,
            **_attribute_columns(Level.PATIENT),
            "studies": int,
            "series": int,
            "instances": int,
            "described_until": int,
        },
        pk="id",
        not_null={"identity", "studies", "series", "instances"},
    )
    db.table("studies").create(
        {
            "id": int,
            "patient": int,
            **_attribute_columns(Level.STUDY),
            "ModalitiesInStudy": str,
            "SOPClassesInStudy": str,
            "series": int,
            "instances": int,
            "described_until": int,
        },
        pk="id",
        not_null={"patient", "StudyInstanceUID", "series", "instances"},
        foreign_keys=[("patient", "patients", "id")],
    )


def _create_series_and_instances(db: Database) -> None:
    db.table("series").create(
        {"id": int, "study": int, **_attribute_columns(Level.SERIES), "instances": int, "described_until": int},
        pk="id",
        not_null={"study", "SeriesInstanceUID", "instances"},
        foreign_keys=[("study", "studies", "id")],
    )
    file_columns = {"name": str, "sha256": str, "size": int, "transfer_syntax": str, "arrived": int}
    db.table("instances").create(
        {
            "id": int,
            "series": int,
            **_attribute_columns(Level.IMAGE),
            **file_columns,
            "original_name": str,
            "description": int,
        },
        pk="id",
        not_null={"series", "SOPInstanceUID", *file_columns},
        foreign_keys=[("series", "series", "id")],
    )


def _create_indexes(db: Database) -> None:
    for table, columns, unique in (
        ("patients", ["identity"], True),
        ("patients", ["PatientID"], False),
        ("patients", ["PatientName_folded"], False),
        ("studies", ["patient", "StudyInstanceUID"], True),
        ("studies", ["StudyInstanceUID"], False),
        ("studies", ["AccessionNumber"], False),
        ("studies", ["StudyID"], False),
        ("series", ["study", "SeriesInstanceUID"], True),
        ("series", ["SeriesInstanceUID"], False),
        ("series", ["Modality"], False),
        ("instances", ["SOPInstanceUID"], True),
        ("instances", ["name"], False),
        ("superseded", ["path"], True),
        ("superseded", ["sop_instance"], False),
    ):
        db.table(table).create_index(columns, unique=unique)
    # The listing's order, of all files and below a parent (`radnode.archive.listing`).
    second = SECOND_OF_ARRIVAL.replace("instances.", "")
    db.execute(f"CREATE INDEX instances_second ON instances ({second})")
    db.execute(f"CREATE INDEX instances_series_second ON instances (series, {second})")
    # The normal form of dates (`radnode.archive.temporal`): ranges are compared in it, and answered in its order.
    db.execute(f"CREATE INDEX studies_date ON studies ({TEMPORAL['DA'].normal_sql('StudyDate')})")


def _create_schema(db: Database) -> None:
    _create_tables(db)
    _create_indexes(db)


def _add_revision(db: Database) -> None:
    db.table("counters").insert({"name": REVISION, "value": 0})


def _index_component_groups(db: Database) -> None:
    # Names in ideographic and phonetic characters; where there are none, these cost nothing.
    folded = "PatientName_folded"
    _, second, third = group_expressions(folded)
    for name, group, before in (("second", second, folded), ("third", third, second)):
        db.execute(f"CREATE INDEX patients_{name}_group ON patients ({group}) WHERE {has_more_groups(before)}")


def add_columns(db: Database, level: Level, attributes: tuple[Attribute, ...]) -> None:
    """The columns of those of `attributes` that have none yet: only the schema changes, however many rows there are."""
    table = db.table(TABLES[level])
    known = {column.name for column in table.columns}
    for column, kind in _columns(attributes).items():
        if column not in known:
            table.add_column(column, kind)


def _note_descriptions(db: Database) -> None:
    # See `radnode.archive.fitting`: how rows are described, and which objects and patients (after < id <= until), those
    # with their studies and series, are not so yet.
    db.table("fitted").create({"number": int, "further": str}, not_null={"number", "further"})
    db.table("fitted").insert({"number": 0, "further": "[]"})
    db.table("waiting").create({"level": int, "after": int, "until": int}, pk="level", not_null={"after", "until"})
    db.table("waiting").insert_all(
        [{"level": level.value, "after": 0, "until": 0} for level in (Level.PATIENT, Level.IMAGE)]
    )
    db.table("instances").add_column("described_by", int)


def _index_birth_dates(db: Database) -> None:
    # Looked for without a name where that may be spelled in several ways.
    db.execute(f"CREATE INDEX patients_birth_date ON patients ({TEMPORAL['DA'].normal_sql('PatientBirthDate')})")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _create_schema,
    _add_revision,
    _index_component_groups,
    _note_descriptions,
    _index_birth_dates,
)
"""Step n leads from version n to n + 1; a released step never changes."""


def version_of(db: Database) -> int:
    """How many migrations the index has had; 0 for a new one. Raises OutOfResources for one of a newer radnode."""
    if not db.table("migrations").exists():
        return 0
    version = int(db.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()[0])
    if version > len(MIGRATIONS):
        known = len(MIGRATIONS)
        raise OutOfResources(f"The index has version {version}, made by a newer radnode; this one knows up to {known}")
    return version


def migrate(db: Database) -> None:
    """Bring the index to the current version. Call it inside BEGIN IMMEDIATE: then each step runs exactly once."""
    done = version_of(db)
    migrations = db.table("migrations")
    if not migrations.exists():
        migrations.create({"version": int, "name": str, "applied_at": str}, pk="version")
    for version, step in enumerate(MIGRATIONS[done:], start=done + 1):
        step(db)
        applied_at = datetime.now(UTC).isoformat(timespec="seconds")
        migrations.insert({"version": version, "name": step.__name__.strip("_"), "applied_at": applied_at})
