"""Generated images of known values, each with the picture in tests/golden that it must give, whatever happens inside.

One picture may stand for many images: the same values in another transfer syntax, bit depth or module look the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless
from support.compressing import compress, compressed
from support.instances import REMOVED, write_part10
from support.peers import run
from support.pictures import Array, image_of, item, padded

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@dataclass(frozen=True)
class Case:
    """An image, how it is asked for, and which picture it must give, to so many grey levels."""

    name: str
    picture: str
    make: Callable[[], Dataset]
    wish: dict[str, Any] = field(default_factory=dict)
    apart: int = 0
    dcmtk: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        """The file; by DCMTK's tool where only that can compress so."""
        path = write_part10(self.make(), folder / "image.dcm")
        if not self.dcmtk:
            return path
        run(*self.dcmtk, path, folder / "compressed.dcm")
        return folder / "compressed.dcm"


def phantom() -> Array:
    """32 x 32 values from 0 to 4095: a ramp, a disc of water (1024) and a disc of bone (2200)."""
    rows, columns = np.indices((32, 32))
    values = (rows * 32 + columns) * 4
    values[np.hypot(rows - 15, columns - 10) < 7] = 1024
    values[np.hypot(rows - 15, columns - 24) < 5] = 2200
    values[31, 31] = 4095
    return values


VALUES = phantom()
RESCALED: dict[str, Any] = {"RescaleSlope": "1", "RescaleIntercept": "-1024", "BitsStored": 12}
WINDOW: dict[str, Any] = {"WindowCenter": "40", "WindowWidth": "400"}
COLORS = np.stack([VALUES // 16, VALUES.T // 16, 255 - VALUES // 16], axis=-1).astype(np.uint8)


def ct(values: Array | None = None, **more: Any) -> Dataset:
    """The phantom as a CT, in Hounsfield units and with its window."""
    shown = VALUES if values is None else values
    return image_of(shown.astype(np.uint16), **{**RESCALED, **WINDOW, **more})


def table(entries: Array, first: int, bits: int) -> Dataset:
    """An item of a LUT sequence."""
    made = item(LUTDescriptor=[len(entries) % 65536, first, bits])
    made.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return made


def of_syntax(make: Callable[[], Dataset], syntax: UID) -> Dataset:
    """The image compressed, or encoded in another way."""
    image = make()
    if syntax in (JPEG2000Lossless, JPEGLSLossless, RLELossless):
        compress(image, syntax)
    else:
        image.file_meta.TransferSyntaxUID = syntax
    return image


def floating(keyword: str, kind: str) -> Dataset:
    """The phantom in Hounsfield units as they are."""
    data = (VALUES - 1024.0).astype(kind).tobytes()
    return image_of(VALUES.astype(np.uint32), PixelData=REMOVED, **{keyword: data}, **WINDOW)


def enhanced() -> Dataset:
    """Two frames with their own rescaling and window; the second is the phantom."""

    def groups(intercept: str, center: str) -> Dataset:
        return item(
            PixelValueTransformationSequence=[item(RescaleSlope="1", RescaleIntercept=intercept, RescaleType="HU")],
            FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth="400")],
        )

    frames = np.stack([VALUES[::-1], VALUES]).astype("<u2")
    image = image_of(VALUES.astype(np.uint16), BitsStored=12, NumberOfFrames="2", PixelData=frames.tobytes())
    image.PerFrameFunctionalGroupsSequence = [groups("0", "2000"), groups("-1024", "40")]
    return image


def same_values() -> Iterator[Case]:
    """The phantom in all the ways in which its values can be encoded."""
    yield Case("native", "window", ct)
    for syntax in (ImplicitVRLittleEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless):
        yield Case(syntax.name, "window", partial(of_syntax, ct, syntax))
    yield Case(
        "big endian",
        "window",
        partial(of_syntax, lambda: ct(PixelData=VALUES.astype(">u2").tobytes()), ExplicitVRBigEndian),
    )
    for process in ("+e1", "+el"):
        yield Case(f"JPEG lossless {process}", "window", ct, dcmtk=("dcmcjpeg", process))
    yield Case(
        "fragments", "window", lambda: compressed(ct(), "1.2.840.10008.1.2.1.98", [VALUES.astype("<u2").tobytes()])
    )
    signed: dict[str, Any] = {"RescaleIntercept": "0", "PixelRepresentation": 1, "BitsStored": 13}
    yield Case("signed", "window", lambda: ct((VALUES - 1024).astype(np.int16), **signed))
    yield Case("high bit 15", "window", lambda: ct(VALUES << 4, HighBit=15))
    for kind, lift in (("<u4", 2**31), ("<i4", -(2**31))):
        shifted = (VALUES + lift).astype(kind)
        given: dict[str, Any] = {**RESCALED, "BitsStored": 32, "RescaleIntercept": str(-1024 - lift), **WINDOW}
        yield Case(f"32 bits {kind}", "window", partial(image_of, shifted, **given))
    yield Case("float", "window", lambda: floating("FloatPixelData", "<f4"))
    yield Case("double float", "window", lambda: floating("DoubleFloatPixelData", "<f8"))
    modality = [table(np.arange(4096) * 2, 0, 16)]
    by_table: dict[str, Any] = {"ModalityLUTSequence": modality, "RescaleSlope": REMOVED, "RescaleIntercept": REMOVED}
    doubled: dict[str, Any] = {"WindowCenter": "2127", "WindowWidth": "798", "VOILUTFunction": "LINEAR_EXACT"}
    exact: dict[str, Any] = {"WindowCenter": "39.5", "WindowWidth": "399", "VOILUTFunction": "LINEAR_EXACT"}
    yield Case("modality table", "window", lambda: ct(**by_table, **doubled))
    yield Case("exact", "window", lambda: ct(**exact))
    yield Case("frame 2 of an enhanced image", "window", enhanced, {"frame": 2})
    yield Case("asked for", "window", lambda: ct(WindowCenter=REMOVED, WindowWidth=REMOVED), {"window": (40, 400)})
    yield Case("a preset", "window", lambda: ct(WindowCenter=["7", "40"], WindowWidth=["9", "400"]), {"window": "2"})
    yield Case("a preset of CT", "window", lambda: ct(WindowCenter="7"), {"window": "ct-abdomen"})


def grey_steps() -> Iterator[Case]:
    """Each step of the grey pipeline by itself."""
    bare: dict[str, Any] = dict.fromkeys(WINDOW, REMOVED)
    yield Case("sigmoid", "sigmoid", lambda: ct(VOILUTFunction="SIGMOID"))
    curve = np.sqrt(np.arange(4096) / 4095) * 65535
    yield Case("VOI table", "voi-table", lambda: ct(VOILUTSequence=[table(curve, 0x10000 - 1024, 16)]))
    yield Case("automatic", "automatic", lambda: ct(**bare))
    extended = ("dcmcjpeg", "+ee", "+q", "100")
    yield Case("JPEG extended", "automatic", lambda: ct(**bare), dcmtk=extended, apart=1)
    holes = np.where(np.indices(VALUES.shape)[1] < 4, 4095, np.minimum(VALUES, 2500))
    yield Case("padding", "padding", lambda: ct(holes, **bare, PixelPaddingValue=4095))
    yield Case(
        "padding, inverted", "padding-inverted", lambda: ct(holes, **bare, PixelPaddingValue=4095), {"invert": True}
    )
    yield Case("robust", "robust", ct, {"window": "robust"})
    yield Case("auto", "automatic", ct, {"window": "auto"})
    yield Case("MONOCHROME1", "inverse", lambda: ct(PhotometricInterpretation="MONOCHROME1"))
    yield Case("inverse", "inverse", lambda: ct(PresentationLUTShape="INVERSE"))
    yield Case("inverted", "inverse", ct, {"invert": True})
    presentation = [table(np.sqrt(np.arange(1024) / 1023) * 4095, 0, 12)]
    yield Case("presentation table", "presentation-table", lambda: ct(PresentationLUTSequence=presentation))
    yield Case("overlay", "overlay", lambda: with_cross(ct()), {"overlays": True})
    yield Case("smaller", "smaller", lambda: ct(PixelSpacing=["1", "1"]), {"width": 12})
    yield Case("wide pixels", "wide-pixels", lambda: ct(PixelSpacing=["1", "2"]), {"width": 24, "height": 24})
    yield Case("larger", "larger", lambda: ct(PixelAspectRatio=["2", "1"]), {"width": 40, "enlarge": True})


def with_cross(image: Dataset) -> Dataset:
    """The image with a cross of 21 x 21 over it, some of which lies outside."""
    bits = np.zeros((21, 21), np.uint8)
    bits[10, :] = bits[:, 10] = 1
    data = padded(np.packbits(bits.ravel(), bitorder="little").tobytes())
    for element, vr, value in ((0x10, "US", 21), (0x11, "US", 21), (0x40, "CS", "G"), (0x50, "SS", [6, -4])):
        image.add_new((0x6000, element), vr, value)
    for element, vr, plane in ((0x100, "US", 1), (0x102, "US", 0), (0x3000, "OW", data)):
        image.add_new((0x6000, element), vr, plane)
    return image
