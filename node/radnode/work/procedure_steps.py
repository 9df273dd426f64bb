"""Performed procedure steps as modalities report them (MPPS), and what that says of the worklist and of studies."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row

from radnode.model.document import Document, items_in, text_in
from radnode.model.errors import InvalidQuery, NotFound
from radnode.model.procedure_step import (
    IN_PROGRESS,
    SCHEDULED_STEPS,
    STATUS,
    Finding,
    findings_at_creation,
    findings_at_setting,
)
from radnode.model.uid import UID
from radnode.work.evidence import tell_worklist
from radnode.work.work_file import WorkFile
from radnode.work.worklist_entry import moment

_CURSOR = re.compile(r"([0-9]{1,18}|[1-8][0-9]{18})-([0-9.]{1,64})", re.ASCII)  # an integer of SQLite, and a UID
_STEP = "SELECT s.* FROM procedure_steps s"
_OF_STUDY = "EXISTS (SELECT 1 FROM procedure_step_references r WHERE r.sop_instance = s.sop_instance AND r.study = ?)"


class BadStep(Exception):
    """What a modality reports is no procedure step, or no change of one."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.keyword} {finding.problem.value}")
        self.finding = finding


class Known(Exception):
    """There is a procedure step with that SOP Instance UID."""


class Ended(Exception):
    """The procedure step was completed or discontinued, and changes no more."""


@dataclass(frozen=True, slots=True)
class ProcedureStep:
    """A performed procedure step."""

    sop_instance: UID
    status: str
    document: Document
    created: datetime
    changed: datetime

    @property
    def studies(self) -> tuple[str, ...]:
        """The Study Instance UIDs that it is of."""
        return tuple(dict.fromkeys(study for study, _ in references_of(self.document)))

    @property
    def instances(self) -> tuple[str, ...]:
        """The SOP Instance UIDs that it says it made."""
        return tuple(dict.fromkeys(_instances(self.document)))


@dataclass(frozen=True, slots=True)
class StepFilter:
    """Which steps are wanted: those of a study, or of a status, or both; None is any."""

    study: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class StepPage:
    """Some of the steps, the newest first; `next` is the cursor of the page behind this one."""

    steps: tuple[ProcedureStep, ...]
    next: str | None


class ProcedureSteps:
    """Thread-safe; what was written is on the disk on return. Every method may raise OutOfResources."""

    def __init__(self, work: WorkFile) -> None:
        self._work = work

    def create(self, sop_instance: UID, document: Document) -> None:
        """Keep a step that began. Raises BadStep, Known."""
        for finding in findings_at_creation(document):
            raise BadStep(finding)
        with self._work.writing() as connection:
            if _row(connection, sop_instance) is not None:
                raise Known
            now = time.time_ns()
            row = (sop_instance, IN_PROGRESS, _json(document), now, now)
            connection.execute("INSERT INTO procedure_steps VALUES (?, ?, ?, ?, ?)", row)
            references = references_of(document)
            connection.executemany(
                "INSERT INTO procedure_step_references VALUES (?, ?, ?)",
                [(sop_instance, study, step) for study, step in references],
            )
            tell_worklist(connection, references)

    def change(self, sop_instance: UID, changes: Document) -> None:
        """Let a step that is in progress say this too. Raises NotFound, Ended, BadStep."""
        with self._work.writing() as connection:
            step = _found(connection, sop_instance)
            if step.status != IN_PROGRESS:
                raise Ended
            for finding in findings_at_setting(step.document, changes):
                raise BadStep(finding)
            document = {**step.document, **changes}
            connection.execute(
                "UPDATE procedure_steps SET status = ?, document = ?, changed = ? WHERE sop_instance = ?",
                (text_in(document, STATUS), _json(document), time.time_ns(), sop_instance),
            )
            tell_worklist(connection, references_of(document))

    def step(self, sop_instance: str) -> ProcedureStep:
        """The step with that SOP Instance UID. Raises NotFound."""
        with self._work.reading() as connection:
            return _found(connection, sop_instance)

    def steps(
        self, *, study: str | None = None, status: str | None = None, limit: int = 1000
    ) -> tuple[ProcedureStep, ...]:
        """The steps of a study, or of a status, or all, `limit` at most, the newest first."""
        with self._work.reading() as connection:
            return tuple(_step(row) for row in _newest(connection, StepFilter(study, status), None, limit))

    def page(self, wanted: StepFilter, *, limit: int, most_bytes: int, cursor: str | None = None) -> StepPage:
        """The same behind `cursor`, and only so many that their documents have `most_bytes` together, but one at least.

        Raises InvalidQuery for a cursor that is none.
        """
        after = _place(cursor) if cursor else None
        taken: list[Row] = []
        size = 0
        with self._work.reading() as connection:
            for row in _newest(connection, wanted, after, limit + 1):
                size += len(row["document"].encode())
                if taken and (len(taken) == limit or size > most_bytes):
                    return StepPage(tuple(map(_step, taken)), f"{taken[-1]['created']}-{taken[-1]['sop_instance']}")
                taken.append(row)
        return StepPage(tuple(map(_step, taken)), None)


def _newest(connection: Connection, wanted: StepFilter, after: tuple[int, str] | None, limit: int) -> Iterator[Row]:
    conditions: Mapping[str, tuple[int | str | None, ...]] = {
        _OF_STUDY: (wanted.study,),
        "s.status = ?": (wanted.status,),
        "(-s.created, s.sop_instance) > (?, ?)": (-after[0], after[1]) if after else (None,),
    }
    given = {sql: values for sql, values in conditions.items() if values[0] is not None}
    where = f"WHERE {' AND '.join(given)}" if given else ""
    sql = f"{_STEP} {where} ORDER BY s.created DESC, s.sop_instance LIMIT ?"
    return connection.execute(sql, (*(value for values in given.values() for value in values), limit))


def _place(cursor: str) -> tuple[int, str]:
    """When the last step of a page was created (ns), and its UID."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidQuery("cursor is none that this node gave")
    return int(found[1]), found[2]


def references_of(document: Document) -> tuple[tuple[str, str], ...]:
    """The scheduled steps that were performed: Study Instance UID and Scheduled Procedure Step ID."""
    items = items_in(document, SCHEDULED_STEPS)
    pairs = ((text_in(item, "StudyInstanceUID"), text_in(item, "ScheduledProcedureStepID")) for item in items)
    return tuple(dict.fromkeys(pairs))


def _instances(document: Document) -> Iterator[str]:
    for series in items_in(document, "PerformedSeriesSequence"):
        for keyword in ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence"):
            for reference in items_in(series, keyword):
                yield text_in(reference, "ReferencedSOPInstanceUID")


def _row(connection: Connection, sop_instance: str) -> Row | None:
    row: Row | None = connection.execute(f"{_STEP} WHERE s.sop_instance = ?", (sop_instance,)).fetchone()
    return row


def _found(connection: Connection, sop_instance: str) -> ProcedureStep:
    row = _row(connection, sop_instance)
    if row is None:
        raise NotFound("There is no such procedure step")
    return _step(row)


def _step(row: Row) -> ProcedureStep:
    document = json.loads(row["document"])
    created, changed = moment(row["created"]), moment(row["changed"])
    return ProcedureStep(UID(row["sop_instance"]), row["status"], document, created, changed)


def _json(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False)
