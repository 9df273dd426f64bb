"""The generated images that pictures are asked of.

Shapes, gradients and noise as devices give them, so that encoded pictures are as large as real ones.
"""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.instances import Kind, header, write
from benchmarks.programs import find_program
from benchmarks.serving import Failed
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

Plane = NDArray[np.float32]
_FIRST_SET = 20  # numbers of the sets, from which their UIDs are made


@dataclass(frozen=True)
class Pictures:
    """A set: its files, how large each picture has to be, and how many frames of each file are asked for."""

    kind: Kind
    rows: int
    columns: int
    colour: bool = False
    frames: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the picture as an array."""
        return (self.rows, self.columns, 3) if self.colour else (self.rows, self.columns)


@cache
def _body(rows: int, columns: int) -> Plane:
    """Something like a slice or a projection of a body: 0 outside, about 1 inside, organs and bones within."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    plane: Plane = np.clip((0.8 - np.hypot(x / 1.1, y / 0.85)) * 40, 0, 1)
    for left, top, width, height, level in (
        (-0.35, 0.0, 0.25, 0.4, -0.75),
        (0.35, 0.0, 0.25, 0.4, -0.75),
        (0.0, 0.5, 0.12, 0.12, 0.9),
        (0.1, -0.1, 0.15, 0.2, 0.15),
    ):
        plane += level * np.clip((1 - np.hypot((x - left) / width, (y - top) / height)) * 8, 0, 1)
    ribs = np.clip(np.cos(y * 28 + x * x * 6) * 6 - 4.5, 0, 1) * (np.hypot(x / 1.1, y / 0.85) < 0.8)
    plane += 0.35 * ribs + 0.08 * np.cos(x * 9) * np.sin(y * 7)
    return plane


def _noise(number: int, shape: tuple[int, ...]) -> Plane:
    return np.random.default_rng(number).standard_normal(shape, np.float32)


def _plane(number: int, rows: int, columns: int, white: float, noise: float) -> Plane:
    """Values up to about `white` with noise of this standard deviation; another number is another image."""
    moved = np.roll(_body(rows, columns), number % 64 - 32, 1)
    return np.clip(moved * (white * 0.5) + white * 0.05 + noise * _noise(number, moved.shape), 0, white)


def _image(dataset: Dataset, values: NDArray[np.uint16] | NDArray[np.uint8], bits: int) -> Dataset:
    """The image with these pixels, frames x rows x columns (x 3) where it has several frames."""
    colour = values.shape[-1] == 3
    frame = values.shape[-3:-1] if colour else values.shape[-2:]
    dataset.Rows, dataset.Columns = frame
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = values.dtype.itemsize * 8, bits, bits - 1
    if colour:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        for keyword in ("WindowCenter", "WindowWidth", "RescaleIntercept", "RescaleSlope", "RescaleType"):
            del dataset[keyword]
    dataset.PixelData = values.tobytes()
    return dataset


def _ct(set_number: int, number: int) -> Dataset:
    made = header(set_number, number // 20, number % 20, CTImageStorage, "CT")
    hounsfield = _plane(number, 512, 512, 2200, 14)
    return _image(made, np.rint(hounsfield).astype(np.uint16), 12)


def _mr(set_number: int, number: int) -> Dataset:
    made = header(set_number, number // 20, number % 20, MRImageStorage, "MR")
    made.WindowCenter, made.WindowWidth, made.RescaleIntercept = "500", "1000", "0"
    del made.RescaleType
    return _image(made, np.rint(_plane(number, 256, 256, 1200, 18)).astype(np.uint16), 12)


def _xray(storage: UID, modality: str, rows: int, columns: int, bits: int, set_number: int, number: int) -> Dataset:
    made, white = header(set_number, number, 0, storage, modality), 2**bits - 1
    made.WindowCenter, made.WindowWidth, made.RescaleIntercept = str(white // 3), str(white * 2 // 3), "0"
    made.RescaleType = "US"
    return _image(made, np.rint(_plane(number, rows, columns, white, white / 250)).astype(np.uint16), bits)


def _sector(number: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """Speckle in a sector on black, a coloured flow in it, a bar of colours beside it."""
    y, x = np.mgrid[0 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    inside = (np.abs(x) < y * 0.8) & (np.hypot(x, y) < 0.95)
    speckle = np.hypot(_noise(number, x.shape), _noise(number + 10**6, x.shape))
    level = np.clip(speckle * (40 + 30 * np.sin(y * 12 + number)), 0, 255) * inside
    picture = np.repeat(level[..., None], 3, axis=2)
    flow = inside & (np.hypot(x - 0.1, y - 0.5) < 0.12)
    picture[flow] = picture[flow] * (1.0, 0.3, 0.2)
    picture[20:-20, 10:25] = np.linspace(255, 0, rows - 40)[:, None, None] * (1.0, 0.6, 0.1)
    return picture.astype(np.uint8)


def _ultrasound(set_number: int, number: int) -> Dataset:
    made = header(set_number, number, 0, UltrasoundImageStorage, "US")
    return _image(made, _sector(number, 600, 800), 8)


def _loop(frames: int, set_number: int, number: int) -> Dataset:
    made = header(set_number, number, 0, UltrasoundMultiFrameImageStorage, "US")
    made.NumberOfFrames, made.FrameTime = frames, "33"
    made.FrameIncrementPointer = 0x00181063
    return _image(made, np.stack([_sector(number * frames + one, 480, 640) for one in range(frames)]), 8)


def _compressed(make: Callable[[int, int], Dataset], syntax: UID, set_number: int, number: int) -> Dataset:
    dataset = make(set_number, number)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(syntax, generate_instance_uid=False)
    return dataset


def _jpeg_baseline(set_number: int, number: int) -> Dataset:
    dataset, out = _ultrasound(set_number, number), BytesIO()
    pixels = np.frombuffer(dataset.PixelData, np.uint8).reshape(dataset.Rows, dataset.Columns, 3)
    Image.fromarray(pixels).save(out, "JPEG", quality=90, subsampling="4:2:2")
    dataset.PhotometricInterpretation, dataset.LossyImageCompression = "YBR_FULL_422", "01"
    dataset.PixelData = encapsulate([out.getvalue()])
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return dataset


def _jpeg_lossless(set_number: int, number: int) -> Dataset:
    """By DCMTK: of the Python encoders none writes it."""
    program = find_program("dcmcjpeg")
    if program is None:
        raise Failed("dcmcjpeg (DCMTK) is not installed")
    with TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "plain.dcm", Path(folder) / "packed.dcm"
        write(_ct(set_number, number), plain)
        subprocess.run([program, "+e1", "+ud", "+un", plain, packed], check=True, capture_output=True)
        return dcmread(packed)


def _sets() -> Iterator[Pictures]:
    cr = partial(_xray, ComputedRadiographyImageStorage, "CR", 2500, 2048, 12)
    dx = partial(_xray, DigitalXRayImageStorageForPresentation, "DX", 3000, 2500, 16)
    yield Pictures(Kind("ct", "CT 512x512", partial(_ct, 20), 96, 20), 512, 512)
    yield Pictures(Kind("mr", "MR 256x256", partial(_mr, 21), 96, 20), 256, 256)
    yield Pictures(Kind("cr", "CR 2048x2500, 12 bits", partial(cr, 22), 16, 1), 2500, 2048)
    yield Pictures(Kind("dx", "DX 2500x3000, 16 bits", partial(dx, 23), 16, 1), 3000, 2500)
    yield Pictures(Kind("us", "US 800x600, RGB", partial(_ultrasound, 24), 64, 1), 600, 800, colour=True)
    yield Pictures(Kind("jpeg", "US 800x600, JPEG baseline", partial(_jpeg_baseline, 25), 64, 1), 600, 800, colour=True)
    for number, (key, title, syntax) in enumerate(
        (("j2k", "JPEG 2000", JPEG2000Lossless), ("jls", "JPEG-LS", JPEGLSLossless), ("rle", "RLE", RLELossless))
    ):
        make = partial(_compressed, _ct, syntax, 26 + number)
        yield Pictures(Kind(key, f"CT 512x512, {title}", make, 64, 20), 512, 512)
    yield Pictures(Kind("jll", "CT 512x512, lossless JPEG", partial(_jpeg_lossless, 29), 64, 20), 512, 512)
    loop = Kind("loop", "frames of a US 640x480, RGB", partial(_loop, 64, 30), 1, 1)
    yield Pictures(loop, 480, 640, colour=True, frames=64)


SETS = tuple(_sets())
SERIES = Kind("series", "CT 512x512", partial(_ct, 31), 200, 200)
"""Whose thumbnails are asked for."""
