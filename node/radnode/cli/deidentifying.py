"""De-identified copies of many files: each by itself, none over another, and what fails does not stop the rest."""

import errno
import filecmp
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from radnode.instance.deidentification.deidentify import Deidentified, deidentify
from radnode.instance.deidentification.profile import Profile
from radnode.instance.deidentification.pseudonyms import Pseudonyms
from radnode.model.errors import CannotDeidentify, RadnodeError
from radnode.model.uid import InvalidUID, parse_uid

FILE_MODE = 0o640
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Copying:
    """How copies are made; without `output` none is, and it is only told what would be done."""

    profile: Profile
    pseudonyms: Pseudonyms
    output: Path | None
    accept_burned_in: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """What became of one file: `written`, `same` (it was there already) or `refused`, and then why."""

    source: Path
    outcome: str
    why: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class CopyReport:
    """What became of all of them, and what was done with which attribute: (tag, act) -> how often."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Copy] = field(default_factory=list)
    warned: list[Copy] = field(default_factory=list)
    acts: Counter[tuple[int, str]] = field(default_factory=Counter)
    patient: str = ""
    """The first one."""

    def add(self, copy: Copy) -> None:
        """Count one file."""
        self.counts[copy.outcome] += 1
        if copy.why:
            self.refused.append(copy)
        elif copy.warnings:
            self.warned.append(copy)


def copy_all(sources: Iterable[Path], copying: Copying, report: CopyReport) -> Iterator[int]:
    """Copy each file, and tell how many are done after each."""
    for number, source in enumerate(sources, 1):
        report.add(_copy(source, copying, report))
        yield number


def files_at(path: Path, output: Path | None) -> Iterator[Path]:
    """The file at `path`, or every file below it, in order; links are not followed, and `output` is left out."""
    if not path.is_dir():
        yield path
        return
    left_out = output.resolve() if output else None
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if Path(folder, name).resolve() != left_out)
        yield from (Path(folder, name) for name in sorted(names) if not Path(folder, name).is_symlink())


def _copy(source: Path, copying: Copying, report: CopyReport) -> Copy:
    try:
        outcome, said = (_written if copying.output else _tried)(source, copying, report)
    except RadnodeError as error:
        return Copy(source, "refused", str(error))
    except OSError as error:
        return Copy(source, "refused", error.strerror or "input/output error")
    for tag, acts in said.acts.items():
        for act, count in acts.items():
            report.acts[tag, act] += count
    return Copy(source, outcome, warnings=said.warnings)


def _tried(source: Path, copying: Copying, report: CopyReport) -> tuple[str, Deidentified]:
    """Everything but the file."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        return "possible", _deidentified(source, descriptor, copying, report)
    finally:
        os.close(descriptor)


def _written(source: Path, copying: Copying, report: CopyReport) -> tuple[str, Deidentified]:
    """Whole or not at all, named by the new UIDs. Raises FileExistsError where another object has that name."""
    output = copying.output
    assert output is not None
    with tempfile.NamedTemporaryFile(dir=output, prefix=".radnode-") as file:
        said = _deidentified(source, file.fileno(), copying, report)
        target = output / _name(said.study) / _name(said.series) / f"{_name(said.sop_instance)}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # where files have no modes, the disk's own hold
            os.fchmod(file.fileno(), FILE_MODE)
        try:
            _place(file.name, target)
        except FileExistsError:
            if not filecmp.cmp(file.name, target, shallow=False):
                raise
            return "same", said
        return "written", said


def _place(made: str, target: Path) -> None:
    """Give the file its name, if nothing has it yet; FileExistsError otherwise."""
    try:
        target.hardlink_to(made)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy_new(made, target)


def _copy_new(made: str, target: Path) -> None:
    """Where the disk has no links, as on most sticks; nothing is left of a copy that fails."""
    with Path(made).open("rb") as source, target.open("xb") as copy:
        try:
            shutil.copyfileobj(source, copy, _PIECE)
        except BaseException:
            target.unlink()
            raise


def _deidentified(source: Path, descriptor: int, copying: Copying, report: CopyReport) -> Deidentified:
    """Raises CannotDeidentify also for another patient than the first, where all would get one ID."""
    profile = copying.profile
    said = deidentify(source, descriptor, profile, copying.pseudonyms, accept_burned_in=copying.accept_burned_in)
    report.patient = report.patient or said.patient
    if (profile.patient_id or profile.patient_name) and said.patient != report.patient:
        raise CannotDeidentify("it is another patient's, and one ID or name is for one patient")
    return said


def _name(uid: str) -> str:
    """A UID as a name of a file or folder; whatever else stands there, where UIDs are retained, never is one."""
    try:
        return parse_uid(uid)
    except InvalidUID:
        return "unknown"
