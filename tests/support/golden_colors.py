"""The golden images in colour, and those that are no plain image (see golden)."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000, UID, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from support.compressing import compressed
from support.golden import COLORS, VALUES, Case, grey_steps, of_syntax, same_values
from support.instances import REMOVED
from support.pictures import Array, image_of, item, padded

INDICES = (VALUES // 16).astype(np.uint8)
RAINBOW = [
    np.interp(np.arange(256), points, (0, 65535, 65535, 0)) for points in ((0, 80, 120, 255), (40, 90, 200, 220))
]
PALETTE = [*RAINBOW, 65535 - RAINBOW[0]]


def all_cases() -> list[Case]:
    """Every golden case there is."""
    return [*same_values(), *grey_steps(), *colors(), *palettes(), *others()]


def colors() -> Iterator[Case]:
    """Three samples a pixel."""
    yield Case("RGB", "rgb", lambda: image_of(COLORS))
    planes = COLORS.transpose(2, 0, 1).tobytes()
    yield Case("RGB by plane", "rgb", lambda: image_of(COLORS, PlanarConfiguration=1, PixelData=planes))
    yield Case("RGB of 16 bits", "rgb", lambda: image_of(COLORS * np.uint16(257)))
    yield Case("RGB of 32 bits", "rgb", lambda: image_of(COLORS * np.uint32(257 * 65537)))
    for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
        yield Case(f"RGB {syntax.name}", "rgb", partial(of_syntax, partial(image_of, COLORS), syntax))
    for syntax, space, apart in ((JPEG2000Lossless, "YBR_RCT", 0), (JPEG2000, "YBR_ICT", 3)):
        yield Case(space, "rgb", partial(transformed, syntax, space), apart=apart)
    yield Case("YBR_FULL", "ybr", lambda: image_of(ybr(), PhotometricInterpretation="YBR_FULL"), apart=1)
    yield Case("YBR_FULL_422", "ybr-422", subsampled, apart=1)
    yield Case("JPEG baseline", "rgb", jpeg, apart=6)


def transformed(syntax: UID, space: str) -> Dataset:
    """With JPEG 2000's own colour transformation, which its decoders undo."""
    image = image_of(COLORS)
    lossy: dict[str, Any] = {"j2k_cr": [2]} if syntax == JPEG2000 else {}
    image.PhotometricInterpretation = space
    image.compress(syntax, encoding_plugin="pylibjpeg", generate_instance_uid=False, **lossy)
    return image


def ybr() -> Array:
    """The colours by the forward equations of C.7.6.3.1.2."""
    forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    shifted: Array = np.rint(np.add(COLORS @ forward.T, (0, 128, 128)))
    return np.clip(shifted, 0, 255).astype(np.uint8)


def subsampled() -> Dataset:
    """Y1 Y2 Cb Cr: the chroma of every other pixel."""
    full = ybr()
    packed = np.concatenate([full[..., 0].reshape(32, 16, 2), full[:, ::2, 1:]], axis=-1)
    return image_of(full, PhotometricInterpretation="YBR_FULL_422", PixelData=packed.tobytes())


def jpeg() -> Dataset:
    """As JFIF has it, in YCbCr."""
    out = BytesIO()
    Image.fromarray(COLORS).save(out, "JPEG", quality=100, subsampling="4:4:4")
    frames = [padded(out.getvalue())]
    return compressed(image_of(COLORS), JPEGBaseline8Bit, frames, PhotometricInterpretation="YBR_FULL_422")


def palettes() -> Iterator[Case]:
    """Indices of colours."""
    yield Case("palette of 16 bits", "palette", lambda: palette(16, *(np.rint(one).astype("<u2") for one in PALETTE)))
    eight = [np.floor(np.rint(one) / 65535 * 255 + 0.5).astype("u1") for one in PALETTE]
    yield Case("palette of 8 bits", "palette", lambda: palette(8, *eight))
    yield Case("palette of 8 bits in words", "palette", lambda: palette(8, *(one.astype("<u2") for one in eight)))
    yield Case("segmented palette", "segmented", lambda: palette(16, *[segments()] * 3, prefix="Segmented", first=8))
    yield Case("supplemental palette", "supplemental", supplemental)


def segments() -> Array:
    """16 entries of 0, a line up to white over 100, down again over 100, and once more up (by its byte offset)."""
    return np.array([0, 1, 0, 1, 15, 0, 1, 100, 65535, 1, 100, 0, 2, 1, 12, 0], "<u2")


def palette(bits: int, *tables: Array, prefix: str = "", first: int = 0) -> Dataset:
    """The phantom's indices in these colours."""
    image = image_of(INDICES, PhotometricInterpretation="PALETTE COLOR")
    _add_palette(image, bits, tables, prefix, first, 316 if prefix else len(tables[0]))
    return image


def _add_palette(image: Dataset, bits: int, tables: Any, prefix: str, first: int, count: int) -> None:
    for color, entries in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(image, f"{color}PaletteColorLookupTableDescriptor", [count, first, bits])
        setattr(image, f"{prefix}{color}PaletteColorLookupTableData", padded(entries.tobytes()))


def supplemental() -> Dataset:
    """Grey below 2000, in colour from there on."""
    image = image_of(VALUES.astype(np.uint16), BitsStored=12, PixelPresentation="COLOR")
    steps = [np.rint(one).astype("<u2") for one in PALETTE]
    _add_palette(image, 16, steps, "", 2000, 256)
    return image


def others() -> Iterator[Case]:
    """What is no plain image."""
    bits = (VALUES > 1500).astype(np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    single: dict[str, Any] = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": packed}
    yield Case("binary segmentation", "binary", lambda: image_of(bits, **single, SegmentationType="BINARY"))
    fractions: dict[str, Any] = {"SegmentationType": "FRACTIONAL", "MaximumFractionalValue": 255}
    yield Case("fractional segmentation", "fractional", lambda: image_of(INDICES // 2, **fractions))
    yield Case("label map", "labels", labels)
    yield Case("label map, smaller", "labels-smaller", labels, {"width": 16})
    dose: dict[str, Any] = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2", "DoseGridScaling": "0.00001"}
    yield Case("dose", "full-range", lambda: image_of((VALUES * 1000).astype("<u4"), **dose))
    kilo = (VALUES / 1000).astype("<f4")
    yield Case("parametric map", "full-range", lambda: image_of(kilo, PixelData=REMOVED, FloatPixelData=kilo.tobytes()))


def labels() -> Dataset:
    """Four quarters: nothing, one segment in a colour that it asks for, two in colours of their own."""
    rows, columns = np.indices((32, 32)) // 16
    segments = [item(SegmentNumber=1, RecommendedDisplayCIELabValue=[35580, 53664, 50858]), item(SegmentNumber=2)]
    return image_of((rows * 2 + columns).astype(np.uint8), SegmentationType="LABELMAP", SegmentSequence=segments)
