"""pydicom-data's files look as DCMTK shows them, or as pydicom's own functions do where DCMTK has no decoder.

The whole table, with pydicom's bundled files and both references, is docs/images.md (scripts/compare_images).
"""

from pathlib import Path

import pytest
from support.comparing import difference, frames_of, further_files
from support.peers import require
from support.pictures import pixels_of
from support.references import dcmtk_picture, pydicom_picture

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender

REFUSED = {"OT-PAL-8-face.dcm": "File has no DICOM preamble and prefix"}
FILES = {path.name: path for path in further_files()}


def test_there_is_something_to_compare() -> None:
    assert len(FILES) > 60
    assert REFUSED.keys() <= FILES.keys()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_has_its_reason(name: str) -> None:
    with pytest.raises(CannotRender, match=REFUSED[name]):
        render(FILES[name], PictureWish())


@pytest.mark.parametrize(
    "path", [path for name, path in FILES.items() if name not in REFUSED], ids=lambda path: path.name
)
def test_others_show_the_same(path: Path) -> None:
    require("dcmj2pnm")
    for frame in frames_of(path):
        ours = pixels_of(render(path, PictureWish(frame=frame)).data)
        theirs = dcmtk_picture(path, frame)
        apart = difference(ours, pydicom_picture(path, frame) if theirs is None else theirs)
        assert apart.mean < 1
        assert apart.greatest <= 2  # DCMTK cuts fractions off where we round, and converts YBR in whole numbers
