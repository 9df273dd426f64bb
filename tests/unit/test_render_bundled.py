"""Every file that pydicom bundles: a picture, or a reason; and where DCMTK makes a picture too, the same one."""

import pytest
from pydicom.uid import JPEG2000, JPEG2000Lossless
from support.comparing import difference, frames_of
from support.instances import bundled, bundled_files
from support.peers import require
from support.pictures import pixels_of
from support.references import dcmtk_picture, header_of

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender, NoPixelData

NO_META = "File has no DICOM preamble and prefix"
REFUSED = {
    "ExplVR_BigEndNoMeta.dcm": NO_META,
    "ExplVR_LitEndNoMeta.dcm": NO_META,
    "no_meta.dcm": NO_META,
    "rtstruct.dcm": NO_META,
    "meta_missing_tsyntax.dcm": "File meta information has no transfer syntax",
    # Its codestream is broken on purpose: 3,722,445,056 columns.
    "JPEG2000-embedded-sequence-delimiter.dcm": "the compressed frame has another size than Rows and Columns say",
    "nested_priv_SQ.dcm": "Bits Allocated is missing or not a number",
    "MR_truncated.dcm": "the data set ends within the element at byte",
    "rtplan_truncated.dcm": "the data set ends within the element at byte",
    "rtdose_expb.dcm": "can be read in two ways",
    "rtdose_expb_1frame.dcm": "can be read in two ways",
}
PICTURES = {
    path.name: path for path in bundled_files() if path.parent.name == "test_files" and path.name not in REFUSED
}


def has_peer(name: str) -> bool:
    """Whether DCMTK can show it: Debian's reads no JPEG 2000, and no implicit VR where explicit is declared."""
    header = header_of(PICTURES[name])
    readable = header.file_meta.TransferSyntaxUID not in (JPEG2000, JPEG2000Lossless)
    return "Rows" in header and readable and name != "SC_rgb_jpeg.dcm"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_has_its_reason(name: str) -> None:
    with pytest.raises(CannotRender, match=REFUSED[name]):
        render(bundled(name), PictureWish())


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_all_others_have_a_picture_or_no_pixel_data(name: str) -> None:
    header = header_of(PICTURES[name])
    if "Rows" not in header:
        with pytest.raises(NoPixelData):
            render(PICTURES[name], PictureWish())
    else:
        assert pixels_of(render(PICTURES[name], PictureWish()).data).shape[:2] == (header.Rows, header.Columns)


def test_the_files_of_the_dicomdir_are_shown_too() -> None:
    outcomes = []
    for path in bundled_files():
        if "dicomdirtests" in path.parts:
            try:
                outcomes.append(pixels_of(render(path, PictureWish()).data).size > 0)
            except (NoPixelData, CannotRender):
                outcomes.append(False)
    assert sum(outcomes) > 20


@pytest.mark.parametrize("name", sorted(filter(has_peer, PICTURES)))
def test_dcmtk_shows_the_same(name: str) -> None:
    require("dcmj2pnm")
    for frame in frames_of(PICTURES[name]):
        theirs = dcmtk_picture(PICTURES[name], frame)
        assert theirs is not None
        apart = difference(pixels_of(render(PICTURES[name], PictureWish(frame=frame)).data), theirs)
        # DCMTK cuts fractions off where we round, and upsamples chroma in its own way.
        assert apart.mean < 1
        assert apart.greatest <= 1
