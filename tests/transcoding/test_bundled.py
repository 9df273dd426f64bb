"""Every file that pydicom bundles, in every transfer syntax that it can be had in, read by pydicom."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from support.instances import bundled, bundled_files
from support.transcoded import the_rest, transcoded, transfer_syntax_of

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.equality import same_elements
from radnode.instance.transcoding.targets import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, UNCOMPRESSED, targets
from radnode.model.errors import CannotTranscode, NotDicom

FILES = [path for path in bundled_files() if path.parent == bundled("CT_small.dcm").parent]
LARGE = 100_000  # bytes; the rest of the targets is covered by the small ones
IN_TWO_WAYS = "cells of more than 16 bits in big endian words can be read in two ways"
REFUSED = {  # by other reasons than that some encoder cannot hold it
    "MR_truncated.dcm": "the data set ends",
    "rtplan_truncated.dcm": "the data set ends",
    "JPEG2000-embedded-sequence-delimiter.dcm": "another size",
    "nested_priv_SQ.dcm": "Bits Allocated is missing",
}
ODD_ENCODINGS = {"SC_rgb_small_odd.dcm", "badVR.dcm", "SC_rgb_small_odd_big_endian.dcm"}


def pixels_of(dataset: Dataset) -> np.ndarray | None:
    """As pydicom decodes them; None where it cannot."""
    try:
        return dataset.pixel_array
    except (AttributeError, RuntimeError, ValueError):
        return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pixels_and_all_other_elements_are_equal(path: Path, tmp_path: Path) -> None:
    try:
        stored = transfer_syntax_of(path)
    except NotDicom:
        return
    source = dcmread(path)
    pixels = pixels_of(source)
    for target in targets(stored)[: 2 if path.stat().st_size > LARGE else None]:
        try:
            out = transcoded(path, target, tmp_path)
        except CannotTranscode as refusal:
            assert_is_due(path, target, str(refusal), source)
            continue
        found = dcmread(out)
        if pixels is not None:
            np.testing.assert_array_equal(found.pixel_array, pixels)
        if stored in UNCOMPRESSED and target in UNCOMPRESSED:
            assert same_elements(path, out)
        if target not in (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN):  # pydicom has its own idea of private VRs
            assert the_rest(found) == the_rest(source)
        else:
            assert [str(element.tag) for element in the_rest(found)] == [
                str(element.tag) for element in the_rest(source)
            ]


def assert_is_due(path: Path, target: str, refusal: str, source: Dataset) -> None:
    if path.name in REFUSED:
        assert REFUSED[path.name] in refusal
    elif source.BitsAllocated == 32:
        is_big = EXPLICIT_VR_BIG_ENDIAN in (target, transfer_syntax_of(path))
        assert refusal == (IN_TWO_WAYS if is_big else "the pixel data cannot be encoded")
    elif source.BitsAllocated == 1:
        assert refusal == "cells of one bit are not compressed"
    else:
        assert path.name in ODD_ENCODINGS, refusal
        assert target not in UNCOMPRESSED


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "reportsi.dcm", "rtplan.dcm"]
)
def test_there_and_back_again_the_bytes_are_the_same(name: str, tmp_path: Path) -> None:
    path = bundled(name)
    stored = transfer_syntax_of(path)
    for between in (EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN):
        (tmp_path / between).mkdir()
        there = transcoded(path, between, tmp_path / between)
        back = transcoded(there, stored, tmp_path / between)
        assert same_elements(path, back)


def test_nothing_is_warned_of(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = transcoded(bundled("badVR.dcm"), IMPLICIT_VR_LITTLE_ENDIAN, tmp_path)
    assert same_elements(bundled("badVR.dcm"), out)
