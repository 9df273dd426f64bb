"""C-STORE over real sockets: bytes as they are, and each failure with its status and an association that lives on."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian
from pynetdicom import ALL_TRANSFER_SYNTAXES
from support.dimse_server import (
    CT,
    EXPLICIT,
    IMPLICIT,
    Running,
    address_of,
    doomed,
    peer_of,
    proposals,
    running,
    store_command,
    stream,
    wait_until,
)
from support.disks import fill, small_file_system
from support.fake_archive import FakeArchive
from support.instances import INSTANCE, REMOVED, SERIES, STUDY, encode_dataset, make_instance, write_part10

from radnode.archive.archive import Archive
from radnode.dimse.scu import Caller, send
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.requesting import Requested, associate
from radnode.instance.encodings import DEFLATED, EXPLICIT_VR_BIG_ENDIAN
from radnode.instance.part10 import dataset_offset
from radnode.settings import DicomSettings

STORE = proposals((CT, (EXPLICIT,)), ("1.2.840.10008.5.1.4.1.1.4", (EXPLICIT,)))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive") as archive:
        yield archive


def store(requested: Requested, dataset: bytes | None, sop_instance: str = INSTANCE, sop_class: str = CT) -> Command:
    requested.messages.send(1, store_command(sop_instance, sop_class), dataset)
    return requested.response(Field.C_STORE, 1)


def store_one(
    server: Running, dataset: bytes | None, sop_instance: str = INSTANCE, sop_class: str = CT
) -> tuple[int, str]:
    """The status of one C-STORE, and that a good one after it still succeeds on the same association."""
    with associate(address_of(server), STORE) as requested:
        response = store(requested, dataset, sop_instance, sop_class)
        good = make_instance(SOPInstanceUID="1.2.3.99")
        assert store(requested, encode_dataset(good), "1.2.3.99").number(Element.STATUS) == 0
    return response.number(Element.STATUS), response.text(Element.ERROR_COMMENT)


def incoming(archive: Archive) -> list[Path]:
    return [path for path in archive.layout.incoming.rglob("*") if path.suffix == ".part"]


def stored_files(archive: Archive) -> list[Path]:
    return list((archive.layout.root / "studies").rglob("*.dcm"))


def stored_dataset(archive: Archive) -> bytes:
    (path,) = stored_files(archive)
    data = path.read_bytes()
    return data[dataset_offset(data)[1] :]


def test_the_data_set_is_kept_byte_for_byte(archive: Archive) -> None:
    dataset = encode_dataset(make_instance())
    with running(archive) as server, associate(address_of(server), STORE) as requested:
        response = store(requested, dataset)
        assert response.number(Element.STATUS) == 0
        assert response.text(Element.SOP_INSTANCE) == INSTANCE
        assert response.text(Element.SOP_CLASS) == CT
    assert stored_dataset(archive) == dataset


@pytest.mark.parametrize(
    ("changes", "sop_instance", "status", "comment"),
    [
        ({"SOPInstanceUID": "1.2.3"}, INSTANCE, 0xA900, "SOP Instance UID"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, INSTANCE, 0xA900, "SOP Class UID"),
        ({"SOPClassUID": REMOVED}, INSTANCE, 0xA900, "SOPClassUID"),
        ({"SOPInstanceUID": REMOVED}, INSTANCE, 0x0117, "SOPInstanceUID"),
        ({"StudyInstanceUID": REMOVED}, INSTANCE, 0xC000, "StudyInstanceUID"),
        ({"SeriesInstanceUID": REMOVED}, INSTANCE, 0xC000, "SeriesInstanceUID"),
        ({}, "not.a.uid", 0x0117, "SOP Instance UID"),
        ({}, "../../etc/passwd", 0x0117, "SOP Instance UID"),
        ({}, "", 0x0117, "SOP Instance UID"),
        ({}, "1." * 40 + "1", 0x0117, "SOP Instance UID"),
    ],
)
def test_wrong_identities_have_their_own_status(
    archive: Archive, changes: dict[str, Any], sop_instance: str, status: int, comment: str
) -> None:
    with running(archive) as server:
        got, why = store_one(server, encode_dataset(make_instance(**changes)), sop_instance)
    assert got == status
    assert comment in why
    assert len(why) <= 64
    assert len(stored_files(archive)) == 1
    assert not incoming(archive)


def test_truncated_and_foreign_bytes_are_not_understood(archive: Archive) -> None:
    dataset = encode_dataset(make_instance())
    with running(archive) as server:
        for broken in (dataset[:-7], dataset[:40], b"\x89PNG\r\n\x1a\n" * 20, b"", None):
            assert store_one(server, broken)[0] == 0xC000
    assert not incoming(archive)


def test_a_class_other_than_the_contexts_is_not_supported(archive: Archive) -> None:
    with running(archive) as server:
        status, why = store_one(server, encode_dataset(make_instance()), sop_class="1.2.840.10008.5.1.4.1.1.4")
    assert status == 0x0122
    assert "presentation context" in why


def test_an_object_beyond_the_limit_is_swallowed_and_refused(archive: Archive) -> None:
    big = make_instance(SOPInstanceUID="1.2.3.5", PixelData=bytes(600_000))
    with running(archive, dicom=DicomSettings(max_object_size=100_000)) as server:
        status, why = store_one(server, encode_dataset(big), "1.2.3.5")
    assert status == 0xA700
    assert "100000" in why
    assert not incoming(archive)


def test_a_disk_that_is_full_in_the_middle_costs_the_object_not_the_association() -> None:
    archive = FakeArchive(room=100_000)
    with running(archive) as server, associate(address_of(server), STORE) as requested:
        for size, status in ((300_000, 0xA700), (50_000, 0)):
            assert store(requested, bytes(size), "1.2.3").number(Element.STATUS) == status
    assert [len(data) for data in archive.objects.values()] == [50_000]
    assert (archive.open, archive.aborted) == (0, 1)


def test_a_full_disk_is_a700_until_there_is_room(tmp_path: Path) -> None:
    large = encode_dataset(make_instance(PixelData=bytes(300_000)))
    with small_file_system(tmp_path / "disk") as disk, Archive.open(disk / "archive") as archive:
        with running(archive) as server, associate(address_of(server), STORE) as requested:
            ballast = fill(disk)
            refused = store(requested, large)
            assert refused.number(Element.STATUS) == 0xA700
            assert refused.text(Element.ERROR_COMMENT) == "Cannot store: No space left on device"
            assert not incoming(archive)
            ballast.unlink()
            assert store(requested, large).number(Element.STATUS) == 0
        assert len(stored_files(archive)) == 1


def test_one_pdu_is_all_that_is_held_of_a_large_object() -> None:
    archive = FakeArchive()
    dicom = DicomSettings(max_pdu=16384)
    with running(archive, dicom=dicom) as server, associate(address_of(server), STORE) as requested:
        assert store(requested, bytes(3_000_000)).number(Element.STATUS) == 0
    assert len(archive.objects[INSTANCE]) == 3_000_000
    assert archive.largest_fragment < 16384


def test_a_sender_that_vanishes_leaves_nothing(archive: Archive) -> None:

    def vanish(requested: Requested) -> Iterator[bytes]:
        yield bytes(50_000)
        yield bytes(50_000)
        wait_until(lambda: incoming(archive))
        requested.messages.connection.cut()
        yield b""

    with running(archive) as server:
        with doomed(server, STORE) as requested:
            stream(requested, store_command(INSTANCE), vanish(requested))
        wait_until(lambda: not incoming(archive))
        assert store_one(server, encode_dataset(make_instance()))[0] == 0


def test_parallel_senders_lose_nothing(archive: Archive, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(4)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        for instance in range(10):
            uid = f"1.2.3.{number}.{instance}"
            write_part10(make_instance(SOPInstanceUID=uid, StudyInstanceUID=f"1.2.3.{number}"), folder / uid)
    results: list[bool] = []
    with running(archive) as server:

        def push(folder: Path) -> None:
            results.extend(sent.is_stored for sent in send(peer_of(server), Caller(), sorted(folder.iterdir())))

        threads = [threading.Thread(target=push, args=(folder,)) for folder in folders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [True] * 40
    assert len(stored_files(archive)) == 40


def test_a_private_class_is_stored_by_setting(archive: Archive) -> None:
    private = "1.3.46.670589.5.0.1.1"
    dataset = encode_dataset(make_instance(SOPClassUID=private))
    contexts = proposals((private, (EXPLICIT,)))
    with running(archive) as server, associate(address_of(server), contexts) as requested:
        assert not requested.accepted
    dicom = DicomSettings(accept_unknown_sop_classes=True)
    with running(archive, dicom=dicom) as server, associate(address_of(server), contexts) as requested:
        assert store(requested, dataset, sop_class=private).number(Element.STATUS) == 0


def encoded_as(syntax: str, sop_instance: str) -> bytes:
    """A data set as that transfer syntax writes its elements; its pixel data is not compressed."""
    written = DeflatedExplicitVRLittleEndian if syntax in DEFLATED else UID(EXPLICIT)
    instance = make_instance(SOPInstanceUID=sop_instance)
    instance.file_meta.TransferSyntaxUID = UID(syntax) if syntax in (IMPLICIT, EXPLICIT_VR_BIG_ENDIAN) else written
    return encode_dataset(instance)


def test_every_transfer_syntax_is_kept_as_it_is(archive: Archive) -> None:
    contexts = proposals(*((CT, (syntax, IMPLICIT)) for syntax in ALL_TRANSFER_SYNTAXES))
    expected = {}
    with running(archive) as server, associate(address_of(server), contexts) as requested:
        for context in contexts:
            syntax, uid = context.transfer_syntaxes[0], f"1.2.3.{context.id}"
            expected[syntax] = encoded_as(syntax, uid)
            requested.messages.send(context.id, store_command(uid), expected[syntax])
            assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0, syntax
    files = [path.read_bytes() for path in stored_files(archive)]
    stored = {str(syntax): data[offset:] for data in files for syntax, offset in [dataset_offset(data)]}
    assert stored == expected


def test_implicit_and_explicit_sets_under_one_class(archive: Archive) -> None:
    contexts = proposals((CT, (IMPLICIT,)))
    instance: Dataset = make_instance()
    instance.file_meta.TransferSyntaxUID = UID(IMPLICIT)
    dataset = encode_dataset(instance)
    with running(archive) as server, associate(address_of(server), contexts) as requested:
        assert store(requested, dataset).number(Element.STATUS) == 0
    assert stored_dataset(archive) == dataset
    assert (archive.layout.root / "studies" / STUDY / SERIES).is_dir()
