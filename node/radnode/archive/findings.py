"""What a check of the archive tells: findings, a report of them, and how far it has come."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What is not as it should be."""

    INDEX = "index"  # the index is missing or damaged
    ORPHAN = "orphan"  # a file that the index does not know
    MISSING = "missing"  # a row whose file is not there
    DAMAGED = "damaged"  # a file whose content is not what its digest says
    MISPLACED = "misplaced"  # an unknown file that is no DICOM object or does not belong where it lies
    SUPERSEDED_ORPHAN = "superseded orphan"  # a superseded file without its row
    SUPERSEDED_MISSING = "superseded missing"  # a superseded row without its file
    COUNTER = "counter"  # a number that is not what counting gives
    DERIVED = "derived"  # a column that is not what it derives from says
    OUTDATED = "outdated"  # rows that do not say yet all that is indexed
    LEFTOVER = "leftover"  # a temporary file of a process that died
    FOREIGN = "foreign"  # something in the archive's folders that is not the archive's; never touched


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `path` is relative to the archive's root, or names a counter."""

    kind: Kind
    path: str
    detail: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step of the check is; `total` is an estimate, 0 where there is none."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found among so many `files`."""

    files: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Nothing found but what is not ours."""
        return all(finding.kind is Kind.FOREIGN for finding in self.findings)

    @property
    def mended(self) -> bool:
        """Index and files agree now: nothing was found, or all of it was repaired."""
        return all(finding.repaired or finding.kind is Kind.FOREIGN for finding in self.findings)

    @property
    def lost(self) -> int:
        """Objects that were acknowledged once and cannot be given back: missing or damaged, repaired or not."""
        return sum(finding.kind in {Kind.MISSING, Kind.DAMAGED, Kind.SUPERSEDED_MISSING} for finding in self.findings)
