"""What one file tells of its study: its metadata, where each value stands, and the dose that it writes down."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import dictionary_VR

from radnode.instance.content import opened, read_content
from radnode.instance.words.dose import CTDI_VOL, Dose, header_doses, report_doses
from radnode.instance.words.metadata import VRS, Metadata, metadata_of
from radnode.instance.words.provenance import IDENTITY, SOP_CLASS, SOP_INSTANCE, Origin, Origins, origins_of, tag_text
from radnode.model.errors import CannotPresent, NotDicom
from radnode.model.file_path import FilePath
from radnode.model.study_facts import DOSE_REPORTS

MAX_REPORTS = 12 << 20
"""Bytes of all dose reports of a study that are read; one has some hundred kilobytes."""
_VRS = {**VRS, **IDENTITY, CTDI_VOL: dictionary_VR(CTDI_VOL)}


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A file that was read."""

    path: FilePath
    sop_instance: str
    metadata: Metadata
    origins: Origins
    doses: tuple[Dose, ...]
    report_size: int
    """Bytes of its data set, where it is a dose report that was read."""
    is_whole: bool
    """Whether everything was read: of a dose report that is broken or too much there is only its header."""

    def origin_of(self, dose: Dose) -> Origin:
        """Where a dose of this file stands."""
        return Origin(tag_text(dose.tag), dose.keyword, self.sop_instance, str(self.path), dose.within)


def read_study_files(files: Iterable[tuple[Path, FilePath]]) -> Iterator[StudyFile]:
    """What files, each stored at its path, tell. What has gone or cannot be read is left out."""
    room = MAX_REPORTS
    for file, path in files:
        with suppress(FileNotFoundError, NotDicom):
            found = read_study_file(file, path, most_of_report=room)
            room -= found.report_size
            yield found


def read_study_file(file: Path, path: FilePath, *, most_of_report: int = MAX_REPORTS) -> StudyFile:
    """What `file`, stored at `path`, tells; a dose report is not read if it is larger. Raises NotDicom, OSError."""
    with opened(file) as (dataset, encoding):
        content = read_content(dataset, encoding, _VRS)
        is_report = content.find(SOP_CLASS)[0] in DOSE_REPORTS
        size = len(dataset) if is_report and len(dataset) <= most_of_report else 0
        doses: tuple[Dose, ...] | None = None
        with suppress(CannotPresent):
            if not is_report:
                doses = tuple(header_doses(content, dataset, encoding))
            elif size:
                doses = tuple(report_doses(dataset, encoding))
    return StudyFile(
        path=path,
        sop_instance=content.find(SOP_INSTANCE)[0] or "",
        metadata=metadata_of(content),
        origins=origins_of(content, str(path)),
        doses=doses or (),
        report_size=size,
        is_whole=doses is not None,
    )
