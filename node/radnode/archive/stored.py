"""What becomes of an object that was brought to the archive."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from radnode.model.file_path import DIGEST_PREFIX, FilePath
from radnode.model.header import Header


class Outcome(Enum):
    """How an object met what was there."""

    NEW = "new"
    SAME = "same"  # the same bytes were there: nothing changed
    EQUAL = "equal"  # the same elements in another encoding were there: the first stays
    CONFLICT = "conflict"  # another object had this SOP Instance UID: it is superseded now


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is safe: on disk and in the index. `path` is where its current file lies.

    `arrived` is when the archive took in what lies there, in ns since the epoch (UTC).
    """

    path: FilePath
    header: Header
    outcome: Outcome
    arrived: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the index keeps of a file beside its header: digest (hex), bytes, arrival in ns since the epoch (UTC)."""

    sha256: str
    size: int
    arrived: int
    original_name: str | None = None

    @property
    def name(self) -> str:
        """The file's name, without suffix: the first digits of its digest."""
        return self.sha256[:DIGEST_PREFIX]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A whole object in incoming/, ready to be adopted: its temporary file, and what was read from it.

    `descriptor` is of that file, where it is still open.
    """

    part: Path
    header: Header
    facts: FileFacts
    descriptor: int | None = None

    @property
    def path(self) -> FilePath:
        """Where it belongs."""
        return FilePath(self.header.study, self.header.series, self.facts.name)
