"""C-FIND over real sockets and a real index."""

import struct
import time
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from support.dimse_server import EXPLICIT, IMPLICIT, Running, address_of, peer_of, proposals, running
from support.fake_archive import FakeArchive
from support.instances import encode_dataset, make_instance
from support.pynet import steady

from radnode.archive.archive import Archive
from radnode.dimse.contexts import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from radnode.dimse.encoding import encode_elements
from radnode.dimse.scp.identifiers import IDENTIFIER_LIMIT
from radnode.dimse.scu import Caller, CallFailed, find
from radnode.dimse.scu.identifiers import encode_identifier
from radnode.dimse.scu.query import ask
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.pdu import encode_data
from radnode.dimse.upper.requesting import Requested, associate
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.level import Level, Root
from radnode.model.uid import UID

FIND = proposals((STUDY_ROOT_FIND, (IMPLICIT,)))
PATIENTS = (("DOE^JOHN", "0042", "1.2.1"), ("MÜLLER^EVA", "7", "1.2.2"), ("山田^太郎", "", "1.2.3"))


def keep(archive: Archive, dataset: Dataset) -> None:
    with archive.receive(
        UID(EXPLICIT), sop_class=dataset.SOPClassUID, sop_instance=dataset.SOPInstanceUID
    ) as receiving:
        receiving.write(encode_dataset(dataset))
        receiving.commit()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Archive.open(tmp_path_factory.mktemp("archive")) as archive:
        for name, patient_id, study in PATIENTS:
            for number in range(3):
                keep(
                    archive,
                    make_instance(
                        SpecificCharacterSet="ISO_IR 192",
                        PatientName=name,
                        PatientID=patient_id,
                        StudyInstanceUID=study,
                        SeriesInstanceUID=f"{study}.{min(number, 1)}",
                        SOPInstanceUID=f"{study}.9.{number}",
                        InstanceNumber=str(number),
                        Modality="CT",
                    ),
                )
        with running(archive) as server:
            yield server


def found(server: Running, level: Level, root: Root = Root.STUDY, **keys: str) -> list[dict[str, str]]:
    return [dict(match) for match in find(peer_of(server), Caller(), level, keys, root=root)]


def last_response(requested: Requested, message_id: int) -> tuple[int, int, str]:
    """How many pending responses came, the last status and its comment."""
    pending = 0
    while True:
        response = requested.response(Field.C_FIND, message_id)
        requested.messages.skip_data_set()
        status = response.number(Element.STATUS)
        if status not in (0xFF00, 0xFF01):
            return pending, status, response.text(Element.ERROR_COMMENT)
        pending += 1


@pytest.mark.parametrize(
    ("level", "root", "matches"),
    [
        (Level.PATIENT, Root.PATIENT, 3),
        (Level.STUDY, Root.PATIENT, 3),
        (Level.STUDY, Root.STUDY, 3),
        (Level.SERIES, Root.STUDY, 6),
        (Level.IMAGE, Root.STUDY, 9),
        (Level.IMAGE, Root.PATIENT, 9),
    ],
)
def test_each_entity_of_the_level_is_answered_once(server: Running, level: Level, root: Root, matches: int) -> None:
    answers = found(server, level, root, PatientName="")
    assert len(answers) == matches
    assert {answer["PatientName"] for answer in answers} == {name for name, _, _ in PATIENTS}


def test_answers_carry_what_an_answer_must(server: Running) -> None:
    (answer,) = found(
        server, Level.STUDY, PatientID="0042", StudyDate="", ModalitiesInStudy="", NumberOfStudyRelatedInstances=""
    )
    assert answer == {
        "SpecificCharacterSet": "ISO_IR 100",
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "RADNODE",
        "StudyInstanceUID": "1.2.1",
        "PatientID": "0042",
        "StudyDate": "20251106",
        "ModalitiesInStudy": "CT",
        "NumberOfStudyRelatedInstances": "3",
    }


@pytest.mark.parametrize(
    ("keys", "studies"),
    [
        ({"PatientName": "DOE*"}, {"1.2.1"}),
        ({"PatientName": "muller^eva"}, {"1.2.2"}),
        ({"PatientName": "山田*"}, {"1.2.3"}),
        ({"PatientID": "42"}, set()),
        ({"StudyInstanceUID": "1.2.1\\1.2.3"}, {"1.2.1", "1.2.3"}),
        ({"StudyDate": "20251101-20251130"}, {"1.2.1", "1.2.2", "1.2.3"}),
        ({"StudyDate": "20251201-"}, set()),
        ({"ModalitiesInStudy": "MR\\CT", "PatientID": "7"}, {"1.2.2"}),
        ({"PatientID": "*"}, {"1.2.1", "1.2.2", "1.2.3"}),
    ],
)
def test_keys_match(server: Running, keys: dict[str, str], studies: set[str]) -> None:
    assert {answer["StudyInstanceUID"] for answer in found(server, Level.STUDY, Root.STUDY, **keys)} == studies


@pytest.mark.parametrize(
    "keys",
    [{"StudyInstanceUID": "1.2.*"}, {"StudyDate": "2025*"}, {"StudyDate": "-"}, {"StudyDate": "abc-def"}],
)
def test_what_is_no_query_is_refused_with_words(server: Running, keys: dict[str, str]) -> None:
    with pytest.raises(CallFailed, match=f"A900 {next(iter(keys))}"):
        found(server, Level.STUDY, Root.STUDY, **keys)


def test_bad_identifiers_cost_the_query_not_the_association(server: Running) -> None:
    patient = encode_identifier(Level.PATIENT, {}, IMPLICIT_VR_LITTLE_ENDIAN)
    nothing = encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN)
    without_level = encode_elements({0x00100020: ("LO", b"")}, IMPLICIT_VR_LITTLE_ENDIAN)
    good = encode_identifier(Level.STUDY, {"PatientID": ""}, IMPLICIT_VR_LITTLE_ENDIAN)
    cases = (
        (patient, 0xA900),
        (without_level, 0xA900),
        (nothing[:-3], 0xC000),
        (b"\xff" * 100, 0xC000),
        (b"", 0xA900),
        (nothing + bytes(IDENTIFIER_LIMIT), 0xA700),
        (good, 0x0000),
    )
    with associate(address_of(server), FIND) as requested:
        for identifier, status in cases:
            message_id = ask(requested, 1, Field.C_FIND, identifier)
            pending, got, comment = last_response(requested, message_id)
            assert got == status
            assert bool(comment) == (status != 0)
            assert pending == (3 if status == 0 else 0)


def test_keys_that_are_not_supported_are_told(server: Running) -> None:
    for keys, status in (({"PatientID": "7"}, 0xFF00), ({"PatientID": "7", "SoftwareVersions": ""}, 0xFF01)):
        with associate(address_of(server), FIND) as requested:
            identifier = encode_identifier(Level.STUDY, keys, IMPLICIT_VR_LITTLE_ENDIAN)
            message_id = ask(requested, 1, Field.C_FIND, identifier)
            assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == status
            requested.messages.skip_data_set()
            assert last_response(requested, message_id)[1] == 0


def test_pynetdicom_reads_the_answers(server: Running) -> None:
    ae = AE("PYNET")
    ae.add_requested_context(PATIENT_ROOT_FIND)
    association = steady(ae.associate("127.0.0.1", server.port, ae_title="RADNODE"))
    query = Dataset()
    query.QueryRetrieveLevel = "PATIENT"
    query.PatientName = "M*"
    query.PatientBirthDate = ""
    answers = list(association.send_c_find(query, PATIENT_ROOT_FIND))
    association.release()
    statuses = [status.Status for status, _ in answers]
    assert statuses == [0xFF00, 0x0000]
    assert answers[0][1] is not None
    assert str(answers[0][1].PatientName) == "MÜLLER^EVA"
    assert answers[0][1].PatientBirthDate == "19850315"


def test_a_cancelled_query_ends_long_before_its_answers_do() -> None:
    rows = [{"StudyInstanceUID": f"1.2.{number}"} for number in range(200_000)]
    with running(FakeArchive(rows=rows)) as server, associate(address_of(server), FIND) as requested:
        message_id = ask(requested, 1, Field.C_FIND, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN))
        assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == 0xFF00
        requested.messages.skip_data_set()
        requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: message_id})
        pending, status, _ = last_response(requested, message_id)
        assert status == 0xFE00
        assert pending < 100_000
        # The association is as good as new, and a cancel that comes too late is nothing.
        requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: message_id})
        nothing = encode_identifier(Level.PATIENT, {}, IMPLICIT_VR_LITTLE_ENDIAN)
        assert last_response(requested, ask(requested, 1, Field.C_FIND, nothing))[1] == 0xA900


def test_a_cancel_that_comes_together_with_its_query_is_seen() -> None:
    rows = [{"StudyInstanceUID": f"1.2.{number}"} for number in range(20_000)]
    query: dict[int, int | str] = {
        Element.SOP_CLASS: STUDY_ROOT_FIND,
        Element.COMMAND_FIELD: Field.C_FIND,
        Element.MESSAGE_ID: 1,
        Element.DATA_SET_TYPE: 1,
    }
    cancel: dict[int, int | str] = {
        Element.COMMAND_FIELD: Field.C_CANCEL,
        Element.RESPONDED_TO: 1,
        Element.DATA_SET_TYPE: 0x0101,
    }
    said = [
        encode_data(1, encode_command(query), 0, is_command=True),
        encode_data(1, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN), 0, is_command=False),
        encode_data(1, encode_command(cancel), 0, is_command=True),
    ]
    values = b"".join(pdu[6:] for pdu in said)
    with running(FakeArchive(rows=rows)) as server, associate(address_of(server), FIND) as requested:
        for sent in (b"".join(said), struct.pack(">BxL", 4, len(values)) + values):  # a P-DATA-TF each, or one for all
            requested.messages.connection.send(sent, time.monotonic() + 5)
            assert last_response(requested, 1)[:2] == (0, 0xFE00)
