"""What a user can ask for, as pynetdicom's providers see it: nested keys, worklists, character sets, cancelling."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.dimse_server import EXPLICIT
from support.finding import provider, without_end
from support.odd_acceptor import acceptor, received

from radnode.dimse.scu import (
    Answered,
    Asking,
    Caller,
    CallFailed,
    Cancelled,
    InvalidKey,
    Match,
    NoAnswer,
    NotOffered,
    QueryOptions,
    Stopping,
    find,
    find_worklist,
)
from radnode.dimse.scu.identifiers import decode_identifier, encode_identifier
from radnode.dimse.upper.associate import ContextAnswer, decode_request, encode_accept
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.level import Level
from radnode.model.uid import UID
from radnode.settings import Peer

WORKLIST = "1.2.840.10008.5.1.4.31"
STEP = "ScheduledProcedureStepSequence"


def step(modality: str, **more: str) -> Dataset:
    item = Dataset()
    item.Modality = modality
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def test_a_worklist_is_asked_by_what_stands_in_its_steps() -> None:
    asked: list[Dataset] = []

    def answer(event: Any) -> Iterator[Any]:
        asked.append(event.identifier)
        match = Dataset()
        match.PatientID = "4711"
        match.ScheduledProcedureStepSequence = Sequence([step("CT", ScheduledStationAETitle="CT01"), step("MR")])
        match.ReferencedStudySequence = Sequence()
        yield 0xFF00, match

    keys = {"PatientID": "", f"{STEP}.Modality": "CT", "(0040,0100).0040,0001": "", "ReferencedStudySequence": ""}
    with provider(answer, WORKLIST) as peer:
        (match,) = find_worklist(peer, Caller(), keys)
    (identifier,) = asked
    assert "QueryRetrieveLevel" not in identifier
    (item,) = identifier.ScheduledProcedureStepSequence
    assert (item.Modality, item.ScheduledStationAETitle) == ("CT", "")
    assert list(identifier.ReferencedStudySequence) == []
    assert match == {
        "PatientID": "4711",
        f"{STEP}.Modality": "CT\\MR",
        f"{STEP}.ScheduledStationAETitle": "CT01",
        "ReferencedStudySequence": "",
    }
    assert match.nested == {
        "PatientID": "4711",
        STEP: [{"Modality": "CT", "ScheduledStationAETitle": "CT01"}, {"Modality": "MR"}],
        "ReferencedStudySequence": [],
    }


@pytest.mark.parametrize(
    "transfer_syntax", [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN]
)
def test_what_is_written_is_read_again_in_every_encoding(transfer_syntax: UID) -> None:
    keys = {
        "PatientName": "Łukasz^Żółć",
        "Rows": "512",
        f"{STEP}.ScheduledProtocolCodeSequence.CodeMeaning": "Größe",
        f"{STEP}.Modality": "CT",
    }
    match = decode_identifier(encode_identifier(Level.STUDY, keys, transfer_syntax), transfer_syntax)
    assert match == {**keys, "QueryRetrieveLevel": "STUDY", "SpecificCharacterSet": "ISO_IR 192"}
    assert match.nested[STEP] == [{"ScheduledProtocolCodeSequence": [{"CodeMeaning": "Größe"}], "Modality": "CT"}]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"PatientNmae": "X"}, "did you mean PatientName"),
        ({"0029,1010": ""}, "0029,1010 is a private attribute"),
        ({"(0010,FFFE)": ""}, "0010,FFFE is no attribute of PS3.6"),
        ({"0000,0900": ""}, "Status is no attribute of a data set"),
        ({"Modality.PatientName": ""}, "Modality is no sequence"),
        ({STEP: "CT"}, f"{STEP} is a sequence"),
        ({"Rows": "many"}, "Rows must be a number"),
        ({"StudyInstanceUID": "1.2\\" * 20000}, "StudyInstanceUID is too long"),
        ({"": "X"}, "neither a keyword nor a tag"),
    ],
)
def test_what_cannot_be_asked_for_is_told_before_anyone_is_called(keys: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidKey, match=why) as error:
        list(find(Peer(title="NOBODY", host="127.0.0.1", port=1), Caller(), Level.STUDY, keys))
    assert "X" not in str(error.value).replace("PatientNmae", "").replace(STEP, "")


def test_the_query_goes_in_the_character_set_that_was_chosen() -> None:
    asked: list[Dataset] = []

    def answer(event: Any) -> Iterator[Any]:
        asked.append(event.identifier)
        yield 0x0000, None

    with provider(answer) as peer:
        for charset in ("ISO_IR 100", ""):
            asking = Asking(charset, QueryOptions(relational=True))
            assert list(find(peer, Caller(), Level.STUDY, {"PatientName": "Müller*"}, asking=asking)) == []
        with pytest.raises(InvalidKey, match="PatientName cannot be written"):
            list(find(peer, Caller(), Level.STUDY, {"PatientName": "山田"}, asking=Asking("ISO_IR 100")))
    assert [(one.SpecificCharacterSet, str(one.PatientName)) for one in asked] == [
        ("ISO_IR 100", "Müller*"),
        ("ISO_IR 192", "Müller*"),
    ]


def test_who_has_enough_cancels_and_the_matches_end() -> None:
    heard: list[bool] = []
    stopping = Stopping(20)
    taken: list[Match] = []
    with provider(without_end(heard)) as peer:
        for match in find(peer, Caller(stopping=stopping), Level.STUDY, {"PatientID": ""}):
            taken.append(match)
            stopping.ask()
    assert heard == [True]
    assert not taken[0].has_all_keys
    stopping.close()


def say_nothing_after_accepting(sock: socket.socket) -> bytes:
    request = decode_request(received(sock))
    sock.sendall(encode_accept(request, [ContextAnswer(1, 0, EXPLICIT)], 16384))
    sock.settimeout(20)
    said = b""
    while more := sock.recv(4096):
        said += more
    return said


def test_a_peer_that_does_not_heed_the_cancelling_is_left_after_the_grace() -> None:
    stopping = Stopping(0.3)
    stopping.ask()
    with acceptor(say_nothing_after_accepting) as address:
        peer = Peer(title="ODD", host=address.host, port=address.port)
        with pytest.raises(Cancelled):
            list(find(peer, Caller(stopping=stopping), Level.STUDY, {"PatientID": ""}))
    stopping.close()


def test_the_kinds_of_failure_are_told_apart() -> None:
    with acceptor(say_nothing_after_accepting) as address:
        peer = Peer(title="ODD", host=address.host, port=address.port)
        with pytest.raises(NoAnswer):
            list(find(peer, Caller(timeout=0.3), Level.STUDY, {"PatientID": ""}))

    def refuse(event: Any) -> Iterator[Any]:
        yield 0xA700, None

    with provider(refuse) as peer:
        with pytest.raises(Answered, match="PYNET answered A700") as error:
            list(find(peer, Caller(), Level.STUDY, {"PatientID": ""}))
        with pytest.raises(NotOffered, match="does not accept"):
            list(find_worklist(peer, Caller(), {"PatientID": ""}))
    assert error.value.status == 0xA700
    with pytest.raises(CallFailed, match="cannot connect"):
        list(find(peer, Caller(), Level.STUDY, {"PatientID": ""}))
