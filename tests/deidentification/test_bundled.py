"""Every public test file de-identified: by the table, to the byte, and as DCMTK reads it."""

import re
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.comparing import further_files
from support.deidentified import TABLE, deidentified, has_value, pairs, read, seen
from support.instances import bundled_files
from support.peers import require

from radnode.instance.deidentification.profile import Dates, Profile
from radnode.model.errors import CannotDeidentify

TIME = re.compile(rb"[0-9:]{6,8}(\.[0-9]+)?")  # of a day: modified dates move by whole days
PROFILES = [
    Profile(),
    Profile(dates=Dates.MODIFY, clean_descriptors=True, clean_structured_content=True, clean_graphics=True),
]
REFUSED = (
    "it is a directory of files, not an object",
    "it has no valid SOP",
    "File has no DICOM preamble",
    "File meta information",
    "the data set ends within",
    "(0000,0000) is out of place",
    "File ends within its meta information",
    "the data set is no deflated stream",
)


def outcomes(profile: Profile) -> Iterator[tuple[Path, Dataset, bytes]]:
    for path in [*bundled_files(), *(path for path in further_files() if path.stat().st_size < 1 << 21)]:
        try:
            file, _ = deidentified(path, profile, accept_burned_in=True)
            yield path, pydicom.dcmread(path, force=True), file
        except CannotDeidentify as why:
            if not str(why).startswith(REFUSED):
                raise


def plain_texts(dataset: Dataset, *, listed: bool) -> set[bytes]:
    """The distinctive values of the attributes that the table names, or of those that it does not."""
    found = set()
    for element in dataset.iterall():
        is_listed = element.tag in TABLE or element.tag.is_private
        if is_listed is listed and element.VR not in ("SQ", "OB", "OW", "UN") and has_value(element):
            values = (
                element.value if isinstance(element.value, (list, pydicom.multival.MultiValue)) else [element.value]
            )
            found |= {str(value).encode("utf-8", "replace") for value in values}
    return found


def is_fulfilled(old: DataElement, new: DataElement | None) -> bool:
    allowed = TABLE[old.tag]
    saw = seen(old, new) if has_value(old) else "empty"
    return saw in allowed or saw == "empty" or (saw == "mapped" and old.VR == "UI")


@pytest.fixture(scope="module")
def basic() -> list[tuple[Path, Dataset, bytes]]:
    """All files that can be, by the Basic Profile."""
    with warnings.catch_warnings(action="ignore"):  # what pydicom has to say about odd values
        return list(outcomes(Profile()))


@pytest.mark.filterwarnings("ignore")
def test_every_element_of_every_file_has_its_action(basic: list[tuple[Path, Dataset, bytes]]) -> None:
    for path, old, file in basic:
        new = read(file)
        wrong = [
            (path.name, place, str(before))
            for place, before, after in pairs(old, new)
            if before.tag in TABLE and not is_fulfilled(before, after)
        ]
        assert wrong == []
        assert [element.tag for element in new.iterall() if element.tag.is_private] == []
    assert len(basic) >= 120


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("profile", PROFILES, ids=["basic", "options"])
def test_no_identifying_value_is_left_in_the_bytes(basic: list[tuple[Path, Dataset, bytes]], profile: Profile) -> None:
    for path, old, file in basic if profile == Profile() else outcomes(profile):
        kept = b"\n".join(plain_texts(old, listed=False))
        secrets = {text for text in plain_texts(old, listed=True) if len(text) >= 6 and text not in kept}
        pixels = old.get("PixelData", b"") or b""
        header = file.replace(bytes(pixels), b"") if len(pixels) < len(file) else file
        secrets -= {b"ANONYMIZED", b"000000", b"19000101"}
        if profile.clean_descriptors:
            secrets = {text for text in secrets if re.search(rb"\d{4}|\^", text) and not TIME.fullmatch(text)}
        left = [
            text for text in secrets if text in header and not re.fullmatch(rb"[0-9.:]{6}|1\.2\.840\.10008.*", text)
        ]
        assert left == [], path.name


@pytest.mark.filterwarnings("ignore")
def test_pixels_and_transfer_syntax_stay_and_dcmtk_reads_it(
    basic: list[tuple[Path, Dataset, bytes]], tmp_path: Path
) -> None:
    files: list[Path] = []
    for path, old, file in basic:
        new = read(file)
        assert new.file_meta.TransferSyntaxUID == old.file_meta.TransferSyntaxUID, path.name
        assert new.file_meta.MediaStorageSOPInstanceUID == new.SOPInstanceUID != old.get("SOPInstanceUID")
        for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
            assert new.get(keyword) == old.get(keyword), path.name
        assert new.get("SpecificCharacterSet") == old.get("SpecificCharacterSet")
        files.append(tmp_path / f"{len(files)}-{path.name}.dcm")
        files[-1].write_bytes(file)
    done = subprocess.run([require("dcmdump"), "-q", *map(str, files)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
