"""The same picture as radnode's, made by others: DCMTK, and pydicom's own functions in floating point.

Nothing of radnode is used here. What the Standard leaves open is decided as radnode's documentation says: the first
VOI LUT or window that there is, otherwise from the least to the greatest value that is no padding.
"""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi, apply_windowing
from pydicom.pixels.utils import pixel_array
from support.peers import run

Array = NDArray[Any]

JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = "1.2.840.10008.1.2.4.9"
HTJ2K = "1.2.840.10008.1.2.4.20"
XRAY_INTENSITY = ("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2")
"""In these the Modality LUT gives X-ray intensities and is not for display (PS3.3 C.8.7.1.1.2)."""
_FRAME_GROUPS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")


def header_of(path: Path) -> Dataset:
    """All but the pixel data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's on odd files
        return dcmread(path, stop_before_pixels=True)


def dcmtk_picture(path: Path, frame: int = 1) -> Array | None:
    """What DCMTK shows of a frame, cut off to whole levels; None where it has no decoder (JPEG 2000) or refuses.

    None too where there is a supplemental palette, of which it knows nothing.
    """
    header = header_of(path)
    syntax = str(header.file_meta.TransferSyntaxUID)
    if syntax.startswith((JPEG_2000, HTJ2K)) or _has_supplement(header):
        return None
    tool = "dcml2pnm" if syntax in JPEG_LS else "dcmj2pnm"
    with tempfile.TemporaryDirectory(prefix="radnode-dcmtk-") as folder:
        out = Path(folder) / "theirs.pnm"
        said = run(tool, "--no-overlays", "--frame", str(frame), *_voi_options(header, frame), path, out, check=False)
        if said.returncode or not out.exists():
            return None
        with Image.open(out) as image:
            return np.asarray(image)


def _voi_options(header: Dataset, frame: int) -> list[str]:
    shown = effective(header, frame)
    if not header.PhotometricInterpretation.startswith("MONOCHROME"):
        return []
    if shown.get("VOILUTSequence"):
        return ["--use-voi-lut", "1"]
    if shown.get("WindowCenter") is None:
        return ["--min-max-window"]
    if "WindowCenter" in header:
        return ["--use-window", "1"]
    return ["--set-window", str(_first(shown.WindowCenter)), str(_first(shown.WindowWidth))]


def effective(header: Dataset, frame: int) -> Dataset:
    """The attributes that hold for one frame: its functional groups, the shared ones, the image's (C.7.6.16)."""
    shown = Dataset()
    for keyword in ("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence"):
        if keyword in header:
            shown[keyword] = header[keyword]
    for keyword in ("WindowCenter", "WindowWidth", "VOILUTFunction"):
        if header.get(keyword) not in (None, ""):
            shown[keyword] = header[keyword]
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*(header.get("SharedFunctionalGroupsSequence") or []), *per_frame[frame - 1 : frame]]
    for group in groups:
        for keyword in _FRAME_GROUPS:
            for element in (group.get(keyword) or [Dataset()])[0]:
                shown[element.tag] = element
    return shown


def pydicom_picture(path: Path, frame: int = 1) -> Array:
    """What pydicom's decoders and functions make of a frame, in floating point from 0 to 255; raises what they do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = dcmread(path, stop_before_pixels=True)
        values = _decoded(path, header, frame)
        photometric = header.PhotometricInterpretation
        if photometric == "PALETTE COLOR":
            return _palette(values, header)
        if values.ndim == 3:
            return values * np.float64(255 / (2 ** _bits(header) - 1))
        level = _grey(values, header, frame)
        return _supplemented(level, values, header) if _has_supplement(header) else level


def _has_supplement(header: Dataset) -> bool:
    return header.get("PixelPresentation") == "COLOR" and "RedPaletteColorLookupTableDescriptor" in header


def _supplemented(level: Array, values: Array, header: Dataset) -> Array:
    """Grey below the first mapped value, coloured from there on (PS3.3 C.8.16.2.1.1.1)."""
    colored = values >= int(header.RedPaletteColorLookupTableDescriptor[1])
    del header.PixelPresentation  # pydicom refuses to look up what goes with it
    return np.where(colored[..., np.newaxis], _palette(values, header), level[..., np.newaxis])


def _decoded(path: Path, header: Dataset, frame: int) -> Array:
    """Stored values; YBR is RGB already. JPEG 2000 by GDCM where it can, for radnode has another decoder."""
    syntax = str(header.file_meta.TransferSyntaxUID)
    if syntax.startswith(JPEG_2000):
        try:
            return pixel_array(path, index=frame - 1, decoding_plugin="gdcm")
        except (RuntimeError, NotImplementedError, ValueError):
            pass
    return pixel_array(path, index=frame - 1)


def _bits(header: Dataset) -> int:
    return int(header.BitsStored) if "BitsStored" in header else 8


def _palette(values: Array, header: Dataset) -> Array:
    colours = apply_color_lut(values, header)
    return colours * (255 / (65535 if colours.max() > 255 else 255))


def _grey(values: Array, header: Dataset, frame: int) -> Array:
    shown = effective(header, frame)
    shown.file_meta = header.file_meta
    xray = header.get("SOPClassUID") in XRAY_INTENSITY
    output = values.astype(np.float64) if xray else apply_modality_lut(values, shown).astype(np.float64)
    level = _voi(shown, output, _unpadded(header, values))(output)
    shape = header.get("PresentationLUTShape")
    monochrome1 = header.PhotometricInterpretation == "MONOCHROME1"
    return 255 - level if shape == "INVERSE" or (monochrome1 and shape != "IDENTITY") else level


def _voi(shown: Dataset, output: Array, unpadded: Array) -> Callable[[Array], Array]:
    if shown.get("VOILUTSequence"):
        bits = int(shown.VOILUTSequence[0].LUTDescriptor[2])
        return lambda values: apply_voi(values.astype(np.int64), shown) * (255 / (2**bits - 1))
    if shown.get("WindowCenter") is not None and shown.get("WindowWidth") is not None:
        return lambda values: apply_windowing(values, _window(shown))
    least, greatest = output[unpadded].min(), output[unpadded].max()
    return lambda values: np.clip((values - least) / max(greatest - least, 1e-12), 0, 1) * 255


def _window(shown: Dataset) -> Dataset:
    """The window alone, for a picture of 8 bits: what pydicom derives the range of its result from."""
    window = Dataset()
    window.WindowCenter, window.WindowWidth = _first(shown.WindowCenter), _first(shown.WindowWidth)
    if function := shown.get("VOILUTFunction"):
        window.VOILUTFunction = function
    window.PhotometricInterpretation = "MONOCHROME2"
    window.BitsStored, window.PixelRepresentation = 8, 0
    return window


def _unpadded(header: Dataset, values: Array) -> NDArray[np.bool_]:
    """Where there is no padding (PS3.3 C.7.5.1.1.2); everywhere where there is nothing else."""
    padding = header.get("PixelPaddingValue")
    if padding is None:
        return np.ones(values.shape, bool)
    ends = sorted((int(padding), int(header.get("PixelPaddingRangeLimit", padding))))
    inside: NDArray[np.bool_] = (values < ends[0]) | (values > ends[1])
    return inside if inside.any() else np.ones(values.shape, bool)


def _first(value: Any) -> float:
    return float(value if isinstance(value, (int, float, str)) else value[0])
