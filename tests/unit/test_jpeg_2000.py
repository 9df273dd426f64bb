"""JPEG 2000 and its high throughput form (PS3.5 8.2.4, 8.2.14): what the codestream says goes before the attributes."""

from base64 import b64decode
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL, JPEG2000Lossless
from support.compressing import compress, compressed
from support.instances import write_part10
from support.pictures import image_of, padded, pixels_of

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.pixels import read_frame
from radnode.instance.pictures.picture import PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender

RANDOM = np.random.default_rng(23)
ROW, COLUMN = np.mgrid[:7, :9]
GREY = (COLUMN * COLUMN * 37 + ROW * 211) % 4096
COLOUR = np.stack([(COLUMN * COLUMN * 3 + ROW * 21 + 40 * color) % 256 for color in range(3)], axis=-1)

# GREY and COLOUR by OpenJPH 0.9, as this is what no encoder at hand makes: reversible, with the component transform
# where there is colour, and irreversible.
REVERSIBLE = b64decode(
    "/0//UQApQAAAAAAJAAAABwAAAAAAAAAAAAAACQAAAAcAAAAAAAAAAAABCwEB/1AACAACAAAAB/9SAAwAAgABAAEEBEAB/1wAByBwcHB4/2QAFgAB"
    "T3BlbkpQSCBWZXIgMC45LjAu/5AACgAAAAAAUAAB/5PAAXTAI3DN+/66g7vBbt+kpWmL+bExXHSdn9GGCeXhwwX+M5RvIUBTOgDAAWoASTKZJEmS"
    "JMlkkiRJ8gD1l+QxtwD/2Q=="
)
TRANSFORMED = b64decode(
    "/0//UQAvQAAAAAAJAAAABwAAAAAAAAAAAAAACQAAAAcAAAAAAAAAAAADBwEBBwEBBwEB/1AACAACAAAABP9SAAwAAgABAQEEBEAB/1wAByBYWFhg"
    "/2QAFgABT3BlbkpQSCBWZXIgMC45LjAu/5AACgAAAAAA8AAB/5PAC2ixbqYYpWlYhQRhQC3K3opUKeqOILwAAOi6AMALcI7T6TiNPsPTu+N0On4/"
    "T68u9wCneFxheCJBugDAC2zP8/k8n7/Pq8PzfD5Hfwfu7m8B0FxjeCIhuQDACvgBWQAVILUVDY60LVTUxUy0ESG2AAfD9z7egcwRfCNXAJ//f4AR"
    "2ANWAMAK2AFfABVgH77/ffrhy8eFCGBVAJ/X/319/P2AF8whvCBYAH9+/375/YBwYFUAwArIAV8AFUA+Px6//n/8ofRiVQDe9/N5/r6gBAufEHQi"
    "WQB+f378/qJ8YlUA/9k="
)
IRREVERSIBLE = b64decode(
    "/0//UQApQAAAAAAJAAAABwAAAAAAAAAAAAAACQAAAAcAAAAAAAAAAAABCwEB/1AACAACAAAAJ/9SAAwAAgABAAEEBEAA/1wACyJ9Vnz2fPZ8mf9k"
    "ABYAAU9wZW5KUEggVmVyIDAuOS4wLv+QAAoAAAAAAGsAAf+TwAC6sH9J7z4/xNhNc7G85LbFfZ410Z6+wzOcw21Hwhn8EIkwyAX+M5xvMcBQugDA"
    "AKqAAWxAAIzZsmXL9qpyAnUAAgUEBAQGDhw4cOAAMfxjA31jHoQgaj0A8AMA/9k="
)


def in_file(image: Dataset, codestream: bytes, folder: Path, syntax: str = JPEG2000Lossless) -> Path:
    return write_part10(compressed(image, syntax, [padded(codestream)]), folder / "image.dcm")


def codestream_of(image: Dataset) -> bytes:
    compress(image, JPEG2000Lossless)
    data = bytes(image.PixelData)
    return data[data.index(b"\xff\x4f\xff\x51") : data.rindex(b"\xff\xd9") + 2]


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K])
def test_high_throughput_grey(syntax: str, tmp_path: Path) -> None:
    path = in_file(image_of(GREY.astype("<u2"), BitsStored=12), REVERSIBLE, tmp_path, syntax)
    frame = decode(read_frame(path))
    assert np.array_equal(frame.values, GREY)
    assert "JPEG 2000" in frame.decoder


def test_high_throughput_with_a_loss(tmp_path: Path) -> None:
    path = in_file(image_of(GREY.astype("<u2"), BitsStored=12), IRREVERSIBLE, tmp_path, HTJ2K)
    assert np.abs(decode(read_frame(path)).values.astype(int) - GREY).max() <= 2


@pytest.mark.parametrize("declared", ["YBR_RCT", "RGB", "YBR_ICT", "YBR_FULL"])
def test_components_that_were_transformed_are_rgb_whatever_is_declared(declared: str, tmp_path: Path) -> None:
    image = image_of(COLOUR.astype("u1"), PhotometricInterpretation=declared)
    assert np.array_equal(pixels_of(render(in_file(image, TRANSFORMED, tmp_path, HTJ2K), PictureWish()).data), COLOUR)


@pytest.mark.parametrize("declared", ["YBR_FULL", "YBR_FULL_422"])
def test_components_that_were_not_transformed_are_what_is_declared(declared: str, tmp_path: Path) -> None:
    """And all of them have their full size, whatever is declared of their chroma."""
    values = RANDOM.integers(0, 256, (33, 35, 3)).astype("u1")
    image = image_of(values, PhotometricInterpretation="YBR_FULL")
    codestream = codestream_of(image)
    image.PhotometricInterpretation = declared
    path = in_file(image, codestream, tmp_path)
    decoded = decode(read_frame(path))
    assert decoded.photometric == "YBR_FULL"
    assert np.array_equal(decoded.values, values)
    assert pixels_of(render(path, PictureWish()).data).shape == values.shape


@pytest.mark.parametrize("codestream_bits", [8, 11, 13, 16])
@pytest.mark.parametrize("declared_bits", [13, 16])
def test_signed_values_of_fewer_bits_than_declared(codestream_bits: int, declared_bits: int, tmp_path: Path) -> None:
    bits = min(codestream_bits, declared_bits)
    values = RANDOM.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (33, 35)).astype("<i2")
    codestream = codestream_of(image_of(values, BitsStored=codestream_bits))
    path = in_file(image_of(values, BitsStored=declared_bits), codestream, tmp_path)
    assert np.array_equal(decode(read_frame(path)).values, values)


def test_a_codestream_in_boxes_is_found(tmp_path: Path) -> None:
    """As JP2 files have them: not conformant in DICOM (PS3.5 A.4.4), but met."""
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    header = pack(">L4sLLHBBBB", 22, b"ihdr", 7, 9, 1, 11, 7, 0, 0) + pack(">L4sBBBL", 15, b"colr", 1, 0, 0, 17)
    boxes += pack(">L4s", 8 + len(header), b"jp2h") + header + pack(">L4s", 8 + len(REVERSIBLE), b"jp2c")
    path = in_file(image_of(GREY.astype("<u2"), BitsStored=12), boxes + REVERSIBLE, tmp_path)
    assert np.array_equal(decode(read_frame(path)).values, GREY)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"Rows": 8}, "another size"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "another number of components"),
    ],
)
def test_a_codestream_that_is_not_the_image_is_refused(attributes: Any, why: str, tmp_path: Path) -> None:
    image = image_of(GREY.astype("<u2"), BitsStored=12, **attributes)
    with pytest.raises(CannotRender, match=why):
        decode(read_frame(in_file(image, REVERSIBLE, tmp_path)))


def test_a_codestream_that_ends_within_its_header_is_refused(tmp_path: Path) -> None:
    for length in (6, 30, 42):
        with pytest.raises(CannotRender, match="no valid header"):
            decode(read_frame(in_file(image_of(GREY.astype("<u2"), BitsStored=12), REVERSIBLE[:length], tmp_path)))


def test_subsampled_components_are_refused(tmp_path: Path) -> None:
    data = bytearray(TRANSFORMED)
    data[46] = 2  # XRsiz of the second component
    with pytest.raises(CannotRender, match="decoded"):
        decode(read_frame(in_file(image_of(COLOUR.astype("u1")), bytes(data), tmp_path)))


def test_components_of_differing_precision_are_not_cut_down_to_the_first(tmp_path: Path) -> None:
    sizes = TRANSFORMED.index(b"\x07\x01\x01\x07\x01\x01\x07\x01\x01")
    for second in (b"\x0b", b"\x87"):  # 12 bits, signed
        codestream = TRANSFORMED[: sizes + 3] + second + TRANSFORMED[sizes + 4 :]
        with pytest.raises(CannotRender, match="differ in precision or sign"):
            decode(read_frame(in_file(image_of(COLOUR.astype("u1")), codestream, tmp_path)))


def test_more_bits_than_a_cell_has_are_not_cut_off(tmp_path: Path) -> None:
    with pytest.raises(CannotRender, match="more bits than Bits Allocated"):
        decode(read_frame(in_file(image_of((GREY % 256).astype("u1")), REVERSIBLE, tmp_path)))
