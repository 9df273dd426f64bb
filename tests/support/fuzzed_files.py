"""DICOM files that are whole, and so are stored, but whose values and pixel data are those of broken or hostile makers.

Everything is drawn from one random generator: the same seed makes the same files.
"""

import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import data_store
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.instances import bundled, encode_part10, make_instance, put
from support.spoiling import classes, documents, groups, missing, numbers, overlays, tables, texts, tree
from support.spoilt_pixels import flipped, other_syntax, pixels

_BUNDLED = (
    *("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm"),
    *("MR_small_bigendian.dcm", "MR_small_implicit.dcm", "JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm", "693_J2KI.dcm"),
    *("SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_ybr_full_422_uncompressed.dcm", "SC_rgb_rle_16bit_2frame.dcm", "rtdose.dcm"),
    *("rtdose_rle.dcm", "liver_1frame.dcm", "image_dfl.dcm", "test-SR.dcm", "reportsi.dcm", "rtplan.dcm"),
    *("SC_rgb_jls_lossy_line.dcm", "SC_rgb_small_odd_jpeg.dcm", "JPEG2000.dcm", "JPEGLSNearLossless_16.dcm"),
)
_FURTHER = ("emri_small_RLE.dcm", "emri_small_jpeg_2k_lossless.dcm", "OBXXXX1A_rle.dcm", "liver.dcm", "SC_rgb.dcm")
_SPOILERS: tuple[Callable[[Dataset, random.Random], None], ...] = (
    *(numbers, texts, classes, missing, tables, overlays, groups, tree, documents, pixels, pixels, numbers),
)


@dataclass(frozen=True)
class FuzzedFile:
    """A file, and what was done to which one."""

    made_of: str
    spoilt: tuple[str, ...]
    data: bytes


def fuzzed_files(seed: int) -> Iterator[FuzzedFile]:
    """Files without end."""
    number = 0
    while True:
        noise = random.Random(f"{seed}.{number}")
        yield fuzzed_file(noise, f"1.2.826.0.1.3680043.10.99.{seed}.{number % 5}", f"{number}")
        number += 1


def fuzzed_file(noise: random.Random, study: str, number: str) -> FuzzedFile:
    """One file of that study."""
    name = noise.choice((*_BUNDLED, *_FURTHER))
    spoilers = noise.sample(_SPOILERS, noise.choice((1, 1, 2, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, on what is done here on purpose
        dataset = dcmread(_path(name))
        put(dataset, "StudyInstanceUID", study)
        put(dataset, "SeriesInstanceUID", f"{study}.1")
        put(dataset, "SOPInstanceUID", f"{study}.1.{number}")
        for spoil in spoilers:
            spoil(dataset, noise)
        data = _encoded(dataset)
    spoilt = [spoil.__name__ for spoil in spoilers]
    if noise.random() < 0.3:
        data, what = noise.choice(((flipped(data, noise), "flipped"), (other_syntax(data, noise), "other syntax")))
        spoilt.append(what)
    return FuzzedFile(name, tuple(spoilt), data)


def _path(name: str) -> Path:
    return Path(data_store.__file__).parent / "data" / name if name in _FURTHER else bundled(name)


def _encoded(dataset: Dataset) -> bytes:
    """The file; pydicom does not write everything, and then it is another one."""
    buffer = BytesIO()
    try:
        dataset.save_as(buffer, enforce_file_format=True)
    except (ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError):
        return encode_part10(make_instance(StudyInstanceUID=dataset.StudyInstanceUID))
    return buffer.getvalue()
