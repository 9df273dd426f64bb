"""Objects of every transfer syntax at hand, retrieved as they are stored, or as what is taken instead."""

from collections.abc import Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_context, evt
from support.archives import dataset_bytes, make_archive, store_file
from support.dimse_server import IMPLICIT, TITLE, Running, peer_of, running
from support.instances import bundled, bundled_files
from support.retrieving import Retrieved, getting, stored_files
from support.transcoded import the_rest

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STUDY_ROOT_GET
from radnode.dimse.scu import Caller, move, send
from radnode.dimse.scu.forms import prepared
from radnode.dimse.scu.outgoing import Unsendable, outgoing_file
from radnode.instance.part10 import encode_file_meta
from radnode.instance.transcoding.targets import ENCODED
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.model.errors import RadnodeError
from radnode.model.level import Level
from radnode.settings import Peer

PICTURES = ("MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "ExplVR_BigEnd.dcm", "CT_small.dcm")
"""RLE, JPEG 2000, JPEG baseline, big endian, explicit VR."""


@pytest.fixture(scope="module")
def transcoder() -> Iterator[Transcoder]:
    transcoder = Transcoder()
    yield transcoder
    transcoder.close()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Everything that pydicom bundles and that can be stored."""
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        for path in bundled_files():
            with suppress(RadnodeError):
                store_file(archive, path.read_bytes(), fragment=1 << 20)
        yield archive


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("pictures")) as archive:
        for name in PICTURES:
            store_file(archive, bundled(name).read_bytes(), fragment=1 << 20)
        yield archive


def kinds_and_uids(archive: Archive) -> tuple[list[tuple[str, str]], dict[str, Path]]:
    """What contexts its objects need, and its files by SOP Instance UID."""
    metas = {path: dcmread(path, stop_before_pixels=True).file_meta for path in stored_files(archive)}
    kinds = {(str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)) for meta in metas.values()}
    return sorted(kinds), {str(meta.MediaStorageSOPInstanceUID): path for path, meta in metas.items()}


def retrieved(server: Running, kinds: list[tuple[str, str]], uids: list[str]) -> Retrieved:
    with getting(server, *kinds, sop_class=STUDY_ROOT_GET) as getter:
        return getter.get(level="IMAGE", instance="\\".join(uids))


def test_every_transfer_syntax_comes_byte_for_byte(bundle: Archive) -> None:
    kinds, files = kinds_and_uids(bundle)
    assert len({syntax for _, syntax in kinds}) >= 9
    with running(bundle) as server:
        found = retrieved(server, kinds, list(files))
    assert (found.last.status, found.last.counters) == (0, (None, len(files), 0, 0))
    assert found.objects == {uid: dataset_bytes(path) for uid, path in files.items()}


def test_every_transfer_syntax_is_moved_byte_for_byte(bundle: Archive, tmp_path: Path) -> None:
    _, files = kinds_and_uids(bundle)
    with make_archive(tmp_path / "there") as there, running(there) as other:
        destination = Peer(title="THERE", host="127.0.0.1", port=other.port)
        # The other node has our title, and what is called is the title that was listed.
        with running(bundle, peers=(destination.model_copy(update={"title": TITLE}),)) as server:
            keys = {"SOPInstanceUID": "\\".join(files)}
            *_, last = move(peer_of(server), Caller("TESTS"), Level.IMAGE, keys, TITLE)
        assert (last.status, last.completed, last.failed) == (0, len(files), 0)
        names = {path.name for path in stored_files(there)}  # each is the digest of its object
    assert names == {path.name for path in files.values()}


def as_file(sop_instance: str, data: bytes, transfer_syntax: str) -> Dataset:
    return dcmread(BytesIO(encode_file_meta("1.2.3", sop_instance, transfer_syntax) + data))


def test_what_is_taken_otherwise_is_transcoded_with_equal_pixels(pictures: Archive, transcoder: Transcoder) -> None:
    kinds, files = kinds_and_uids(pictures)
    with running(pictures, transcoder=transcoder) as server:
        found = retrieved(server, [(sop_class, IMPLICIT) for sop_class, _ in kinds], list(files))
    assert (found.last.status, found.last.counters) == (0, (None, len(PICTURES), 0, 0))
    for uid, path in files.items():
        stored, got = dcmread(path), as_file(uid, found.objects[uid], IMPLICIT)
        assert (got.pixel_array == stored.pixel_array).all(), path
        assert set(the_rest(got).keys()) == set(the_rest(stored).keys())


def test_a_stored_form_is_preferred_to_every_other(pictures: Archive, transcoder: Transcoder) -> None:
    kinds, files = kinds_and_uids(pictures)
    with running(pictures, transcoder=transcoder) as server:
        found = retrieved(server, [*((sop_class, IMPLICIT) for sop_class, _ in kinds), *kinds], list(files))
    assert found.objects == {uid: dataset_bytes(path) for uid, path in files.items()}


def test_a_destination_gets_what_it_takes(pictures: Archive, transcoder: Transcoder) -> None:
    _, files = kinds_and_uids(pictures)
    received: list[Dataset] = []

    def handle(event: evt.Event) -> int:
        received.append(event.dataset)
        received[-1].file_meta = event.file_meta
        return 0

    entity = AE("PLAIN")
    entity.supported_contexts = [
        build_context(uid, IMPLICIT) for uid in dict.fromkeys(map(sop_class_of, files.values()))
    ]
    there = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, handle)])
    assert there is not None
    peer = Peer(title="PLAIN", host="127.0.0.1", port=there.server_address[1])
    with running(pictures, transcoder=transcoder, peers=(peer,)) as server:
        keys = {"SOPInstanceUID": "\\".join(files)}
        *_, last = move(peer_of(server), Caller("TESTS"), Level.IMAGE, keys, "PLAIN")
    (*sent,) = send(peer, Caller("TESTS", transcoder=transcoder), files.values())
    there.shutdown()
    assert [one.status for one in sent] == [0] * len(PICTURES)
    assert (last.status, last.completed, last.failed) == (0, len(PICTURES), 0)
    for one in received:
        assert one.file_meta.TransferSyntaxUID == IMPLICIT
        assert (one.pixel_array == dcmread(files[one.SOPInstanceUID]).pixel_array).all()


def sop_class_of(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True).SOPClassUID)


def test_what_is_not_wanted_is_not_tried_in_one_form_after_the_other() -> None:
    asked: list[bool] = []

    def is_wanted() -> bool:
        asked.append(True)
        return False

    sending = outgoing_file(bundled("CT_small.dcm"))
    with (
        closing(Transcoder()) as other,
        pytest.raises(Unsendable, match="no longer wanted"),
        prepared(sending, ENCODED, other, is_wanted),
    ):
        pass
    assert asked == [True]
