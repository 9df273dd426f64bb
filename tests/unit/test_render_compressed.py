"""Compressed frames: what goes in lossless comes out the same, and colour as its codestream says (PS3.5 8.2)."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import jpeg_ls
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from support.compressing import compress, compressed
from support.instances import write_part10
from support.peers import run
from support.pictures import Array, image_of, padded, rendered, with_syntax

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.pixels import read_frame
from radnode.model.errors import CannotRender, NoPixelData

RANDOM = np.random.default_rng(5)
NOISE = RANDOM.integers(0, 4096, (33, 35))


def decoded(image: Dataset, folder: Path) -> Array:
    return decode(read_frame(write_part10(image, folder / "image.dcm"))).values


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    ("dtype", "stored", "offset"),
    [("u1", 8, 0), ("<u2", 12, 0), ("<u2", 16, 0), ("<i2", 16, -2000), ("<i2", 12, -2048)],
)
def test_lossless_grey(syntax: str, dtype: str, stored: int, offset: int, tmp_path: Path) -> None:
    values = ((NOISE % 2**stored) + offset).astype(dtype)
    image = image_of(values, BitsStored=stored)
    compress(image, syntax)
    assert np.array_equal(decoded(image, tmp_path), values)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_colour(syntax: str, tmp_path: Path) -> None:
    values = RANDOM.integers(0, 256, (35, 33, 3)).astype(np.uint8)
    image = image_of(values)
    compress(image, syntax)
    assert np.array_equal(rendered(image, tmp_path), values)


@pytest.mark.parametrize(("allocated", "samples"), [(8, 1), (16, 1), (32, 1), (64, 1), (8, 3), (16, 3), (32, 3)])
def test_run_lengths_of_cells_of_every_width(allocated: int, samples: int, tmp_path: Path) -> None:
    """Annex G by hand: a segment for each byte of each sample, the highest first, each in literal runs of 70."""
    size = allocated // 8
    values = RANDOM.integers(0, 2**allocated, (10, 7, samples), dtype=np.uint64)
    planes = [
        (values[..., sample] >> np.uint64(8 * byte)) & np.uint64(255)
        for sample in range(samples)
        for byte in range(size)[::-1]
    ]
    segments = [bytes([69]) + plane.astype(np.uint8).tobytes() + b"\x80" for plane in planes]
    header = [len(segments), *(64 + 72 * place for place in range(len(segments)))]
    frame = struct.pack("<16L", *header, *[0] * (16 - len(header))) + b"".join(segments)
    image = image_of(values.squeeze(), BitsAllocated=allocated, BitsStored=allocated, PixelRepresentation=0)
    image.PlanarConfiguration = 1
    shown = decoded(compressed(image, RLELossless, [frame]), tmp_path)
    assert np.array_equal(shown, values.squeeze())


def test_run_lengths_beyond_the_last_cell_are_refused(tmp_path: Path) -> None:
    """Which makes the decoder panic, as Rust calls it."""
    values = np.zeros((6, 6), np.uint16)
    frame = struct.pack("<16L", 2, 64, 66, *[0] * 13) + b"\xdd\x07" + b"\xdc\x07" + b"\x81\x07"
    with pytest.raises(CannotRender, match="cannot be decoded"):
        decoded(compressed(image_of(values), RLELossless, [frame]), tmp_path)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("interleave", [0, 1, 2])
@pytest.mark.parametrize("error", [0, 3])
def test_jpeg_ls_colour_is_laid_out_as_the_codestream_says(
    error: int, interleave: int, planar: int, tmp_path: Path
) -> None:
    """By component, by line and by sample, whatever Planar Configuration declares; near-lossless too."""
    values = RANDOM.integers(0, 256, (35, 33, 3)).astype(np.uint8)
    source = values.transpose(2, 0, 1) if interleave == 0 else values
    frame = jpeg_ls.encode_buffer(source.tobytes(), 35, 33, 3, 8, error, interleave)
    image = compressed(image_of(values), JPEGLSLossless, [padded(bytes(frame))], PlanarConfiguration=planar)
    assert np.abs(decoded(image, tmp_path).astype(int) - values).max() <= error


@pytest.mark.parametrize("kept", [60, 100, 0.5, 0.9])
def test_a_jpeg_ls_stream_without_an_end_ends(kept: float, tmp_path: Path) -> None:
    """On many such streams, CharLS by itself does not."""
    values = RANDOM.integers(0, 256, (35, 33, 3)).astype(np.uint8)
    frame = bytes(jpeg_ls.encode_buffer(values.tobytes(), 35, 33, 3, 8, 3, 1))
    cut = frame[: int(kept if kept > 1 else kept * len(frame))] + b"\x7f\0" * 40
    with pytest.raises(CannotRender, match="cannot be decoded"):
        decoded(compressed(image_of(values), JPEGLSLossless, [padded(cut)]), tmp_path)


@pytest.mark.parametrize(("stored", "signed"), [(16, True), (16, False), (12, True), (9, False)])
def test_near_lossless_jpeg_ls_of_wide_cells(stored: int, signed: bool, tmp_path: Path) -> None:
    smooth = (np.add.outer(np.arange(33), np.arange(35)) * 2**stored // 80) + 2 ** (stored - 4)
    values = smooth.astype("<u2") if not signed else (smooth - 2 ** (stored - 1)).astype("<i2")
    cells = values.astype("<u2") & (2**stored - 1)
    frame = jpeg_ls.encode_buffer(cells.tobytes(), 33, 35, 1, stored, 2)
    image = compressed(image_of(values, BitsStored=stored), "1.2.840.10008.1.2.4.81", [padded(bytes(frame))])
    difference = (decoded(image, tmp_path).astype(int) - values) % 2**stored
    assert np.minimum(difference, 2**stored - difference).max() <= 2


@pytest.mark.parametrize("process", ["+e1", "+el"])
@pytest.mark.parametrize(
    ("dtype", "stored", "offset"), [("u1", 8, 0), ("<u2", 12, 0), ("<u2", 16, 0), ("<i2", 16, -2000)]
)
def test_lossless_jpeg_of_dcmtk(process: str, dtype: str, stored: int, offset: int, tmp_path: Path) -> None:
    values = ((NOISE % 2**stored) + offset).astype(dtype)
    plain = write_part10(image_of(values, BitsStored=stored), tmp_path / "plain.dcm")
    run("dcmcjpeg", process, plain, tmp_path / "jpeg.dcm")
    assert np.array_equal(decode(read_frame(tmp_path / "jpeg.dcm")).values, values)


@pytest.mark.parametrize("stored", [8, 12])
def test_extended_jpeg_of_dcmtk(stored: int, tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64)) * 2 ** (stored - 7)
    plain = write_part10(image_of(smooth.astype("<u2"), BitsStored=stored), tmp_path / "plain.dcm")
    run("dcmcjpeg", "+ee", "+q", "100", plain, tmp_path / "jpeg.dcm")
    run("dcmdjpeg", tmp_path / "jpeg.dcm", tmp_path / "back.dcm")
    ours, theirs = (decode(read_frame(tmp_path / name)).values.astype(int) for name in ("jpeg.dcm", "back.dcm"))
    assert np.abs(ours - theirs).max() <= 1


def whole_jpeg(process: str, folder: Path) -> bytes:
    """A codestream with whatever stands before and behind it."""
    values = (NOISE % 256).astype("u1") if process == "+eb" else NOISE.astype("<u2")
    plain = write_part10(image_of(values, BitsStored=8 if process == "+eb" else 12), folder / "plain.dcm")
    run("dcmcjpeg", process, plain, folder / "jpeg.dcm")
    return (folder / "jpeg.dcm").read_bytes()


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.98])
@pytest.mark.parametrize("process", ["+eb", "+ee", "+e1", "+el"])
def test_a_jpeg_that_ends_too_soon_is_not_shown_as_grey(process: str, kept: float, tmp_path: Path) -> None:
    data = whole_jpeg(process, tmp_path)
    begin, end = data.index(b"\xff\xda"), data.rindex(b"\xff\xd9")
    cut = begin + int((end - begin) * kept)
    path = tmp_path / "jpeg.dcm"
    path.write_bytes(data[:cut] + b"\xff\xd9" + bytes(end - cut) + data[end + 2 :])
    with pytest.raises(CannotRender, match="ends before the image does"):
        decode(read_frame(path))


@pytest.mark.parametrize("lost", [6, 8, 40, 300])
@pytest.mark.parametrize("predictor", range(1, 8))
def test_a_lossless_jpeg_that_lacks_a_few_bytes_is_refused(predictor: int, lost: int, tmp_path: Path) -> None:
    plain = write_part10(image_of(NOISE.astype("<u2"), BitsStored=12), tmp_path / "plain.dcm")
    run("dcmcjpeg", "+el", "+sv", str(predictor), plain, tmp_path / "jpeg.dcm")
    frame = read_frame(tmp_path / "jpeg.dcm")
    assert np.array_equal(decode(frame).values, NOISE)
    end = frame.data.rindex(b"\xff\xd9")
    with pytest.raises(CannotRender, match="ends before the image does"):
        decode(replace(frame, data=frame.data[: end - lost] + b"\xff\xd9"))


@pytest.mark.parametrize("process", ["+eb", "+ee", "+e1", "+el"])
def test_a_whole_jpeg_with_more_data_than_it_needs_is_shown(process: str, tmp_path: Path) -> None:
    data = whole_jpeg(process, tmp_path)
    path = tmp_path / "jpeg.dcm"
    expected = decode(read_frame(path)).values
    end = data.rindex(b"\xff\xd9")
    size_at = data.rindex(b"\xfe\xff\x00\xe0", 0, data.index(b"\xff\xd8\xff")) + 4
    size = int.from_bytes(data[size_at : size_at + 4], "little")
    end -= data[end - 1] == 0xFF  # a marker may be filled up before it
    longer = data[:size_at] + (size + 40).to_bytes(4, "little") + data[size_at + 4 : end]
    path.write_bytes(longer + b"\x55" * 40 + data[end:])
    assert np.array_equal(decode(read_frame(path)).values, expected)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("declared", ["YBR_FULL_422", "YBR_FULL", "RGB"])
def test_baseline_colour_with_a_jfif_mark_is_ybr_whatever_is_declared(
    subsampling: str, declared: str, tmp_path: Path
) -> None:
    colours = np.repeat(np.repeat(RANDOM.integers(0, 256, (4, 4, 3)), 16, axis=0), 16, axis=1).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(colours).save(out, "JPEG", quality=100, subsampling=subsampling)
    image = compressed(
        image_of(colours), JPEGBaseline8Bit, [padded(out.getvalue())], PhotometricInterpretation=declared
    )
    assert np.abs(rendered(image, tmp_path).astype(int) - colours)[8::16, 8::16].max() <= 3


def test_without_any_mark_the_declared_colour_space_holds(tmp_path: Path) -> None:
    colours = np.repeat(np.repeat(RANDOM.integers(0, 256, (4, 4, 3)), 16, axis=0), 16, axis=1).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(colours).save(out, "JPEG", quality=100, subsampling="4:4:4", keep_rgb=True)
    marked = out.getvalue()
    image = compressed(image_of(colours), JPEGBaseline8Bit, [padded(marked)])
    assert np.abs(rendered(image, tmp_path).astype(int) - colours).max() <= 3
    # The same samples with component names 1, 2, 3: nothing but Photometric Interpretation says that they are RGB.
    nameless = marked.replace(b"R\x11\0G\x11\0B\x11\0", b"\x01\x11\0\x02\x11\0\x03\x11\0")
    nameless = nameless.replace(b"\x03R\0G\0B\0", b"\x03\x01\0\x02\0\x03\0")
    assert nameless != marked
    image = compressed(image_of(colours), JPEGBaseline8Bit, [padded(nameless)])
    assert np.abs(rendered(image, tmp_path).astype(int) - colours).max() <= 3


def test_deflated_frames_and_native_cells_in_fragments(tmp_path: Path) -> None:
    values = NOISE.astype("<u2")
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = deflater.compress(values.tobytes()) + deflater.flush()
    for syntax, frame in (("1.2.840.10008.1.2.8.1", stream), ("1.2.840.10008.1.2.1.98", values.tobytes())):
        image = compressed(image_of(values, BitsStored=12), RLELossless, [padded(frame)])
        path = with_syntax(write_part10(image, tmp_path / "image.dcm"), syntax)
        assert np.array_equal(decode(read_frame(path)).values, values)


def test_the_first_frame_of_several_in_several_fragments(tmp_path: Path) -> None:
    frames = [NOISE.astype("<u2"), NOISE[::-1].astype("<u2")]
    encoded = []
    for values in frames:
        image = image_of(values, BitsStored=12)
        compress(image, JPEG2000Lossless)
        start = image.PixelData.index(b"\xff\x4f\xff\x51")
        encoded.append(image.PixelData[start : image.PixelData.rindex(b"\xff\xd9") + 2])
    for has_table in (True, False):
        image = image_of(frames[0], BitsStored=12, NumberOfFrames="2")
        image = compressed(image, JPEG2000Lossless, [])
        image.PixelData = encapsulate([padded(one) for one in encoded], fragments_per_frame=2, has_bot=has_table)
        assert np.array_equal(decoded(image, tmp_path), frames[0])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"\xff\xd8\xff\xd9", "no valid header"),
        (bytes(64), "not of the declared kind"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xd9", "another size"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x21\x00\x23\x01\x01\x11\x00\xff\xd9", "ends before the image does"),
    ],
)
def test_broken_frames_are_refused(frame: bytes, why: str, tmp_path: Path) -> None:
    image = compressed(image_of(NOISE.astype("u1")), JPEGBaseline8Bit, [padded(frame)])
    with pytest.raises(CannotRender, match=why):
        decoded(image, tmp_path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_a_cut_frame_is_refused(syntax: str, tmp_path: Path) -> None:
    image = image_of(NOISE.astype("<u2"), BitsStored=12)
    compress(image, syntax)
    frame = image.PixelData[20:][:200]
    with pytest.raises(CannotRender, match="the pixel data cannot be decoded"):
        decoded(compressed(image, syntax, [frame]), tmp_path)


def test_an_offset_table_alone_is_no_pixel_data(tmp_path: Path) -> None:
    image = compressed(image_of(NOISE.astype("u1")), RLELossless, [])
    image.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    with pytest.raises(NoPixelData):
        decoded(image, tmp_path)


def in_scans(colours: Array, scans: int) -> bytes:
    """A baseline JPEG of which each component has a scan of its own (ITU-T T.81 A.2.2), so many of them."""
    greys = []
    for colour in range(3):
        out = BytesIO()
        Image.fromarray(colours[..., colour]).save(out, "JPEG", quality=100)
        greys.append(out.getvalue())
    first = greys[0]
    quantization, header, tables = (first.index(marker) for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4"))
    size = first[header + 5 : header + 9]
    frame = b"\xff\xc0\0\x11\x08" + size + b"\3" + b"".join(bytes([name, 0x11, 0]) for name in b"RGB")
    data = [
        b"\xff\xda\0\x08\1" + bytes([name, 0]) + b"\0\x3f\0" + grey[grey.index(b"\xff\xda") + 10 : -2]
        for name, grey in zip(b"RGB", greys, strict=True)
    ]
    return (
        b"\xff\xd8"
        + first[quantization:header]
        + frame
        + first[tables : first.index(b"\xff\xda")]
        + b"".join(data[:scans])
        + b"\xff\xd9"
    )


def test_a_colour_whose_scan_is_missing_is_not_made_up(tmp_path: Path) -> None:
    colours = np.repeat(np.repeat(RANDOM.integers(0, 256, (4, 4, 3)), 8, axis=0), 8, axis=1).astype(np.uint8)
    whole = compressed(image_of(colours), JPEGBaseline8Bit, [padded(in_scans(colours, 3))])
    assert np.abs(rendered(whole, tmp_path).astype(int) - colours).max() <= 2
    for scans in (1, 2):
        with pytest.raises(CannotRender, match="ends before the image does"):
            decoded(compressed(image_of(colours), JPEGBaseline8Bit, [padded(in_scans(colours, scans))]), tmp_path)
