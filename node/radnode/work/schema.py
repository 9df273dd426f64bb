"""The tables of the work file: each part has its own numbered steps, so that parts grow without each other.

A part is one module of this room; its `STEPS` are named here.
"""

from collections.abc import Callable, Mapping

from sqlite_utils import Database

from radnode.model.errors import OutOfResources
from radnode.work import commitments, jobs_schema, procedure_steps_schema, queue_schema, worklist_schema

Steps = tuple[Callable[[Database], None], ...]

PARTS: Mapping[str, Steps] = {
    "queue": queue_schema.STEPS,
    "commitments": commitments.STEPS,
    "worklist": worklist_schema.STEPS,
    "procedure_steps": procedure_steps_schema.STEPS,
    "jobs": jobs_schema.STEPS,
}
"""Step n of a part leads it from version n to n + 1; a released step never changes."""


def versions(db: Database) -> dict[str, int]:
    """How many steps each part has had. Raises OutOfResources for a file of a newer radnode."""
    if not db.table("parts").exists():
        return {}
    done = {str(name): int(version) for name, version in db.execute("SELECT name, version FROM parts")}
    for name, version in done.items():
        if version > len(PARTS.get(name, ())):
            raise OutOfResources(f"The work file has {name} in version {version}, made by a newer radnode")
    return done


def is_current(db: Database) -> bool:
    """Whether every part has had all of its steps."""
    done = versions(db)
    return db.table("parts").exists() and all(done.get(name, 0) == len(steps) for name, steps in PARTS.items())


def migrate(db: Database) -> None:
    """Bring every part to its current version. Call it inside BEGIN IMMEDIATE: then each step runs exactly once."""
    done = versions(db)
    db.table("parts").create({"name": str, "version": int}, pk="name", if_not_exists=True)
    for name, steps in PARTS.items():
        for step in steps[done.get(name, 0) :]:
            step(db)
        db.table("parts").upsert({"name": name, "version": len(steps)}, pk="name")
