"""C-MOVE as a provider: over real sockets to destinations that take, refuse, hang or are not there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from pynetdicom import AE, evt
from pynetdicom.events import Event
from support.archives import dataset_bytes, make_archive, store
from support.dimse_server import CT, EXPLICIT, IMPLICIT, TITLE, Running, address_of, proposals, running, wait_until
from support.instances import make_instance
from support.retrieving import Retrieved, answer_of, cancel, fill, identifier, request, stored_files

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STORAGE_CLASSES, STUDY_ROOT_MOVE
from radnode.dimse.upper.command import RESPONSE, Element, Field
from radnode.dimse.upper.endings import ConnectionLost
from radnode.dimse.upper.requesting import Requested, associate
from radnode.sections.retrieve import RetrieveSettings
from radnode.settings import DicomSettings, Peer, Settings

DESTINATION = "WS1"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        fill(archive, "1.1", {"1.1.1": 3, "1.1.2": 2})
        fill(archive, "1.3", {"1.3.1": 12}, patient="P2")
        yield archive


def peer(port: int, title: str = DESTINATION, **more: Any) -> Peer:
    return Peer(title=title, host="127.0.0.1", port=port, **more)


@contextmanager
def moving(server: Running, calling: str = "TESTS") -> Iterator[Requested]:
    with associate(address_of(server, calling=calling), proposals((STUDY_ROOT_MOVE, (IMPLICIT,)))) as requested:
        yield requested


def move(requested: Requested, destination: str = DESTINATION, *, cancel_after: int = 0, **keys: str) -> Retrieved:
    """Ask for it, and take the answers; after `cancel_after` of them ask to stop."""
    elements = request(Field.C_MOVE, STUDY_ROOT_MOVE, move_destination=destination)
    requested.messages.send(1, elements, identifier(**(keys or {"level": "STUDY", "study": "1.1"})))
    found = Retrieved()
    while not found.answers or found.last.status == 0xFF00:
        _, command = requested.next_command()
        assert command.number(Element.COMMAND_FIELD) == Field.C_MOVE | RESPONSE
        found.answers.append(answer_of(requested, command))
        if len(found.answers) == cancel_after:
            cancel(requested)
    return found


@contextmanager
def serving(archive: Archive, *peers: Peer, **retrieve: Any) -> Iterator[Requested]:
    """Our node with these peers, and an association with it."""
    settings = Settings(retrieve=RetrieveSettings(**retrieve))
    with running(archive, peers=peers, settings=settings) as server, moving(server) as requested:
        yield requested


@contextmanager
def destination(
    handle: Callable[[Event], int], *syntaxes: str, classes: tuple[str, ...] = (CT,)
) -> Iterator[tuple[int, list[Any]]]:
    """A pynetdicom SCP that answers with what `handle` says; its port, and the associations that it had."""
    entity = AE(ae_title=DESTINATION)
    for sop_class in classes:
        entity.add_supported_context(sop_class, list(syntaxes or (EXPLICIT,)))
    associations: list[Any] = []
    handlers: list[Any] = [(evt.EVT_C_STORE, handle)]
    handlers += [(evt.EVT_ACCEPTED, lambda event: associations.append(event.assoc))]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield server.server_address[1], associations
    finally:
        server.shutdown()


def test_a_study_arrives_with_its_bytes(archive: Archive, tmp_path: Path) -> None:
    with make_archive(tmp_path / "there") as there, running(there) as other:
        with serving(archive, peer(other.port, TITLE)) as requested:
            # The destination has our title as well; what is looked up is who was listed.
            found = move(requested, TITLE)
        assert (found.last.status, found.last.counters, found.last.failed) == (0, (None, 5, 0, 0), [])
        assert [answer.counters for answer in found.answers[:-1]] == [
            (4, 1, 0, 0), (3, 2, 0, 0), (2, 3, 0, 0), (1, 4, 0, 0),
        ]  # fmt: skip
        arrived = {path.name: dataset_bytes(path) for path in stored_files(there)}
    assert len(arrived) == 5
    assert arrived.items() <= {path.name: dataset_bytes(path) for path in stored_files(archive)}.items()


def test_the_originator_is_who_asked(archive: Archive) -> None:
    requests: list[Any] = []

    def handle(event: Event) -> int:
        requests.append(event.request)
        return 0

    with destination(handle) as (port, associations), serving(archive, peer(port)) as requested:
        assert move(requested).last.counters == (None, 5, 0, 0)
        assert len(associations) == 1
        assert associations[0].requestor.ae_title == TITLE
    assert [(one.MoveOriginatorApplicationEntityTitle, one.MoveOriginatorMessageID) for one in requests] == [
        ("TESTS", 7)
    ] * 5
    assert [one.Priority for one in requests] == [1] * 5


def test_warnings_and_failures_of_the_destination_are_told_apart(archive: Archive) -> None:
    statuses = iter([0xB000, 0xA700, 0, 0xB006, 0xC123])
    with destination(lambda _: next(statuses)) as (port, _), serving(archive, peer(port)) as requested:
        found = move(requested)
    assert (found.last.status, found.last.counters) == (0xB000, (None, 1, 2, 2))
    assert found.last.failed == ["1.1.2.2", "1.1.1.3"]


def test_an_unknown_destination(archive: Archive) -> None:
    with serving(archive, peer(1)) as requested:
        for title, words in (("NOBODY", "not known"), ("ws1", "not known"), ("", "not known"), (TITLE, "already")):
            found = move(requested, title)
            assert (found.last.status, found.last.counters) == (0xA801, (None, 0, 0, 0))
            assert words in found.last.comment


def test_a_destination_that_is_not_there(archive: Archive) -> None:
    with socket.socket() as taken:  # bound, but it does not listen
        taken.bind(("127.0.0.1", 0))
        with serving(archive, peer(taken.getsockname()[1])) as requested:
            found = move(requested)
    assert (found.last.status, found.last.counters) == (0xA702, (None, 0, 5, 0))
    assert len(found.last.failed) == 5
    assert found.last.comment == "the destination cannot be reached"


def test_a_destination_that_rejects_and_one_that_takes_nothing_of_it(archive: Archive) -> None:
    with running(archive) as other, serving(archive, peer(other.port, "STRANGER")) as requested:
        found = move(requested, "STRANGER")
        assert (found.last.status, found.last.counters) == (0xA702, (None, 0, 5, 0))
        assert found.last.comment == "rejected by the destination: called AE title not recognised"
    with destination(lambda _: 0, IMPLICIT, classes=("1.2.840.10008.5.1.4.1.1.4",)) as (port, _):
        with serving(archive, peer(port)) as requested:
            found = move(requested)
        assert (found.last.status, found.last.counters) == (0xA702, (None, 0, 5, 0))
        assert found.last.comment.startswith("no context for")


def test_a_peer_that_is_a_network_cannot_be_a_destination(archive: Archive) -> None:
    with serving(archive, Peer(title="LAN", host="10.0.0.0/8", port=104)) as requested:
        found = move(requested, "LAN")
    assert (found.last.status, found.last.comment) == (0xA702, "the destination cannot be called")


def test_a_destination_that_hangs_is_given_up(archive: Archive) -> None:
    hanging = threading.Event()
    with destination(lambda _: int(hanging.wait(20)) - 1) as (port, _):
        with serving(archive, peer(port), timeout=1) as requested:
            started = time.monotonic()
            found = move(requested)
            assert time.monotonic() - started < 5
        hanging.set()
    assert (found.last.status, found.last.counters) == (0xA702, (None, 0, 5, 0))
    assert "silent" in found.last.comment


def test_a_destination_that_ends_the_association_loses_only_what_it_chokes_on(archive: Archive) -> None:
    def handle(event: Event) -> int:
        if cast("Any", event.request).AffectedSOPInstanceUID == "1.3.1.4":
            event.assoc.abort()
        return 0

    with destination(handle) as (port, associations), serving(archive, peer(port)) as requested:
        found = move(requested, level="STUDY", study="1.3")
        assert (found.last.status, found.last.counters) == (0xB000, (None, 11, 1, 0))
        assert found.last.failed == ["1.3.1.4"]
        assert len(associations) == 3


def test_cancel_ends_it_between_two_objects_and_releases_the_destination(archive: Archive) -> None:
    go_on = threading.Semaphore(3)

    def handle(_: Event) -> int:
        go_on.acquire(timeout=10)
        return 0

    with destination(handle) as (port, associations), serving(archive, peer(port)) as requested:
        elements = request(Field.C_MOVE, STUDY_ROOT_MOVE, move_destination=DESTINATION)
        requested.messages.send(1, elements, identifier(level="STUDY", study="1.3"))
        for _ in range(3):
            assert answer_of(requested, requested.next_command()[1]).status == 0xFF00
        cancel(requested)
        go_on.release()
        found = answer_of(requested, requested.next_command()[1])
        # An object whose response had not come when the C-CANCEL was seen has failed, and the association with it.
        assert (found.status, found.counters) in ((0xFE00, (8, 4, 0, 0)), (0xFE00, (8, 3, 1, 0)))
        wait_until(lambda: associations[0].is_released or found.counters[2])


def test_cancel_is_heeded_while_the_destination_hangs(archive: Archive) -> None:
    hanging = threading.Event()
    with destination(lambda _: int(hanging.wait(20)) - 1) as (port, associations):
        with serving(archive, peer(port)) as requested:
            elements = request(Field.C_MOVE, STUDY_ROOT_MOVE, move_destination=DESTINATION)
            requested.messages.send(1, elements, identifier(level="STUDY", study="1.1"))
            wait_until(lambda: associations)
            cancel(requested)
            asked = time.monotonic()
            found = answer_of(requested, requested.next_command()[1])
            assert time.monotonic() - asked < 10, "half as long as it hangs"
        hanging.set()
    assert (found.status, found.counters) == (0xFE00, (4, 0, 1, 0))
    assert len(found.failed) == 1


def test_a_requestor_that_goes_ends_the_sending(archive: Archive) -> None:
    arrived: list[str] = []

    def handle(event: Event) -> int:
        arrived.append(cast("Any", event.request).AffectedSOPInstanceUID)
        time.sleep(0.05)  # a slow destination: nothing is waited for
        return 0

    with destination(handle) as (port, associations), running(archive, peers=(peer(port),)) as server:
        with suppress(ConnectionLost), moving(server) as requested:
            elements = request(Field.C_MOVE, STUDY_ROOT_MOVE, move_destination=DESTINATION)
            requested.messages.send(1, elements, identifier(level="STUDY", study="1.3"))
            requested.next_command()
            requested.messages.connection.cut()
            wait_until(lambda: associations[0].is_aborted or associations[0].is_released)
        assert len(arrived) < 12


def test_where_a_peer_may_have_objects_moved_to(archive: Archive) -> None:
    with destination(lambda _: 0) as (port, _):
        bound = peer(1, "BOUND", destinations=("ELSEWHERE",))
        free = peer(1, "FREE", destinations=(DESTINATION,))
        with running(archive, peers=(peer(port), bound, free)) as server:
            with moving(server, "BOUND") as requested:
                assert move(requested).last.status == 0x0124
                assert move(requested, "NOBODY").last.status == 0xA801
            with moving(server, "FREE") as requested:
                assert move(requested).last.status == 0
            with moving(server, "ANYBODY") as requested:
                assert move(requested).last.status == 0


def test_a_title_that_is_listed_twice_has_the_limits_of_both_and_is_called_where_it_listens(archive: Archive) -> None:
    with destination(lambda _: 0) as (port, _):
        twice = peer(1, "TWICE", destinations=("ELSEWHERE",)), peer(2, "TWICE")
        network = Peer(title=DESTINATION, host="127.0.0.0/8", port=port)
        with running(archive, peers=(*twice, network, peer(port), network)) as server:
            with moving(server, "TWICE") as requested:
                assert move(requested).last.status == 0x0124
            with moving(server, "ANYBODY") as requested:
                assert move(requested).last.status == 0


def test_an_object_that_came_anew_in_another_transfer_syntax_is_not_left_out(tmp_path: Path) -> None:
    """Contexts are proposed for what there was; an object with none fails, rather than that nobody is told."""
    with make_archive(tmp_path / "archive") as archive:
        fill(archive, "1.1", {"1.1.1": 2, "1.1.2": 1})

        def handle(_: Event) -> int:
            again = make_instance(
                IMPLICIT,
                PatientID="P1",
                StudyInstanceUID="1.1",
                SeriesInstanceUID="1.1.1",
                SOPInstanceUID="1.1.1.1",
                SeriesDescription="changed",
            )
            store(archive, again)
            return 0

        with destination(handle) as (port, _), serving(archive, peer(port)) as requested:
            found = move(requested)
    assert (found.last.status, found.last.counters) == (0xB000, (None, 2, 1, 0))
    assert found.last.failed == ["1.1.1.1"]


def test_more_kinds_than_one_association_has_contexts_for(tmp_path: Path) -> None:
    classes = sorted(STORAGE_CLASSES)[:130]
    with make_archive(tmp_path / "here") as here, make_archive(tmp_path / "there") as there:
        for number, sop_class in enumerate(classes, 1):
            store(
                here, make_instance(SOPClassUID=sop_class, SOPInstanceUID=f"1.9.{number}", InstanceNumber=str(number))
            )
        with running(there) as other, serving(here, peer(other.port, TITLE)) as requested:
            found = move(requested, TITLE, level="PATIENT", patient="12345678")
            assert found.last.status == 0xA900  # Study Root has no patients
            found = move(requested, TITLE, level="STUDY", study=make_instance().StudyInstanceUID)
            assert (found.last.status, found.last.counters) == (0, (None, 130, 0, 0))
            wait_until(lambda: other.counted("ended").get("released") == 2)
        assert len(stored_files(there)) == 130


def test_over_tls_it_needs_certificates_and_says_so(archive: Archive) -> None:
    with destination(lambda _: 0) as (port, _), serving(archive, peer(port, tls=True)) as requested:
        found = move(requested)
    assert (found.last.status, found.last.comment) == (0xA702, "no TLS with the destination")


def test_who_may_not_move_is_refused(archive: Archive) -> None:
    asker = peer(1, "ASKER", allow=("find", "get"))
    with running(archive, peers=(asker,), dicom=DicomSettings()) as server, moving(server, "ASKER") as requested:
        assert requested.accepted == {}
