"""Every public test file that pydicom has, radnode's picture of it, and how far that is from what others show."""

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import data_store
import numpy as np
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from support.instances import bundled, bundled_files
from support.pictures import pixels_of
from support.references import Array, dcmtk_picture, header_of, pydicom_picture

from radnode.instance.decoding.image_attributes import FOREIGN_FAILURES
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import RadnodeError

_FAILURES = (*FOREIGN_FAILURES, InvalidDicomError)
"""What pydicom raises on odd files."""


@dataclass(frozen=True)
class Difference:
    """Absolute differences of grey levels (0 to 255), over all picture elements and samples."""

    mean: float
    greatest: float


@dataclass(frozen=True)
class Row:
    """One frame of one file: what it is, what was shown, and what others show; or why nothing was."""

    name: str
    frame: int
    header: Dataset | None
    picture: Array | None = None
    facts: dict[str, str] | None = None
    refusal: str = ""
    dcmtk: Difference | str = ""
    pydicom: Difference | str = ""

    @property
    def differences(self) -> list[Difference]:
        """Those that could be measured."""
        return [one for one in (self.dcmtk, self.pydicom) if isinstance(one, Difference)]


def further_files() -> list[Path]:
    """Every file of the package pydicom-data; nothing is downloaded."""
    return sorted((Path(data_store.__file__).parent / "data").glob("*.dcm"))


def all_files() -> list[Path]:
    """Those and every one that pydicom bundles, but for texts for people."""
    files = [path for path in bundled_files() if path.name != "README" and path.suffix != ".txt"]
    palettes = sorted((bundled("CT_small.dcm").parent.parent / "palettes").glob("*.dcm"))
    return [*files, *palettes, *further_files()]


def frames_of(path: Path) -> tuple[int, ...]:
    """The first frame and, where there are more, the last."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's on odd values
            last = int(header_of(path).get("NumberOfFrames") or 1)
    except _FAILURES:
        return (1,)
    return (1, last) if last > 1 else (1,)


def compare(path: Path) -> Iterator[Row]:
    """A row for each frame that is looked at."""
    for frame in frames_of(path):
        yield row_of(path, frame)


def row_of(path: Path, frame: int) -> Row:
    """radnode's picture of a frame beside the others'."""
    header = _header(path)
    try:
        made = render(path, PictureWish(frame=frame))
    except RadnodeError as refusal:
        return Row(path.name, frame, header, refusal=str(refusal))
    picture = pixels_of(made.data)
    return Row(
        path.name,
        frame,
        header,
        picture,
        asdict(made.facts),
        dcmtk=_difference(picture, lambda: dcmtk_picture(path, frame)),
        pydicom=_difference(picture, lambda: pydicom_picture(path, frame)),
    )


def _header(path: Path) -> Dataset | None:
    try:
        return header_of(path)
    except _FAILURES:
        return None


def _difference(ours: Array, theirs: Any) -> Difference | str:
    try:
        picture = theirs()
    except _FAILURES:
        return "cannot"
    if picture is None:
        return "cannot"
    if picture.shape != ours.shape:
        return f"shows {' x '.join(map(str, picture.shape))}"
    return difference(ours, picture)


def difference(ours: Array, theirs: Array) -> Difference:
    """Between a picture and one that may not be rounded yet."""
    apart = np.abs(ours.astype(np.float64) - np.floor(theirs + 0.5))
    return Difference(float(apart.mean()), float(apart.max()))
