"""The one shape of path that radnode shows and accepts: studies/<study>/<series>/<32 hex>.dcm."""

import re
from dataclasses import dataclass

from radnode.model.errors import NotFound
from radnode.model.uid import UID, InvalidUID, parse_uid

DIGEST_PREFIX = 32
_SHAPE = re.compile(rf"studies/([0-9.]{{1,64}})/([0-9.]{{1,64}})/([0-9a-f]{{{DIGEST_PREFIX}}})\.dcm")


@dataclass(frozen=True, slots=True, order=True)
class FilePath:
    """Where an object lies below the archive's root; `name` is the first 32 hex digits of its digest."""

    study: UID
    series: UID
    name: str

    def __str__(self) -> str:
        """The path as the REST API shows it."""
        return f"studies/{self.study}/{self.series}/{self.name}.dcm"


def parse_file_path(text: str) -> FilePath:
    """The path that `text` names; NotFound for anything of another shape (traversal, NUL, a folder...)."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise NotFound("DICOM file not found")
    try:
        return FilePath(parse_uid(match[1]), parse_uid(match[2]), match[3])
    except InvalidUID:
        raise NotFound("DICOM file not found") from None
