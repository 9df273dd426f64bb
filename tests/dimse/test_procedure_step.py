"""Modality Performed Procedure Step over real sockets: what modalities report, and what the worklist makes of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.dimse_server import Running, peer_of, running
from support.fake_archive import FakeArchive
from support.modality import STEP, Modality, began, ended, modality_of
from support.worklists import STUDY, added

from radnode.dimse.scp.procedure_step import DATA_SET_LIMIT
from radnode.dimse.scu import Caller, find_worklist
from radnode.dimse.upper.command import Command, Element, Field
from radnode.model.document import items_in, text_in
from radnode.sections.worklist import Hide, WorklistSettings
from radnode.settings import Settings
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode.work.worklist_entry import SEQUENCE, STATUS


@pytest.fixture
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


@pytest.fixture
def modality(server: Running) -> Iterator[Modality]:
    with modality_of(server.port) as modality:
        yield modality


def status(response: Command) -> int:
    return response.number(Element.STATUS)


def test_a_step_begins_goes_on_and_ends(server: Running, modality: Modality) -> None:
    steps = ProcedureSteps(server.work)
    assert status(modality.create(began(PatientName="Müller^Jörg"))) == 0
    assert steps.step(STEP).status == "IN PROGRESS"
    assert status(modality.set({"PerformedProcedureStepDescription": "head"})) == 0
    response = modality.set(ended("1.2.1", "1.2.2"))
    assert (status(response), response.text(Element.SOP_INSTANCE)) == (0, STEP)
    step = steps.step(STEP)
    assert (step.status, step.studies, step.instances) == ("COMPLETED", (STUDY,), ("1.2.1", "1.2.2"))
    assert text_in(step.document, "PerformedProcedureStepDescription") == "head"
    assert text_in(step.document, "PatientName") == "Müller^Jörg"


@pytest.mark.parametrize(
    ("changes", "expected", "comment"),
    [
        ({"PerformedProcedureStepStatus": "COMPLETED"}, 0x0106, "PerformedProcedureStepStatus"),
        ({"PerformedProcedureStepStatus": [{"Modality": "CT"}]}, 0x0106, "PerformedProcedureStepStatus"),
        ({"PerformedProcedureStepStatus": None}, 0x0120, "PerformedProcedureStepStatus is missing"),
        ({"PerformedProcedureStepStatus": ""}, 0x0121, "PerformedProcedureStepStatus has no value"),
        ({"Modality": None}, 0x0120, "Modality"),
        ({"PerformedStationAETitle": ""}, 0x0121, "PerformedStationAETitle"),
        ({"ScheduledStepAttributesSequence": None}, 0x0120, "ScheduledStepAttributesSequence"),
        ({"ScheduledStepAttributesSequence": []}, 0x0121, "ScheduledStepAttributesSequence"),
        ({"ScheduledStepAttributesSequence": [{"AccessionNumber": "1"}]}, 0x0120, "StudyInstanceUID"),
        ({"ScheduledStepAttributesSequence": [{"StudyInstanceUID": "1.2"}] * 1001}, 0x0106, "Scheduled"),
        ({"PatientID": None, "PerformedSeriesSequence": None}, 0, ""),
    ],
)  # fmt: skip
def test_a_step_that_begins_must_say_what_the_standard_wants(
    modality: Modality, changes: dict[str, Any], expected: int, comment: str
) -> None:
    response = modality.create(began(**changes))
    assert status(response) == expected
    assert comment in response.text(Element.ERROR_COMMENT)


def test_the_same_step_begins_once(server: Running, modality: Modality) -> None:
    assert status(modality.create(began())) == 0
    assert status(modality.create(began(PatientID="other"))) == 0x0111
    assert text_in(ProcedureSteps(server.work).step(STEP).document, "PatientID") == "4711"


def test_two_at_once_with_one_uid_are_one(server: Running) -> None:
    def report(number: int) -> int:
        with modality_of(server.port) as modality:
            return status(modality.create(began(PatientID=str(number))))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(report, range(4))) == [0, 0x0111, 0x0111, 0x0111]


def test_a_step_without_a_name_gets_one(server: Running, modality: Modality) -> None:
    made = modality.create(began(), step="").text(Element.SOP_INSTANCE)
    assert ProcedureSteps(server.work).step(made).status == "IN PROGRESS"


@pytest.mark.parametrize("last", ["COMPLETED", "DISCONTINUED"])
def test_what_has_ended_changes_no_more(server: Running, modality: Modality, last: str) -> None:
    modality.create(began())
    assert status(modality.set(ended("1.2.1", status=last))) == 0
    before = ProcedureSteps(server.work).step(STEP)
    response = modality.set({"PerformedProcedureStepDescription": "too late"})
    assert status(response) == 0x0110
    assert response.number(Element.ERROR_ID) == 0xA710
    assert response.text(Element.ERROR_COMMENT) == "Performed Procedure Step Object may no longer be updated"
    assert ProcedureSteps(server.work).step(STEP) == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (ended("1.2.1", PerformedProcedureStepEndDate=None), 0x0120),
        (ended("1.2.1", PerformedProcedureStepEndTime=""), 0x0121),
        (ended(PerformedSeriesSequence=[]), 0x0121),
        (ended("1.2.1", status="DONE"), 0x0106),
        (ended(PerformedSeriesSequence=[{"ProtocolName": "x"}]), 0x0120),
        ({"PatientID": "another"}, 0x0105),
        ({"Modality": "MR"}, 0x0105),
        ({"IssuerOfPatientID": "elsewhere"}, 0x0105),
        ({"ReferencedPatientSequence": [], "PatientBirthDate": ""}, 0),
        ({"Modality": "CT", "PerformedProcedureStepDescription": "x"}, 0),
        (ended(), 0),
        (ended(status="DISCONTINUED", PerformedSeriesSequence=None), 0),
    ],
)
def test_changes_must_be_such_as_the_standard_allows(
    server: Running, modality: Modality, changes: dict[str, Any], expected: int
) -> None:
    modality.create(began())
    assert status(modality.set(changes)) == expected
    assert ProcedureSteps(server.work).step(STEP).status == (
        changes.get("PerformedProcedureStepStatus", "IN PROGRESS") if expected == 0 else "IN PROGRESS"
    )


def test_what_is_not_there_or_no_uid_is_told(modality: Modality) -> None:
    assert status(modality.set(ended("1.2.1"), step="1.2.3.99")) == 0x0112
    assert status(modality.set(ended("1.2.1"), step="1.2.x")) == 0x0117
    assert status(modality.create(began(), step="../../etc/passwd")) == 0x0117
    assert modality.get(step="1.2.3.99")[0] == 0x0112


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"\x10\0\x10\0\xff\xff\xff\x7fDOE", 0x0110), (b"", 0x0120), (b"\0" * (DATA_SET_LIMIT + 2), 0x0213)],
)
def test_garbage_is_refused_and_the_association_lives(modality: Modality, data: bytes, expected: int) -> None:
    requested = modality.requested
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: "1.2.840.10008.3.1.2.3.3",
        Element.SOP_INSTANCE: STEP,
        Element.COMMAND_FIELD: Field.N_CREATE,
        Element.MESSAGE_ID: 1,
    }
    requested.messages.send(1, elements, data)
    assert status(requested.response(Field.N_CREATE, 1)) == expected
    assert status(modality.create(began())) == 0


def test_a_step_is_retrieved_with_the_attributes_asked_for(modality: Modality) -> None:
    modality.create(began(PatientName="山田^太郎"))
    code, whole = modality.get()
    assert (code, whole) == (0, began(PatientName="山田^太郎"))
    assert modality.get(0x00100010, 0x00400252, 0x00101040) == (
        0,
        {"PatientName": "山田^太郎", "PerformedProcedureStepStatus": "IN PROGRESS", "PatientAddress": ""},
    )
    assert modality.get(0x00100020, 0x00090001) == (0x0001, {"PatientID": "4711"})


def scheduled(work: WorkFile) -> list[list[str]]:
    """The statuses of the steps of each entry."""
    return [
        [text_in(step, STATUS) for step in items_in(entry.document, SEQUENCE)]
        for entry in Worklist(work).entries(limit=10).entries
    ]


TWO_STEPS = ({"ScheduledProcedureStepID": "S1"}, {"ScheduledProcedureStepID": "S2"})


def test_the_worklist_learns_what_was_performed(server: Running, modality: Modality) -> None:
    added(server, steps=TWO_STEPS)
    added(server, steps=TWO_STEPS, StudyInstanceUID="1.2.3.4")
    modality.create(began())
    assert scheduled(server.work) == [["STARTED", "SCHEDULED"], ["SCHEDULED", "SCHEDULED"]]
    modality.set(ended("1.2.1"))
    assert scheduled(server.work) == [["COMPLETED", "SCHEDULED"], ["SCHEDULED", "SCHEDULED"]]


def test_a_step_that_was_given_up_may_be_done_again(server: Running, modality: Modality) -> None:
    (entry,) = [added(server, steps=TWO_STEPS[:1])]
    modality.create(began())
    modality.set(ended(status="DISCONTINUED"))
    assert scheduled(server.work) == [["DISCONTINUED"]]
    modality.create(began(), step=f"{STEP}.2")
    assert Worklist(server.work).entry(entry.id).status == "STARTED"


def test_a_modality_that_names_no_step_means_all_of_the_study(server: Running, modality: Modality) -> None:
    added(server, steps=TWO_STEPS)
    modality.create(began(ScheduledStepAttributesSequence=[{"StudyInstanceUID": STUDY}]))
    assert scheduled(server.work) == [["STARTED", "STARTED"]]


def test_an_entry_that_comes_late_learns_it_too(server: Running, modality: Modality) -> None:
    modality.create(began())
    modality.set(ended("1.2.1"))
    added(server, steps=TWO_STEPS)
    assert scheduled(server.work) == [["COMPLETED", "SCHEDULED"]]


def seen(server: Running) -> list[str]:
    """The patients of whom a modality hears."""
    return [match["PatientID"] for match in find_worklist(peer_of(server), Caller("CT1"), {"PatientID": ""})]


@pytest.mark.parametrize(
    ("hide", "started", "ended_too"),
    [("never", ["4711"], ["4711"]), ("ended", ["4711"], []), ("started", [], [])],
)
def test_what_modalities_see_of_it_is_a_setting(hide: Hide, started: list[str], ended_too: list[str]) -> None:
    settings = Settings(worklist=WorklistSettings(hide=hide))
    with running(FakeArchive(), settings=settings) as server, modality_of(server.port) as modality:
        added(server, steps=TWO_STEPS[:1])
        assert seen(server) == ["4711"]
        modality.create(began())
        assert seen(server) == started
        modality.set(ended("1.2.1"))
        assert seen(server) == ended_too
