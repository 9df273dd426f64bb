"""C-GET as a provider, over real sockets, with real files."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.archives import dataset_bytes, make_archive
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, running, wait_until
from support.retrieving import fill, getting, identifier, request, stored_files

from radnode.archive.archive import Archive
from radnode.dimse.contexts import PATIENT_ROOT_GET, PATIENT_STUDY_ONLY_GET, STUDY_ROOT_GET
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import Ending
from radnode.sections.retrieve import RetrieveSettings
from radnode.settings import Peer, Settings

MR = "1.2.840.10008.5.1.4.1.1.4"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        fill(archive, "1.1", {"1.1.1": 3, "1.1.2": 2})
        fill(archive, "1.2", {"1.2.1": 1})
        fill(archive, "1.3", {"1.3.1": 12}, patient="P2")
        yield archive


@pytest.fixture(scope="module")
def server(archive: Archive) -> Iterator[Running]:
    with running(archive) as server:
        yield server


def test_a_study_comes_in_order_with_its_bytes_and_counters(server: Running, archive: Archive) -> None:
    with getting(server) as getter:
        found = getter.get(level="STUDY", study="1.1")
    assert list(found.objects) == ["1.1.2.1", "1.1.2.2", "1.1.1.1", "1.1.1.2", "1.1.1.3"]  # by series number
    stored = {path: dataset_bytes(path) for path in stored_files(archive)}
    assert set(found.objects.values()) <= set(stored.values())
    assert [answer.counters for answer in found.answers] == [
        (4, 1, 0, 0), (3, 2, 0, 0), (2, 3, 0, 0), (1, 4, 0, 0), (None, 5, 0, 0),
    ]  # fmt: skip
    assert (found.last.status, found.last.failed) == (0, [])
    assert [one.number(Element.PRIORITY) for one in found.commands] == [1] * 5
    assert len({one.number(Element.MESSAGE_ID) for one in found.commands}) == 5


@pytest.mark.parametrize(
    ("sop_class", "keys", "count"),
    [
        (PATIENT_ROOT_GET, {"level": "PATIENT", "patient": "P1"}, 6),
        (PATIENT_ROOT_GET, {"level": "STUDY", "patient": "P1", "study": "1.1\\1.2"}, 6),
        (PATIENT_ROOT_GET, {"level": "STUDY", "study": "1.2"}, 1),
        (PATIENT_ROOT_GET, {"level": "STUDY", "patient": "P2", "study": "1.2"}, 0),
        (PATIENT_ROOT_GET, {"level": "SERIES", "patient": "P1", "study": "1.1", "series": "1.1.1\\1.1.2"}, 5),
        (PATIENT_ROOT_GET, {"level": "SERIES", "study": "1.2", "series": "1.1.1"}, 0),
        (PATIENT_ROOT_GET, {"level": "IMAGE", "instance": "1.1.1.2\\1.3.1.9\\9.9"}, 2),
        (PATIENT_ROOT_GET, {"level": "IMAGE", "series": "1.1.1", "instance": "1.1.1.2\\1.3.1.9"}, 1),
        (PATIENT_ROOT_GET, {"level": "PATIENT", "patient": "P1", "modality": "MR", "study": ""}, 6),
        (PATIENT_STUDY_ONLY_GET, {"level": "PATIENT", "patient": "P2"}, 12),
        (PATIENT_STUDY_ONLY_GET, {"level": "STUDY", "patient": "P2", "study": "1.3"}, 12),
    ],
)
def test_levels_and_lists(server: Running, sop_class: str, keys: dict[str, str], count: int) -> None:
    with getting(server, sop_class=sop_class) as getter:
        found = getter.get(**keys)
    assert (len(found.objects), found.last.status, found.last.counters) == (count, 0, (None, count, 0, 0))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"study": "1.1"}, "QueryRetrieveLevel is missing"),
        ({"level": "FRAME", "study": "1.1"}, "QueryRetrieveLevel is unknown"),
        ({"level": "PATIENT", "patient": "P1"}, "PATIENT level is not in this information model"),
        ({"level": "STUDY"}, "StudyInstanceUID has no value"),
        ({"level": "STUDY", "study": ""}, "StudyInstanceUID has no value"),
        ({"level": "STUDY", "study": "*"}, "StudyInstanceUID has no value"),
        ({"level": "STUDY", "study": "1.1*"}, "StudyInstanceUID"),
        ({"level": "STUDY", "study": "1.?"}, "StudyInstanceUID"),
        ({"level": "STUDY", "study": "1..1"}, "StudyInstanceUID is not a UID"),
        ({"level": "SERIES", "study": "1.1\\1.2", "series": "1.1.1"}, "StudyInstanceUID has more than one value"),
        ({"level": "STUDY", "study": "1.1", "series": "1.1.1"}, "SeriesInstanceUID is below the level STUDY"),
    ],
)
def test_an_identifier_that_names_nothing_is_refused_and_the_association_lives_on(
    server: Running, keys: dict[str, str], words: str
) -> None:
    with getting(server) as getter:
        found = getter.get(**keys)
        assert (found.objects, found.last.status) == ({}, 0xA900)
        assert words in found.last.comment
        assert getter.get(level="STUDY", study="1.2").last.status == 0


def test_lists_of_patients_and_images_of_studies_alone_are_refused(server: Running) -> None:
    with getting(server, sop_class=PATIENT_ROOT_GET) as getter:
        assert getter.get(level="PATIENT", patient="P1\\P2").last.status == 0xA900
        assert getter.get(level="PATIENT", patient="P*").last.status == 0xA900
    with getting(server, sop_class=PATIENT_STUDY_ONLY_GET) as getter:
        assert getter.get(level="SERIES", series="1.1.1").last.status == 0xA900


def test_what_is_no_data_set_cannot_be_understood(server: Running) -> None:
    with getting(server) as getter:
        getter.requested.messages.send(1, request(Field.C_GET, STUDY_ROOT_GET), b"\x08\x00\x52\x00\xff\xff")
        _, command = getter.requested.next_command()
        assert command.number(Element.STATUS) == 0xC000


def test_failures_and_warnings_are_counted_and_listed(server: Running) -> None:
    with getting(server, statuses=[0, 0xA700, 0xB007, 0x0122]) as getter:
        found = getter.get(level="STUDY", study="1.1")
    assert (found.last.status, found.last.counters) == (0xB000, (None, 2, 2, 1))
    assert found.last.failed == ["1.1.2.2", "1.1.1.2"]
    assert "answered with" in found.last.comment


def test_without_a_context_nothing_can_be_sent_and_the_log_says_why(server: Running) -> None:
    with capture_logs() as lines, getting(server, (MR, EXPLICIT), (CT, IMPLICIT)) as getter:
        found = getter.get(level="STUDY", study="1.2")
        wait_until(lambda: any(line["event"] == "operation" for line in lines))
    assert (found.objects, found.last.status, found.last.counters) == ({}, 0xA702, (None, 0, 1, 0))
    assert found.last.failed == ["1.2.1.1"]
    (line,) = [line for line in lines if line["event"] == "operation"]
    assert line["reasons"] == {f"no context for {CT} in {EXPLICIT}": 1}
    assert "1.2.1.1" not in str(line)


def test_a_context_without_the_role_is_not_used(server: Running) -> None:
    """PS3.7 D.3.3.4: without role selection the requestor is no provider."""
    with getting(server) as getter, getting(server, (MR, EXPLICIT)) as other:
        assert getter.get(level="STUDY", study="1.2").last.status == 0
        assert other.get(level="STUDY", study="1.2").last.status == 0xA702


def test_cancel_ends_it_between_two_objects(server: Running) -> None:
    with getting(server, cancel_after=3) as getter:
        found = getter.get(level="STUDY", study="1.3")
        assert found.last.status == 0xFE00
        assert found.last.counters == (9, 3, 0, 0)
        assert len(found.objects) == 3
        getter.cancel_after = 0
        assert getter.get(level="STUDY", study="1.3").last.counters == (None, 12, 0, 0)


def test_damaged_files_fail_alone(tmp_path: Path) -> None:
    with make_archive(tmp_path / "archive") as archive:
        fill(archive, "1.1", {"1.1.1": 5})
        with running(archive) as server, getting(server) as getter:
            whole = getter.get(level="STUDY", study="1.1")
            by_bytes = {dataset_bytes(path): path for path in stored_files(archive)}
            files = [by_bytes[whole.objects[f"1.1.1.{number}"]] for number in range(1, 6)]
            files[0].unlink()
            files[1].write_bytes(files[1].read_bytes()[:-10])
            files[2].write_bytes(bytes(files[2].stat().st_size))
            restored = files[3].read_bytes()
            files[3].write_bytes(restored[:100] + b"x" + restored[101:])  # another preamble is no damage
            found = getter.get(level="STUDY", study="1.1")
    assert list(found.objects) == ["1.1.1.4", "1.1.1.5"]
    assert found.objects.items() <= whole.objects.items()
    assert (found.last.status, found.last.counters) == (0xB000, (None, 2, 3, 0))
    assert found.last.failed == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]


def test_more_than_allowed_is_refused_before_anything_is_sent(archive: Archive) -> None:
    settings = Settings(retrieve=RetrieveSettings(max_instances=5))
    with running(archive, settings=settings) as server, getting(server) as getter:
        assert getter.get(level="STUDY", study="1.1").last.status == 0
        found = getter.get(level="STUDY", study="1.3")
    assert (found.objects, found.last.status) == ({}, 0xA702)
    assert found.last.comment == "12 instances; at most 5 at a time"


def test_who_may_only_retrieve_can(archive: Archive) -> None:
    peers = (Peer(title="VIEWER", host="127.0.0.1", port=1, allow=("get",)),)
    with running(archive, peers=peers) as server, getting(server, calling="VIEWER") as getter:
        assert getter.get(level="STUDY", study="1.1").last.counters == (None, 5, 0, 0)


def test_a_requestor_that_goes_in_the_middle_harms_nobody(archive: Archive) -> None:
    with running(archive) as server:
        with suppress(ZeroDivisionError), getting(server) as getter:
            getter.requested.messages.send(
                1, request(Field.C_GET, STUDY_ROOT_GET), identifier(level="STUDY", study="1.3")
            )
            getter.requested.next_command()
            raise ZeroDivisionError
        with getting(server) as getter:
            assert getter.get(level="STUDY", study="1.2").last.status == 0
        wait_until(lambda: server.counted("ended").get("peer aborted") == 1)


def test_pending_responses_of_many_objects_are_few_and_the_last_is_right(tmp_path: Path) -> None:
    with make_archive(tmp_path / "archive") as archive:
        fill(archive, "1.1", {"1.1.1": 250})
        with running(archive) as server, getting(server) as getter:
            found = getter.get(level="STUDY", study="1.1")
    assert list(found.objects) == [f"1.1.1.{number}" for number in range(1, 251)]
    assert 50 <= len(found.answers) <= 130
    assert all(sum(one or 0 for one in answer.counters) == 250 for answer in found.answers)
    assert found.last.counters == (None, 250, 0, 0)


def test_several_retrieve_at_once(server: Running) -> None:
    counts: list[int] = []

    def retrieve() -> None:
        with getting(server) as getter:
            counts.append(len(getter.get(level="STUDY", study="1.3").objects))

    threads = [threading.Thread(target=retrieve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert counts == [12] * 4


def test_another_request_in_the_middle_ends_the_association(archive: Archive) -> None:
    with running(archive) as server:
        with suppress(Ending), getting(server) as getter:
            asked = identifier(level="STUDY", study="1.3")
            getter.requested.messages.send(1, request(Field.C_GET, STUDY_ROOT_GET), asked)
            getter.requested.next_command()
            getter.requested.messages.skip_data_set()
            getter.requested.messages.send(1, request(Field.C_GET, STUDY_ROOT_GET, 8), asked)
        wait_until(lambda: server.counted("ended"))
        assert server.counted("ended") == {"protocol error": 1}
