"""DCMTK reads what was transcoded, and makes the same of it as of the original."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from support.instances import bundled, write_part10
from support.peers import run
from support.pictures import image_of
from support.transcoded import transcoded, transfer_syntax_of

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.equality import same_elements
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.instance.transcoding.targets import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED
from radnode.instance.transcoding.targets import JPEG_LS_LOSSLESS, RLE_LOSSLESS, targets

OPTIONS: dict[str, str] = {
    IMPLICIT_VR_LITTLE_ENDIAN: "+ti",
    EXPLICIT_VR_LITTLE_ENDIAN: "+te",
    EXPLICIT_VR_BIG_ENDIAN: "+tb",
    DEFLATED: "+td",
}
NAMES = ["CT_small.dcm", "examples_overlay.dcm", "reportsi.dcm", "SC_rgb_rle.dcm"]


@pytest.mark.parametrize("name", NAMES)
def test_dcmdump_has_nothing_to_complain_of(name: str, tmp_path: Path) -> None:
    path = bundled(name)
    for target in targets(transfer_syntax_of(path)):
        told = run("dcmdump", "-q", "+L", transcoded(path, target, tmp_path)).stdout
        assert not re.findall(r"^[WE]: .*", told, re.MULTILINE)


@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_overlay.dcm", "rtplan.dcm", "waveform_ecg.dcm"])
@pytest.mark.parametrize("target", OPTIONS, ids=OPTIONS.values())
def test_dcmconv_makes_the_same(name: str, target: str, tmp_path: Path) -> None:
    path = bundled(name)
    if transfer_syntax_of(path) == target:
        return
    theirs = tmp_path / "theirs.dcm"
    run("dcmconv", "-g", OPTIONS[target], path, theirs)  # -g: group lengths as they are
    assert same_elements(theirs, transcoded(path, target, tmp_path))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["JPGExtended.dcm", "JPEG-lossy.dcm", "SC_rgb_jpeg_dcmtk.dcm", "examples_ybr_color.dcm", "MR_small_RLE.dcm"]
)
def test_dcmtk_decodes_the_same_pixels(name: str, tmp_path: Path) -> None:
    path = bundled(name)
    theirs = tmp_path / "theirs.dcm"
    tool = "dcmdrle" if transfer_syntax_of(path) == RLE_LOSSLESS else "dcmdjpeg"
    run(tool, path, theirs)
    ours = dcmread(transcoded(path, EXPLICIT_VR_LITTLE_ENDIAN, tmp_path))
    expected = dcmread(theirs)
    assert ours.PhotometricInterpretation == expected.PhotometricInterpretation
    assert ours.get("LossyImageCompression") == expected.get("LossyImageCompression")
    difference = np.abs(ours.pixel_array.astype(int) - expected.pixel_array.astype(int))
    assert difference.max() <= 2  # how chroma is interpolated and colours are rounded is a decoder's own affair


@pytest.mark.filterwarnings("ignore")
def test_what_is_compressed_here_is_decompressed_there(tmp_path: Path) -> None:
    for name, target, tool in (
        ("CT_small.dcm", RLE_LOSSLESS, "dcmdrle"),
        ("rtdose.dcm", RLE_LOSSLESS, "dcmdrle"),
        ("SC_rgb_rle_16bit_2frame.dcm", JPEG_LS_LOSSLESS, "dcmdjpls"),
        ("MR_small.dcm", JPEG_LS_LOSSLESS, "dcmdjpls"),
    ):
        pixels = dcmread(bundled(name)).pixel_array
        run(tool, transcoded(bundled(name), target, tmp_path), tmp_path / "plain.dcm")
        np.testing.assert_array_equal(dcmread(tmp_path / "plain.dcm").pixel_array, pixels)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [np.uint16, np.int16])
@pytest.mark.parametrize("tool", ["dcmcjpeg", "dcmcjpls"])
def test_values_in_the_upper_bits_of_their_cells_stay_what_they_are(tool: str, kind: type, tmp_path: Path) -> None:
    """Compressed with all bits of the cells, they are not where Bits Stored - 1 would have them (PS3.5 8.1.1)."""
    first = 1000 if kind is np.uint16 else -800
    numbers: NDArray[Any] = np.arange(first, first + 40 * 40, dtype=kind).reshape(40, 40)
    plain = write_part10(image_of((numbers << 4).astype(kind), BitsStored=12, HighBit=15), tmp_path / "plain.dcm")
    compressed = tmp_path / "compressed.dcm"
    run(tool, plain, compressed)
    shown = render(plain, PictureWish()).data
    assert render(compressed, PictureWish()).data == shown
    for target in targets(transfer_syntax_of(compressed)):
        assert render(transcoded(compressed, target, tmp_path), PictureWish()).data == shown
    found, wanted = dcmread(transcoded(compressed, EXPLICIT_VR_LITTLE_ENDIAN, tmp_path)), dcmread(plain)
    assert (found.PixelData, found.HighBit) == (wanted.PixelData, 15)
