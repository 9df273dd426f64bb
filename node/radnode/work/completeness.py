"""Whether the archive holds what modalities say they made of a study: performed procedure steps as evidence."""

import sys
from dataclasses import dataclass

from radnode.archive.archive import Archive
from radnode.model.procedure_step import IN_PROGRESS
from radnode.model.uid import InvalidUID, parse_uid
from radnode.work.procedure_steps import ProcedureSteps


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is known of a study: the steps that tell it, how many instances they name, and which are not held."""

    steps: tuple[str, ...]
    have_ended: bool
    expected: int
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every step has ended and nothing is missing; false where no step is known."""
        return bool(self.steps) and self.have_ended and not self.missing


def completeness_of(archive: Archive, steps: ProcedureSteps, study: str) -> Completeness:
    """The completeness of the study with this UID. Raises OutOfResources."""
    known = steps.steps(study=study, limit=sys.maxsize)
    expected = dict.fromkeys(instance for step in known for instance in step.instances)
    missing = tuple(instance for instance in expected if not _is_held(archive, instance))
    has_ended = all(step.status != IN_PROGRESS for step in known)
    return Completeness(tuple(step.sop_instance for step in known), has_ended, len(expected), missing)


def _is_held(archive: Archive, instance: str) -> bool:
    try:
        return archive.holding(parse_uid(instance)) is not None
    except InvalidUID:
        return False
