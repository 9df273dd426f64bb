"""radnode as user: against its own server and against pynetdicom as provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.pdu import A_ASSOCIATE_RQ
from support.dimse_server import peer_of, running
from support.fake_archive import FakeArchive
from support.instances import INSTANCE, make_instance, write_part10

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STORAGE_CLASSES, STUDY_ROOT_GET, STUDY_ROOT_MOVE
from radnode.dimse.scu import Caller, CallFailed, Folder, InvalidTarget, echo, find, get, move, parse_target, send
from radnode.dimse.upper.associate import ProposedContext, encode_request
from radnode.model.level import Level
from radnode.settings import Peer

PACS = Peer(title="PACS", host="10.0.0.1", port=104)


@pytest.mark.parametrize(
    ("text", "title", "host", "port"),
    [
        ("PACS", "PACS", "10.0.0.1", 104),
        ("OTHER@example.org:11112", "OTHER", "example.org", 11112),
        ("MY AE@127.0.0.1:1", "MY AE", "127.0.0.1", 1),
        ("V6@[::1]:104", "V6", "::1", 104),
    ],
)
def test_a_target_is_a_listed_title_or_an_address(text: str, title: str, host: str, port: int) -> None:
    peer = parse_target(text, (PACS,))
    assert (peer.title, peer.host, peer.port) == (title, host, port)


@pytest.mark.parametrize("text", ["", "NOBODY", "A@b", "A@b:99999", "A@b:x", "@b:1", "SEVENTEEN_LETTERS@b:1"])
def test_anything_else_is_no_target(text: str) -> None:
    with pytest.raises(InvalidTarget):
        parse_target(text, (PACS,))


def test_echo_and_the_ways_it_fails() -> None:
    with running(FakeArchive()) as server:
        assert echo(peer_of(server), Caller()).status == 0
        with pytest.raises(CallFailed, match="called AE title not recognised"):
            echo(peer_of(server, "WRONG"), Caller())
    with pytest.raises(CallFailed, match="cannot connect"):
        echo(peer_of(server), Caller())


def test_more_classes_than_one_association_holds_are_sent_over_several(tmp_path: Path) -> None:
    classes = sorted(STORAGE_CLASSES)[:150]
    for number, sop_class in enumerate(classes):
        uid = f"1.2.3.{number}"
        write_part10(make_instance(SOPClassUID=sop_class, SOPInstanceUID=uid), tmp_path / f"{number:03}.dcm")
    (tmp_path / "notes.txt").write_text("no DICOM")
    archive = FakeArchive()
    with running(archive) as server:
        results = list(send(peer_of(server), Caller(), sorted(tmp_path.iterdir())))
    assert [sent.path.name for sent in results if not sent.is_stored] == ["notes.txt"]
    assert len(archive.objects) == 150


def test_sending_begins_long_before_the_last_file_is_read(tmp_path: Path) -> None:
    path = write_part10(make_instance(), tmp_path / "a.dcm")
    read: list[int] = []

    def files() -> Iterator[Path]:
        for number in range(510):
            read.append(number)
            yield path

    with running(FakeArchive()) as server:
        sending = send(peer_of(server), Caller(), files())
        assert next(sending).is_stored
        assert len(read) <= 501
        assert sum(sent.is_stored for sent in sending) == 509


def test_what_the_peer_refuses_is_told_for_each_file(tmp_path: Path) -> None:
    write_part10(make_instance(), tmp_path / "a.dcm")
    with running(FakeArchive(room=10)) as server:
        (sent,) = send(peer_of(server), Caller(), [tmp_path / "a.dcm"])
    assert (sent.status, sent.comment, sent.is_stored) == (0xA700, "the disk is full", False)


@contextmanager
def pynetdicom_provider(**handlers: Any) -> Iterator[Peer]:
    ae = AE("PYNET")
    ae.add_supported_context(STUDY_ROOT_GET)
    ae.add_supported_context(STUDY_ROOT_MOVE)
    for context in StoragePresentationContexts:
        ae.add_supported_context(str(context.abstract_syntax), scu_role=True, scp_role=True)
    bound: list[Any] = [(getattr(evt, name), handler) for name, handler in handlers.items()]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=bound)
    assert server is not None
    try:
        yield Peer(title="PYNET", host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()


def retrieved(event: Any) -> Iterator[Any]:
    assert event.identifier.StudyInstanceUID == "1.2.3"
    yield 2
    for number in range(2):
        yield 0xFF00, make_instance(SOPInstanceUID=f"{INSTANCE}.{number}")


@pytest.mark.parametrize("into_archive", [False, True])
def test_get_receives_into_a_folder_or_an_archive(tmp_path: Path, into_archive: bool) -> None:
    keys = {"StudyInstanceUID": "1.2.3"}
    with pynetdicom_provider(EVT_C_GET=retrieved) as peer, Archive.open(tmp_path / "archive") as archive:
        into = archive if into_archive else Folder(tmp_path)
        *_, last = get(peer, Caller(), Level.STUDY, keys, into)
    assert (last.status, last.completed, last.failed) == (0, 2, 0)
    files = list((tmp_path / "archive" / "studies").rglob("*.dcm")) if into_archive else list(tmp_path.glob("*.dcm"))
    uids = {str(dcmread(path).SOPInstanceUID) for path in files}
    assert uids == {f"{INSTANCE}.0", f"{INSTANCE}.1"}
    assert not list(tmp_path.rglob("*.part"))


def test_move_tells_its_progress() -> None:
    asked: list[str] = []

    def nowhere(event: Any) -> Iterator[Any]:
        asked.append(event.move_destination)
        yield None, None

    with pynetdicom_provider(EVT_C_MOVE=nowhere) as peer:
        *_, last = move(peer, Caller(), Level.STUDY, {"StudyInstanceUID": "1.2.3"}, "WORKSTATION")
    assert asked == ["WORKSTATION"]
    assert last.status == 0xA801
    assert not last.is_pending


def test_role_selection_is_written_as_pynetdicom_writes_it() -> None:
    ct = "1.2.840.10008.5.1.4.1.1.2"
    encoded = encode_request("CALLED", "CALLING", [ProposedContext(1, ct, ("1.2.840.10008.1.2",))], 16384, [ct])
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(encoded)
    primitive = pdu.to_primitive()
    assert (primitive.called_ae_title, primitive.calling_ae_title) == ("CALLED", "CALLING")
    assert primitive.maximum_length_received == 16384
    expected = build_role(ct, scp_role=True)
    roles = [item for item in primitive.user_information if type(item) is type(expected)]
    assert [(role.sop_class_uid, role.scu_role, role.scp_role) for role in roles] == [(ct, False, True)]


def test_an_unknown_key_is_named() -> None:
    with running(FakeArchive()) as server, pytest.raises(CallFailed, match="NoSuchKeyword"):
        list(find(peer_of(server), Caller(), Level.STUDY, {"NoSuchKeyword": ""}))
