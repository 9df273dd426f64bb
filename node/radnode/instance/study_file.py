"""What one file tells of its study: its metadata, where each value stands, and the dose that it writes down."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import dictionary_VR

from radnode.instance.content import Content, opened, read_content
from radnode.instance.dose import CTDI_VOL, Dose, header_doses, report_doses
from radnode.instance.encodings import Buffer
from radnode.instance.metadata import VRS, Metadata, metadata_of
from radnode.instance.provenance import IDENTITY, SOP_CLASS, SOP_INSTANCE, Origin, Origins, origins_of, tag_text
from radnode.model.file_path import FilePath
from radnode.model.study_facts import DOSE_REPORTS
from radnode.model.uid import UID

_VRS = {**VRS, **IDENTITY, CTDI_VOL: dictionary_VR(CTDI_VOL)}


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A file that was read."""

    path: FilePath
    sop_instance: str
    metadata: Metadata
    origins: Origins
    doses: tuple[Dose, ...]

    def origin_of(self, dose: Dose) -> Origin:
        """Where a dose of this file stands."""
        return Origin(tag_text(dose.tag), dose.keyword, self.sop_instance, str(self.path), dose.within)


def read_study_file(file: Path, path: FilePath) -> StudyFile:
    """What `file`, stored at `path`, tells. Raises NotDicom, CannotPresent for a broken dose report, OSError."""
    with opened(file) as (dataset, encoding):
        content = read_content(dataset, encoding, _VRS)
        doses = tuple(_doses(content, dataset, encoding))
    sop_instance = content.find(SOP_INSTANCE)[0] or ""
    return StudyFile(path, sop_instance, metadata_of(content), origins_of(content, str(path)), doses)


def _doses(content: Content, dataset: Buffer, encoding: UID) -> Iterator[Dose]:
    if content.find(SOP_CLASS)[0] in DOSE_REPORTS:
        return report_doses(dataset, encoding)
    return header_doses(content, dataset, encoding)
