"""Worklist queries as SQL over the table of scheduled steps (PS3.4 K.2.2.2): pure, one condition for each key."""

from collections.abc import Iterator
from dataclasses import dataclass

from radnode.archive.condition import Condition
from radnode.archive.matching import condition_on
from radnode.model.attributes import Attribute
from radnode.model.query import DateTimeRange, MatchingKey
from radnode.work.worklist_entry import COMPLETED, DISCONTINUED, STARTED
from radnode.work.worklist_schema import FOLDED_NAME, stored_sql

Keys = tuple[tuple[Attribute, MatchingKey], ...]
_ORDER = "ScheduledProcedureStepStartDate, ScheduledProcedureStepStartTime, id"
HIDDEN = {"never": (), "ended": (COMPLETED, DISCONTINUED), "started": (STARTED, COMPLETED, DISCONTINUED)}
"""The statuses of scheduled steps that answers leave out, by the setting worklist.hide."""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Scheduled steps for which every key matches, those of the step itself and those of what is around it."""

    keys: Keys
    step_keys: Keys
    hidden: tuple[str, ...] = ()
    """Statuses that do not match."""


def matching_steps(query: WorklistQuery) -> Condition:
    """The SELECT of the steps' numbers, in the order of their times. Raises InvalidQuery."""
    conditions = [
        *_conditions(query.step_keys, of_step=True),
        *_conditions(query.keys, of_step=False),
        *_not_hidden(query.hidden),
    ]
    where = f"WHERE {' AND '.join(f'({one.sql})' for one in conditions)}" if conditions else ""
    parameters = tuple(value for one in conditions for value in one.parameters)
    return Condition(f"SELECT id FROM worklist_steps {where} ORDER BY {_ORDER}", parameters)  # noqa: S608 - no values


def _conditions(keys: Keys, *, of_step: bool) -> Iterator[Condition]:
    for attribute, key in keys:
        time = stored_sql(key.time.keyword, of_step=of_step) if isinstance(key, DateTimeRange) else None
        stored = stored_sql(attribute.keyword, of_step=of_step)
        folded = FOLDED_NAME if attribute.keyword == "PatientName" else None
        found = condition_on(attribute, key, stored=stored, folded=folded, time=time)
        if found is not None:
            yield found


def _not_hidden(hidden: tuple[str, ...]) -> Iterator[Condition]:
    if hidden:
        marks = ", ".join("?" * len(hidden))
        yield Condition(f"coalesce(ScheduledProcedureStepStatus, '') NOT IN ({marks})", hidden)
