"""What becomes of single elements when their data set is written in another transfer syntax."""

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import RLELossless
from support.instances import REMOVED, bundled, encode_dataset, make_instance, write_part10
from support.pictures import image_of, item
from support.transcoded import transcoded

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN as BIG
from radnode.instance.encodings import EXPLICIT_VR_LITTLE_ENDIAN as EXPLICIT
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT
from radnode.instance.part10 import dataset_offset, encode_file_meta
from radnode.instance.transcoding.plain_transcode import transcode_small
from radnode.instance.transcoding.targets import JPEG_2000_LOSSLESS, JPEG_LS_LOSSLESS, RLE_LOSSLESS
from radnode.instance.walk import Element, walk
from radnode.model.errors import CannotTranscode
from radnode.model.uid import UID

UNCOMPRESSED_FRAMES = "1.2.840.10008.1.2.1.98"


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def explicit(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    length = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    long = vr in ("OB", "OW", "SQ", "UN", "UT", "OF", "OD", "OV")
    return head + (struct.pack("<HL", 0, length) if long else struct.pack("<H", length)) + value


UNDEFINED = 0xFFFFFFFF
ITEM_END, SEQUENCE_END = implicit(0xFFFEE00D, b""), implicit(0xFFFEE0DD, b"")


def after(dataset: bytes, stored: str, target: str, folder: Path) -> bytes:
    """The data set in another transfer syntax."""
    path = folder / "stored.dcm"
    path.write_bytes(encode_file_meta("1.2.840.10008.5.1.4.1.1.7", "1.2.3", stored) + dataset)
    whole = transcoded(path, target, folder).read_bytes()
    return whole[dataset_offset(whole)[1] :]


def found(dataset: bytes, encoding: UID) -> dict[int, Element]:
    return {element.tag: element for element in walk(dataset, encoding, deep=True)}


def test_vrs_that_are_not_written_come_from_the_dictionary(tmp_path: Path) -> None:
    data = b"".join(
        (
            implicit(0x00080005, b"ISO_IR 100"),
            implicit(0x00091001, b"\1\2\3\4"),
            implicit(0x00280103, b"\1\0"),
            implicit(0x00280106, b"\xff\xff"),
            implicit(0x00281201, bytes(70000)),
            implicit(0x00283006, b"\1\2"),
            implicit(0x60020010, b"\5\0"),
            implicit(0x77771234, b"unknown "),
        )
    )
    elements = found(after(data, IMPLICIT, EXPLICIT, tmp_path), EXPLICIT)
    vrs = {tag: element.vr for tag, element in elements.items()}
    assert vrs == {
        0x00080005: "CS",
        0x00091001: "UN",
        0x00280103: "US",
        0x00280106: "SS",  # by Pixel Representation
        0x00281201: "OW",
        0x00283006: "OW",
        0x60020010: "US",
        0x77771234: "UN",
    }
    assert after(after(data, IMPLICIT, EXPLICIT, tmp_path), EXPLICIT, IMPLICIT, tmp_path) == data


def test_private_sequences_are_entered_where_their_length_shows_what_they_are(tmp_path: Path) -> None:
    inner = implicit(0x00100020, b"ID") + implicit(0x00111002, b"\1\2")
    items = implicit(0xFFFEE000, inner, UNDEFINED) + ITEM_END
    data = implicit(0x00090010, b"ME") + implicit(0x00091001, items + SEQUENCE_END, UNDEFINED)
    data += implicit(0x00091002, implicit(0xFFFEE000, inner))  # of defined length: nobody knows what this is
    out = after(data, IMPLICIT, EXPLICIT, tmp_path)
    assert [element.vr for element in walk(out, EXPLICIT, deep=True)] == ["LO", "SQ", "", "LO", "UN", "UN"]
    assert after(out, EXPLICIT, IMPLICIT, tmp_path) == data
    assert after(after(data, IMPLICIT, BIG, tmp_path), BIG, IMPLICIT, tmp_path) == data


def test_lengths_of_sequences_and_groups_count_what_is_there_now(tmp_path: Path) -> None:
    inner = implicit(0x00080000, struct.pack("<L", 12), 4) + implicit(0x00080050, b"A1  ")
    data = implicit(0x00080000, bytes(4)) + implicit(0x00080050, b"A1")
    data += implicit(0x00081111, implicit(0xFFFEE000, inner) + implicit(0xFFFEE000, b""))
    data += implicit(0x00100000, bytes(4)) + implicit(0x00100020, b"ID")
    out = after(data, IMPLICIT, EXPLICIT, tmp_path)
    inside = explicit(0x00080000, "UL", struct.pack("<L", 12)) + explicit(0x00080050, "SH", b"A1  ")
    sequence = explicit(0x00081111, "SQ", implicit(0xFFFEE000, inside) + implicit(0xFFFEE000, b""))
    group = explicit(0x00080050, "SH", b"A1") + sequence
    assert out == b"".join(
        (
            explicit(0x00080000, "UL", struct.pack("<L", len(group))),
            group,
            explicit(0x00100000, "UL", struct.pack("<L", 10)),
            explicit(0x00100020, "LO", b"ID"),
        )
    )


def test_a_value_that_a_short_length_cannot_count_becomes_unknown(tmp_path: Path) -> None:
    data = implicit(0x00080005, b"") + implicit(0x00280107, b"\1\0") + implicit(0x0040A160, b"x" * 70000)
    data += implicit(0x00720066, b"y" * 70000)  # LO
    elements = found(after(data, IMPLICIT, EXPLICIT, tmp_path), EXPLICIT)
    assert elements[0x0040A160].vr == "UT"
    assert (elements[0x00720066].vr, elements[0x00720066].length) == ("UN", 70000)


@pytest.mark.parametrize(
    ("vr", "size"), [("US", 2), ("AT", 2), ("OW", 2), ("UL", 4), ("FL", 4), ("OF", 4), ("FD", 8), ("OD", 8), ("OV", 8)]
)
def test_words_are_turned_round(vr: str, size: int, tmp_path: Path) -> None:
    value = bytes(range(16))
    out = after(explicit(0x00091001, vr, value), EXPLICIT, BIG, tmp_path)
    turned = b"".join(value[start : start + size][::-1] for start in range(0, 16, size))
    assert out.endswith(turned)
    assert after(out, BIG, EXPLICIT, tmp_path) == explicit(0x00091001, vr, value)


@pytest.mark.parametrize("vr", ["OB", "UN", "LO"])
def test_what_has_no_byte_order_stays(vr: str, tmp_path: Path) -> None:
    assert after(explicit(0x00091001, vr, b"abcdefgh"), EXPLICIT, BIG, tmp_path).endswith(b"abcdefgh")


def test_odd_lengths_padding_and_order_stay(tmp_path: Path) -> None:
    data = implicit(0x00100020, b"odd") + implicit(0x00100010, b"PADDED  ") + implicit(0x00080050, b"before\0\0")
    data += implicit(0xFFFCFFFC, bytes(40))
    assert after(after(data, IMPLICIT, EXPLICIT, tmp_path), EXPLICIT, IMPLICIT, tmp_path) == data


def test_an_icon_is_described_by_its_item(tmp_path: Path) -> None:
    icon = item(
        SamplesPerPixel=1, Rows=2, Columns=2, BitsAllocated=8, BitsStored=8, PixelRepresentation=1, PixelData=b"abcd"
    )
    icon.SmallestImagePixelValue = -1
    icon["SmallestImagePixelValue"].VR = "SS"
    stored = make_instance(IMPLICIT, IconImageSequence=[icon], SmallestImagePixelValue=7)
    out = transcoded(write_part10(stored, tmp_path / "icon.dcm"), BIG, tmp_path)
    read = dcmread(out)
    (inner,) = read.IconImageSequence
    assert (inner.PixelData, inner["PixelData"].VR) == (b"abcd", "OB")
    assert (inner.SmallestImagePixelValue, read.SmallestImagePixelValue) == (-1, 7)


def test_a_compressed_icon_is_refused_rather_than_passed_on(tmp_path: Path) -> None:
    fragments = implicit(0xFFFEE000, b"") + implicit(0xFFFEE000, b"JPEG") + SEQUENCE_END
    icon = explicit(0x7FE00010, "OB", fragments, UNDEFINED)
    data = explicit(0x00880200, "SQ", implicit(0xFFFEE000, icon))
    with pytest.raises(CannotTranscode, match="not the image's own"):
        after(data, "1.2.840.10008.1.2.4.70", EXPLICIT, tmp_path)
    assert after(data, "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57", tmp_path) == data


@pytest.mark.filterwarnings("ignore")
def test_overlays_in_unused_bits_are_kept_or_the_object_is_refused(tmp_path: Path) -> None:
    cells = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) % 4096 | 0x8000
    path = write_part10(image_of(cells, BitsStored=12), tmp_path / "overlay.dcm")
    back = transcoded(transcoded(path, RLE_LOSSLESS, tmp_path), EXPLICIT, tmp_path)
    assert dcmread(back).PixelData == cells.tobytes()
    for target in (JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS):
        with pytest.raises(CannotTranscode, match="beside Bits Stored"):
            transcoded(path, target, tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", [JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS, RLE_LOSSLESS])
def test_signs_and_high_bits_survive(target: str, tmp_path: Path) -> None:
    values = (np.arange(64 * 64, dtype=np.int16).reshape(64, 64) % 4096) - 2048
    signed = write_part10(image_of(values, BitsStored=12), tmp_path / "signed.dcm")
    np.testing.assert_array_equal(dcmread(transcoded(signed, target, tmp_path)).pixel_array, values)
    masked = write_part10(image_of(values & 0xFFF, BitsStored=12, PixelRepresentation=1), tmp_path / "masked.dcm")
    back = transcoded(transcoded(masked, target, tmp_path), EXPLICIT, tmp_path)
    np.testing.assert_array_equal(dcmread(back).pixel_array & 0xFFF, values & 0xFFF)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", [JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS])
def test_codestreams_have_no_bits_below(target: str, tmp_path: Path) -> None:
    values = (np.arange(64 * 64, dtype=np.int16).reshape(64, 64) % 4096) - 2048
    shifted = image_of(values.view(np.uint16) << 4, BitsStored=12, HighBit=15, PixelRepresentation=1)
    read = dcmread(transcoded(write_part10(shifted, tmp_path / "shifted.dcm"), target, tmp_path))
    assert read.HighBit == 11
    np.testing.assert_array_equal(read.pixel_array, values)


@pytest.mark.filterwarnings("ignore")
def test_subsampled_chroma_stays_among_uncompressed_and_is_filled_up_otherwise(tmp_path: Path) -> None:
    pixels = bytes(range(64)) * 64
    stored = make_instance(
        Rows=64, Columns=32, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0,
        BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=pixels,
    )  # fmt: skip
    path = write_part10(stored, tmp_path / "422.dcm")
    assert dcmread(transcoded(path, IMPLICIT, tmp_path)).PixelData == pixels
    read = dcmread(transcoded(path, RLE_LOSSLESS, tmp_path))
    assert read.PhotometricInterpretation == "YBR_FULL"
    read.decompress(as_rgb=False)
    assert read.PixelData[:6] == bytes([0, 2, 3, 1, 2, 3])


@pytest.mark.filterwarnings("ignore")
def test_planes_become_pixels(tmp_path: Path) -> None:
    colours = np.arange(40 * 40 * 3, dtype=np.uint8).reshape(40, 40, 3)
    planes = np.ascontiguousarray(colours.transpose(2, 0, 1)).tobytes()
    path = write_part10(image_of(colours, PlanarConfiguration=1, PixelData=planes), tmp_path / "planes.dcm")
    for target in (JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS, RLE_LOSSLESS):
        read = dcmread(transcoded(transcoded(path, target, tmp_path), EXPLICIT, tmp_path))
        assert read.PlanarConfiguration == 0
        assert read.PixelData == colours.tobytes()


@pytest.mark.filterwarnings("ignore")
def test_frames_of_odd_length_have_their_offsets_and_padding(tmp_path: Path) -> None:
    frames = np.arange(3 * 33 * 35, dtype=np.uint8).reshape(3, 33, 35)
    stored = image_of(frames[0], NumberOfFrames="3", PixelData=frames.tobytes() + b"\0")
    path = write_part10(stored, tmp_path / "odd.dcm")
    for target in (JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS, RLE_LOSSLESS):
        compressed = transcoded(path, target, tmp_path)
        np.testing.assert_array_equal(dcmread(compressed).pixel_array, frames)
        read = dcmread(compressed)
        offsets = struct.unpack("<3L", read.PixelData[8:20])
        assert [read.PixelData[20 + offset : 24 + offset] for offset in offsets] == [b"\xfe\xff\x00\xe0"] * 3
        assert dcmread(transcoded(compressed, EXPLICIT, tmp_path)).PixelData == frames.tobytes() + b"\0"


@pytest.mark.filterwarnings("ignore")
def test_extended_offset_tables_go_with_their_fragments(tmp_path: Path) -> None:
    source = dcmread(transcoded(bundled("SC_rgb_rle_2frame.dcm"), EXPLICIT, tmp_path))
    source.compress(RLELossless)
    frames = list(generate_frames(source.PixelData, number_of_frames=2))
    source.PixelData, source.ExtendedOffsetTable, source.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    source.save_as(tmp_path / "extended.dcm")
    read = dcmread(transcoded(tmp_path / "extended.dcm", EXPLICIT, tmp_path))
    assert "ExtendedOffsetTable" not in read
    assert "ExtendedOffsetTableLengths" not in read
    np.testing.assert_array_equal(read.pixel_array, source.pixel_array)


def test_frames_of_single_bits_follow_each_other_without_gaps(tmp_path: Path) -> None:
    bits = (np.arange(3 * 5 * 5) % 3 == 0).astype(np.uint8).reshape(3, 25)
    frames = [np.packbits(frame, bitorder="little").tobytes() for frame in bits]
    stored = make_instance(
        UNCOMPRESSED_FRAMES, Rows=5, Columns=5, NumberOfFrames="3", BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=REMOVED,
    )  # fmt: skip
    data = encode_dataset(stored, EXPLICIT) + explicit(0x7FE00010, "OB", encapsulate(frames) + SEQUENCE_END, UNDEFINED)
    out = after(data, UNCOMPRESSED_FRAMES, EXPLICIT, tmp_path)
    assert out.endswith(np.packbits(bits.reshape(-1), bitorder="little").tobytes())


@pytest.mark.filterwarnings("ignore")
def test_what_was_lossy_says_so_for_ever(tmp_path: Path) -> None:
    for name in ("SC_rgb_jpeg_dcmtk.dcm", "JPGExtended.dcm"):
        stored = dcmread(bundled(name))
        if "LossyImageCompression" in stored:
            del stored.LossyImageCompression
        stored.save_as(tmp_path / name)
        read = dcmread(transcoded(tmp_path / name, EXPLICIT, tmp_path))
        assert read.LossyImageCompression == "01"
    assert read.SOPInstanceUID == stored.SOPInstanceUID


def test_objects_without_pixels_leave_a_compressed_syntax(tmp_path: Path) -> None:
    data = explicit(0x00080050, "SH", b"A1")
    assert after(data, "1.2.840.10008.1.2.4.70", IMPLICIT, tmp_path) == implicit(0x00080050, b"A1")
    empty = data + explicit(0x7FE00010, "OB", implicit(0xFFFEE000, b"") + SEQUENCE_END, UNDEFINED)
    out = after(empty, "1.2.840.10008.1.2.4.70", EXPLICIT, tmp_path)
    assert out == data + explicit(0x7FE00010, "OW", b"")


def test_more_elements_than_are_looked_at_here_are_for_another_process(tmp_path: Path) -> None:
    many = b"".join(explicit(0x00091000 + number, "UN", b"") for number in range(50_001))
    path = tmp_path / "many.dcm"
    path.write_bytes(encode_file_meta("1.2", "1.2.3", EXPLICIT) + many)
    assert transcode_small(path, IMPLICIT) is None
    assert transcoded(path, IMPLICIT, tmp_path).stat().st_size < path.stat().st_size
