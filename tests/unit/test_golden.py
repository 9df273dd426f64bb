"""Pictures of generated images against those in tests/golden, which show what each kind of image looks like.

After a change that is meant: `RADNODE_WRITE_GOLDEN=1 python -m pytest tests/unit/test_golden.py`, and look at them.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.golden import GOLDEN
from support.golden_colors import all_cases
from support.peers import require
from support.pictures import pixels_of, rendered

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render

CASES = {case.name: case for case in all_cases()}
WRITERS = {case.picture: case for case in reversed(CASES.values())}


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_it_did(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if case.dcmtk:
        require(case.dcmtk[0])
    golden = GOLDEN / f"{case.picture}.png"
    ours = pixels_of(render(case.write(tmp_path), PictureWish(**case.wish)).data)
    if os.environ.get("RADNODE_WRITE_GOLDEN") and WRITERS[case.picture] is case:
        Image.fromarray(ours).save(golden, optimize=True)
    theirs = pixels_of(golden.read_bytes())
    assert ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs).max() <= case.apart


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_same_without_vrs(name: str, tmp_path: Path) -> None:
    """Nothing says of numbers then whether they are signed, but other attributes."""
    case = CASES[name]
    image = case.make()
    if case.dcmtk or image.file_meta.TransferSyntaxUID != ExplicitVRLittleEndian:
        return
    image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ours = rendered(image, tmp_path, **case.wish)
    theirs = pixels_of((GOLDEN / f"{case.picture}.png").read_bytes())
    assert np.abs(ours.astype(int) - theirs).max() <= case.apart


def test_there_is_no_picture_of_nothing() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == WRITERS.keys()


def test_the_first_of_each_picture_is_exact_but_for_rounding() -> None:
    assert [case.name for case in WRITERS.values() if case.apart > 1] == []
