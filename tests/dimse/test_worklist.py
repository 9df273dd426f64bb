"""The Modality Worklist over real sockets: what is scheduled, found as the archive's studies are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.dimse_server import EXPLICIT, IMPLICIT, Running, address_of, peer_of, proposals, running
from support.fake_archive import FakeArchive
from support.peers import require, run
from support.worklists import STUDY, TODAY, added, dump_to_dicom, entry_of

from radnode.dimse.contexts import MODALITY_WORKLIST
from radnode.dimse.nested_encoding import encode_nested
from radnode.dimse.scp.identifiers import IDENTIFIER_LIMIT
from radnode.dimse.scu import Answered, Caller, CallFailed, find_worklist
from radnode.dimse.scu.identifiers import encode_identifier
from radnode.dimse.scu.query import ask
from radnode.dimse.scu.values import USUALLY, Asking
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import associate
from radnode.instance.nested import DataSet, Value, data_set_of, document_of, read_nested
from radnode.model.uid import UID
from radnode.sections.query import QuerySettings
from radnode.settings import Peer, Settings
from radnode.work.worklist import Worklist

STEP = "ScheduledProcedureStepSequence"
ENTRIES: tuple[Mapping[str, Any], ...] = (
    {"PatientName": "Müller^Jörg", "PatientID": "1", "steps": ({"ScheduledProcedureStepID": "S1"},)},
    {
        "PatientName": "山田^太郎",
        "PatientID": "2",
        "StudyInstanceUID": "1.2.2",
        "AccessionNumber": "A2",
        "steps": (
            {"ScheduledProcedureStepID": "S2", "ScheduledProcedureStepStartTime": "2330", "Modality": "MR"},
            {"ScheduledProcedureStepID": "S3", "ScheduledProcedureStepStartDate": "20261123"},
        ),
    },
    {
        "PatientName": "DOE^JANE",
        "PatientID": "3",
        "StudyInstanceUID": "1.2.3",
        "AccessionNumber": "A3",
        "RequestedProcedureCodeSequence": [{"CodeValue": "CTHEAD", "CodingSchemeDesignator": "99RIS"}],
        "steps": (
            {
                "ScheduledProcedureStepID": "S4",
                "ScheduledStationAETitle": "CT2\\CT3",
                "ScheduledProcedureStepStartDate": "20261124",
                "ScheduledProcedureStepStartTime": "080000",
                "ScheduledPerformingPhysicianName": "GRÜN^ÉVA",
                "ScheduledProtocolCodeSequence": [{"CodeValue": "P1"}, {"CodeValue": "P2"}],
            },
        ),
    },
)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        for entry in ENTRIES:
            added(server, **entry)
        yield server


def found(server: Running, keys: Mapping[str, str], asking: Asking = USUALLY) -> list[str]:
    """The IDs of the scheduled steps that match."""
    matches = find_worklist(
        peer_of(server), Caller("TESTS"), {f"{STEP}.ScheduledProcedureStepID": "", **keys}, asking=asking
    )
    return [match[f"{STEP}.ScheduledProcedureStepID"] for match in matches]


def step(**keys: str) -> dict[str, str]:
    return {f"{STEP}.{keyword}": value for keyword, value in keys.items()}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["S1", "S2", "S3", "S4"]),
        (step(Modality="MR"), ["S2"]),
        (step(Modality="CT\\MR"), ["S1", "S2", "S3", "S4"]),
        (step(ScheduledProcedureStepStartDate=TODAY), ["S1", "S2"]),
        (step(ScheduledProcedureStepStartDate=f"{TODAY}-"), ["S1", "S2", "S3", "S4"]),
        (step(ScheduledProcedureStepStartDate="-20261123"), ["S1", "S2", "S3"]),
        (step(ScheduledProcedureStepStartDate="20261123-20261124"), ["S3", "S4"]),
        (step(ScheduledProcedureStepStartTime="1030"), ["S1", "S3"]),
        (step(ScheduledProcedureStepStartTime="1000-1100"), ["S1", "S3"]),
        (step(ScheduledProcedureStepStartDate=TODAY, ScheduledProcedureStepStartTime="1000-1100"), ["S1"]),
        # Ranges of both are one range: from 22:00 of today to 9:00 of the day after tomorrow.
        (
            step(ScheduledProcedureStepStartDate=f"{TODAY}-20261124", ScheduledProcedureStepStartTime="2200-0900"),
            ["S2", "S3", "S4"],
        ),
        (
            step(ScheduledProcedureStepStartDate=f"{TODAY}-20261124", ScheduledProcedureStepStartTime="2200-0700"),
            ["S2", "S3"],
        ),
        (step(ScheduledStationAETitle="CT1", Modality="CT"), ["S1", "S3"]),
        (step(ScheduledStationAETitle="CT3"), ["S4"]),
        (step(ScheduledStationAETitle="ct1"), []),
        (step(ScheduledPerformingPhysicianName="grun*"), ["S4"]),
        ({f"{STEP}.ScheduledProtocolCodeSequence.CodeValue": "P2"}, ["S4"]),
        ({f"{STEP}.ScheduledProtocolCodeSequence.CodeValue": "P3"}, []),
        ({"RequestedProcedureCodeSequence.CodeValue": "CTH*"}, ["S4"]),
        ({"RequestedProcedureCodeSequence.CodeValue": "CTHEAD", **step(Modality="MR")}, []),
        ({"PatientName": "muller^jorg"}, ["S1"]),
        ({"PatientName": "山田*"}, ["S2", "S3"]),
        ({"PatientName": "*"}, ["S1", "S2", "S3", "S4"]),
        ({"PatientName": "DOE^J?NE"}, ["S4"]),
        ({"PatientID": "2"}, ["S2", "S3"]),
        ({"AccessionNumber": "A3"}, ["S4"]),
        ({"StudyInstanceUID": STUDY}, ["S1"]),
        ({"StudyInstanceUID": f"{STUDY}\\1.2.3"}, ["S1", "S4"]),
        ({"StudyInstanceUID": "1.2.99"}, []),
        (step(ScheduledProcedureStepStatus="SCHEDULED", Modality="MR"), ["S2"]),
    ],
)  # fmt: skip
def test_keys_match_as_the_standard_says(server: Running, keys: Mapping[str, str], expected: list[str]) -> None:
    assert found(server, keys) == expected


def asked(server: Running, wanted: DataSet, transfer_syntax: str = EXPLICIT) -> list[tuple[int, DataSet]]:
    """Status and data set of each answer to this identifier, the last one's too."""
    answers: list[tuple[int, DataSet]] = []
    contexts = proposals((MODALITY_WORKLIST, (transfer_syntax,)))
    with associate(address_of(server), contexts) as requested:
        message = ask(requested, 1, Field.C_FIND, encode_nested(wanted, UID(transfer_syntax), b"ISO_IR 100"))
        while True:
            response = requested.response(Field.C_FIND, message)
            data = b"".join(bytes(fragment) for fragment in requested.messages.fragments())
            answers.append((response.number(Element.STATUS), read_nested(data, UID(transfer_syntax))))
            if not response.has_data_set:
                return answers


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2"])
def test_answers_carry_what_was_asked_for_and_one_step(server: Running, transfer_syntax: str) -> None:
    wanted = data_set_of(
        {
            "PatientName": "Müller*",
            "PatientBirthDate": "",
            "RequestedProcedureCodeSequence": (),
            STEP: [{"Modality": "", "ScheduledProcedureStepDescription": ""}],
        }
    )
    first, last = asked(server, wanted, transfer_syntax)
    assert (first[0], last[0]) == (0xFF00, 0x0000)
    assert first[1].pop(0x00080005).text == "ISO_IR 100"  # type: ignore[attr-defined]
    assert document_of(first[1]) == {
        "PatientName": "Müller^Jörg",
        "PatientBirthDate": "",
        "RequestedProcedureCodeSequence": [],
        STEP: [{"Modality": "CT", "ScheduledProcedureStepDescription": ""}],
    }


def test_an_entry_of_two_steps_gives_two_answers_with_one_each(server: Running) -> None:
    whole = Value("SQ", "", [])
    answers = asked(server, {0x00100020: Value("LO", "2"), 0x00400100: whole})
    steps = [document_of(answer)[STEP] for _, answer in answers[:-1]]
    assert [[item["ScheduledProcedureStepID"] for item in one] for one in steps] == [["S2"], ["S3"]]  # type: ignore[index]
    assert steps[0][0]["ScheduledStationAETitle"] == "CT1"  # type: ignore[index]
    assert answers[0][1][0x00080005].text == "ISO_IR 100"


def test_the_requesters_character_set_is_left_where_it_cannot_hold_a_name(server: Running) -> None:
    (_, answer), _ = asked(server, {0x00100010: Value("PN", ""), 0x00100020: Value("LO", "2"),
                                    0x00400100: Value("SQ", "", [{0x00080060: Value("CS", "MR")}])})  # fmt: skip
    assert (answer[0x00080005].text, answer[0x00100010].text) == ("ISO_IR 192", "山田^太郎")


def test_a_query_in_another_character_set_finds_and_is_answered_in_it(server: Running) -> None:
    assert found(server, {"PatientName": "山田*"}, Asking(charset="\\ISO 2022 IR 87")) == ["S2", "S3"]


@pytest.mark.parametrize(
    "unknown", [{0x00321099: Value("LO", "x")}, {0x00091001: Value("LO", "x")}, {0x0040A730: Value("SQ", "", [])}]
)
def test_keys_that_are_not_of_the_worklist_are_answered_empty_with_a_warning(server: Running, unknown: DataSet) -> None:
    answers = asked(server, {0x00100020: Value("LO", "3"), **unknown})
    assert [status for status, _ in answers] == [0xFF01, 0x0000]
    assert [answers[0][1][tag].text for tag in unknown] == [""]


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        (data_set_of({"StudyInstanceUID": "1.2.*"}), 0xA900),
        (data_set_of({STEP: [{"ScheduledProcedureStepStartDate": "20261399-"}]}), 0xA900),
        (data_set_of({STEP: [{"ScheduledProcedureStepStartDate": "2026*"}]}), 0xA900),
        (data_set_of({STEP: [{"Modality": "CT"}, {"Modality": "MR"}]}), 0xA900),
        ({0x00400100: Value("LO", "no sequence at all")}, 0x0000),
    ],
)  # fmt: skip
def test_what_is_no_query_is_told_and_the_association_lives(server: Running, identifier: DataSet, status: int) -> None:
    assert asked(server, identifier)[-1][0] == status
    assert found(server, {"PatientID": "1"}) == ["S1"]


def test_garbage_and_what_is_too_long_is_refused_and_the_association_lives(server: Running) -> None:
    with associate(address_of(server), proposals((MODALITY_WORKLIST, (IMPLICIT,)))) as requested:
        for data, status in ((b"\x10\0\x10\0\xff\xff\xff\x7fDOE", 0xC000), (b"\0" * (IDENTIFIER_LIMIT + 2), 0xA700),
                             (_nested(40), 0xC000)):  # fmt: skip
            message = ask(requested, 1, Field.C_FIND, data)
            response = requested.response(Field.C_FIND, message)
            assert response.number(Element.STATUS) == status
            assert response.text(Element.ERROR_COMMENT)


def _nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        item = b"\xfe\xff\0\xe0" + len(data).to_bytes(4, "little") + data
        data = b"\x40\0\0\1" + len(item).to_bytes(4, "little") + item
    return data


def test_a_cancel_ends_the_answers() -> None:
    with running(FakeArchive()) as server:
        worklist = Worklist(server.work)
        for number in range(300):
            worklist.add(entry_of(PatientID=str(number), StudyInstanceUID=f"1.2.{number + 1}"))
        with associate(address_of(server), proposals((MODALITY_WORKLIST, (IMPLICIT,)))) as requested:
            identifier = encode_identifier(None, {"PatientID": ""}, UID(IMPLICIT))
            requested.messages.send(
                1, {Element.SOP_CLASS: MODALITY_WORKLIST, Element.COMMAND_FIELD: Field.C_FIND, Element.MESSAGE_ID: 7,
                    Element.PRIORITY: 0}, identifier,
            )  # fmt: skip
            requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: 7})
            statuses: list[int] = []
            while not statuses or statuses[-1] == 0xFF00:
                statuses.append(requested.response(Field.C_FIND, 7).number(Element.STATUS))
                requested.messages.skip_data_set()
    assert statuses[-1] == 0xFE00
    assert len(statuses) <= 301


def test_the_limit_ends_the_answers_with_a_status() -> None:
    settings = Settings(query=QuerySettings(max_matches=2))
    with running(FakeArchive(), settings=settings) as server:
        for number in range(3):
            added(server, PatientID=str(number), StudyInstanceUID=f"1.2.{number + 1}")
        answers = asked(server, {0x00100020: Value("LO", "")})
        assert [status for status, _ in answers] == [0xFF00, 0xFF00, 0xA700]
        with pytest.raises(Answered, match="more than 2 matches"):
            found(server, {})
        assert found(server, {"PatientID": "1"}) != []


def test_what_is_always_on_for_queries_is_on_here() -> None:
    settings = Settings(query=QuerySettings(empty_values="always"))
    with running(FakeArchive(), settings=settings) as server:
        added(server, steps=({"ScheduledProcedureStepID": "S1"},))
        added(server, AccessionNumber="", steps=({"ScheduledProcedureStepID": "S2"},))
        assert found(server, {"AccessionNumber": '""'}) == ["S2"]


def test_a_peer_that_may_not_ask_for_the_worklist_is_refused_it() -> None:
    peer = Peer(title="TESTS", host="127.0.0.1", port=104, allow=("echo", "store"))
    with running(FakeArchive(), peers=(peer,)) as server, pytest.raises(CallFailed):
        found(server, {})


def test_findscu_gets_todays_list_of_its_station(server: Running, tmp_path: Path) -> None:
    require("findscu")
    query = dump_to_dicom(
        """
(0008,0005) CS [ISO_IR 100]
(0010,0010) PN []
(0010,0020) LO []
(0040,0100) SQ
(fffe,e000) na
(0008,0060) CS [CT]
(0040,0001) AE [CT1]
(0040,0002) DA [20261122]
(0040,0003) TM []
(fffe,e00d) na
(fffe,e0dd) na
""",
        tmp_path / "query.dcm",
    )
    done = run("findscu", "-v", "-W", "-X", "-od", tmp_path, "-aec", "RADNODE", "127.0.0.1", str(server.port), query)
    assert "Received Final Find Response (Success)" in done.stdout
    (answer,) = tmp_path.glob("rsp*.dcm")
    read = run("dcmdump", "+U8", answer).stdout
    assert "[Müller^Jörg]" in read
    assert "AE [CT1" in read
