"""The DICOM file format: the file meta is read from pieces of any size, and written the same for the same UIDs."""

from io import BytesIO
from struct import pack

import pydicom
import pytest
from support.instances import encode_dataset, encode_part10, make_instance

from radnode.instance.part10 import MAX_META, FileMetaReader, dataset_offset, encode_file_meta
from radnode.model.errors import NotDicom

EXPLICIT = "1.2.840.10008.1.2.1"


def ui(element: int, text: str) -> bytes:
    value = text.encode() + b"\0" * (len(text) % 2)
    return pack("<HH", 2, element) + b"UI" + pack("<H", len(value)) + value


def part10(*elements: bytes, dataset: bytes = b"\x08\0\x05\0CS\0\0") -> bytes:
    return bytes(128) + b"DICM" + b"".join(elements) + dataset


SYNTAX = ui(0x10, EXPLICIT)
CLASS = ui(0x02, "1.2.840.10008.5.1.4.1.1.2")
INSTANCE = ui(0x03, "1.2.3")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 131, 132, 133, 4096])
def test_the_meta_is_read_from_pieces_of_any_size(size: int) -> None:
    instance = make_instance()
    file = encode_part10(instance)
    reader = FileMetaReader()
    position = 0
    while reader.meta is None:
        reader.feed(file[position : position + size])
        position += size
    assert reader.meta.transfer_syntax == EXPLICIT
    assert reader.meta.sop_class == instance.SOPClassUID
    assert reader.meta.sop_instance == instance.SOPInstanceUID
    assert reader.rest + file[position:] == encode_dataset(instance)


@pytest.mark.parametrize(
    "meta",
    [
        (CLASS, INSTANCE, SYNTAX),
        (SYNTAX, INSTANCE, CLASS),
        (pack("<HH", 2, 0) + b"UL\4\0" + pack("<L", 3), CLASS, INSTANCE, SYNTAX),
        (pack("<HH", 2, 0) + b"UL\4\0" + pack("<L", 70_000_000), CLASS, INSTANCE, SYNTAX),
        (pack("<HH", 2, 1) + b"OB\0\0" + pack("<L", 2) + b"\0\1", CLASS, INSTANCE, SYNTAX),
        (CLASS, INSTANCE, SYNTAX[:-1] + b" "),
        (CLASS, INSTANCE, ui(0x10, EXPLICIT + "\0 \0")),
    ],
    ids=["no length", "odd order", "short length", "long length", "version", "space", "much padding"],
)
def test_odd_metas_are_read(meta: tuple[bytes, ...]) -> None:
    file = part10(*meta)
    assert dataset_offset(file) == (EXPLICIT, len(file) - 8)
    reader = FileMetaReader()
    reader.feed(file)
    assert reader.meta is not None
    assert (reader.meta.sop_class, reader.meta.sop_instance) == ("1.2.840.10008.5.1.4.1.1.2", "1.2.3")


@pytest.mark.parametrize("file", [b"", b"\0" * 100, b"\0" * 132, b"%PDF-1.7" + bytes(200), b"DICM" + bytes(200)])
def test_no_preamble_and_prefix(file: bytes) -> None:
    with pytest.raises(NotDicom, match=r"^File has no DICOM preamble and prefix$"):
        dataset_offset(file)


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ((CLASS, INSTANCE), "has no transfer syntax"),
        ((ui(0x10, ""),), "has no transfer syntax"),
        ((ui(0x10, "jpeg"),), "malformed transfer syntax"),
        ((ui(0x10, "1.2.840.10008.5.1.4.1.1.2"),), "is no transfer syntax"),
        ((ui(0x10, "1.2.840.10008.1.20.1"),), None),
        ((ui(0x10, "1.3.46.670589.33.1.4.1"),), None),
        ((pack("<HH", 2, 0x102) + b"OB\0\0" + pack("<L", MAX_META), SYNTAX), "too long"),
        ((pack("<HH", 2, 0x102) + b"OB\0\0" + pack("<L", 0xFFFFFFFF), SYNTAX), "too long"),
    ],
)
def test_which_transfer_syntaxes_pass(meta: tuple[bytes, ...], why: str | None) -> None:
    file = part10(*meta)
    if why is None:
        assert dataset_offset(file)[1] == len(file) - 8
        return
    with pytest.raises(NotDicom, match=why):
        dataset_offset(file)


def test_a_file_that_ends_within_its_meta_is_refused_at_its_end() -> None:
    reader = FileMetaReader()
    reader.feed(part10(CLASS, INSTANCE, SYNTAX, dataset=b"")[:-4])
    assert reader.meta is None
    assert reader.rest == b""
    with pytest.raises(NotDicom, match="ends within its meta"):
        reader.finish()


def test_a_file_of_meta_alone_ends_with_it() -> None:
    reader = FileMetaReader()
    file = part10(CLASS, INSTANCE, SYNTAX, dataset=b"")
    reader.feed(file)
    assert reader.meta is None, "more of the meta may follow"
    assert reader.finish().transfer_syntax == EXPLICIT
    assert dataset_offset(file) == (EXPLICIT, len(file))


@pytest.mark.parametrize("syntax", [EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.203"])
def test_the_meta_that_is_written_is_valid_and_always_the_same(syntax: str) -> None:
    instance = make_instance()
    meta = encode_file_meta(instance.SOPClassUID, instance.SOPInstanceUID, syntax)
    assert meta == encode_file_meta(instance.SOPClassUID, instance.SOPInstanceUID, syntax)
    assert meta[:128] == bytes(128)
    assert dataset_offset(meta + b"\x08\0\0\0") == (syntax, len(meta))
    read = pydicom.dcmread(BytesIO(meta), stop_before_pixels=True).file_meta
    assert read.FileMetaInformationGroupLength == len(meta) - 144
    assert read.MediaStorageSOPClassUID == instance.SOPClassUID
    assert read.MediaStorageSOPInstanceUID == instance.SOPInstanceUID
    assert read.TransferSyntaxUID == syntax
    assert read.ImplementationVersionName == "RADNODE"
    pydicom.dataset.validate_file_meta(read)
