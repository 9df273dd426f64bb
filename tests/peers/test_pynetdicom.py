"""pynetdicom's service class user against radnode: what applications that are built on it say and rely on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)
from pynetdicom import AE, AllStoragePresentationContexts, build_context, build_role
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CompositeInstanceRootRetrieveGet,
    PatientRootQueryRetrieveInformationModelFind,
    Printer,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)
from support.dimse_server import Running, running, wait_until
from support.fake_archive import FakeArchive
from support.instances import bundled, make_instance
from support.pynet import steady

from radnode.archive.archive import Archive
from radnode.settings import DicomSettings

STUDY_FIND = StudyRootQueryRetrieveInformationModelFind


@pytest.fixture(scope="module")
def server(archive: Archive) -> Iterator[Running]:
    with running(archive, dicom=DicomSettings(max_associations=3)) as server:
        yield server


@contextmanager
def associated(server: Running, *contexts: Any, **more: Any) -> Iterator[Association]:
    """An association that the block leaves established, released or aborted."""
    ae = AE("PYNET")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    proposed = [one if not isinstance(one, str) else build_context(one) for one in contexts]
    association = steady(ae.associate("127.0.0.1", server.port, proposed, ae_title="RADNODE", **more))
    assert association.is_established
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
            assert association.is_released


def query(level: str = "STUDY", **keys: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    return identifier


def test_contexts_are_answered_one_by_one(server: Running) -> None:
    """PS3.8 table 9-18: 3 is an abstract syntax that is not supported, 4 are the transfer syntaxes."""
    unknown = build_context("1.2.3.4")
    no_syntax = build_context(CTImageStorage, "1.2.3.5")
    with associated(
        server, Verification, unknown, no_syntax, build_context(CTImageStorage, "1.2.840.10008.1.2")
    ) as one:
        assert {context.abstract_syntax for context in one.accepted_contexts} == {Verification, CTImageStorage}
        assert {(c.abstract_syntax, c.result) for c in one.rejected_contexts} == {("1.2.3.4", 3), (CTImageStorage, 4)}
        assert all(context.as_scu and not context.as_scp for context in one.accepted_contexts)


def test_the_requestors_first_transfer_syntax_is_taken(server: Running) -> None:
    both = build_context(CTImageStorage, [JPEG2000Lossless, ImplicitVRLittleEndian])
    with associated(server, both) as association:
        assert association.accepted_contexts[0].transfer_syntax == [JPEG2000Lossless]


def test_as_many_contexts_as_there_can_be(server: Running) -> None:
    with associated(server, *AllStoragePresentationContexts[:127], Verification) as association:
        assert len(association.accepted_contexts) == 128
        assert association.send_c_echo().Status == 0


def test_services_that_are_not_offered_lose_their_contexts_only(server: Running) -> None:
    others = (
        CompositeInstanceRootRetrieveGet,
        Printer,
    )
    with associated(server, *others, Verification) as association:
        assert {(context.abstract_syntax, context.result) for context in association.rejected_contexts} == {
            (other, 3) for other in others
        }
        with pytest.raises(ValueError, match="presentation context"):
            list(association.send_c_get(query(), CompositeInstanceRootRetrieveGet))
        assert association.send_c_echo().Status == 0


def _window() -> Any:
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked = item.maximum_number_operations_performed = 5
    return item


def _extended() -> Any:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = STUDY_FIND, b"\1\1\1"
    return item


def _common() -> Any:
    item = SOPClassCommonExtendedNegotiation()
    item.sop_class_uid, item.service_class_uid = CTImageStorage, "1.2.840.10008.4.2"
    return item


def _identity(kind: int) -> Any:
    item = UserIdentityNegotiation()
    item.user_identity_type, item.positive_response_requested = kind, False
    item.primary_field, item.secondary_field = b"user", b"word" if kind == 2 else b""
    return item


@pytest.mark.parametrize(
    "items",
    [
        [_window()],
        [_extended()],
        [_common()],
        [build_role(CTImageStorage, scu_role=True, scp_role=True)],
        *([_identity(kind)] for kind in (1, 2, 3, 4, 5)),
        [_window(), _extended(), _common(), build_role(CTImageStorage, scp_role=True, scu_role=True), _identity(1)],
    ],
)
def test_what_is_offered_beyond_the_defaults_does_no_harm(server: Running, items: list[Any]) -> None:
    """PS3.7 D.3.3: what the acceptor does not answer is not in force."""
    with associated(server, Verification, CTImageStorage, ext_neg=items) as association:
        assert association.acceptor.asynchronous_operations == (1, 1)
        assert association.acceptor.sop_class_extended == {}
        assert association.acceptor.user_identity is None
        proposes_role = any(isinstance(one, SCP_SCU_RoleSelectionNegotiation) for one in items)
        assert [context.as_scp for context in association.accepted_contexts] == [False, proposes_role]
        assert association.send_c_echo().Status == 0


@pytest.mark.parametrize("max_pdu", [0, 200, 16382, 1 << 20])
def test_answers_fit_into_the_pdu_that_the_requestor_takes(server: Running, max_pdu: int) -> None:
    with associated(server, STUDY_FIND, CTImageStorage, max_pdu=max_pdu) as association:
        assert association.send_c_store(make_instance()).Status == 0
        keys = query(PatientName="", StudyDescription="", AccessionNumber="", StudyInstanceUID="")
        (status, answer), last = association.send_c_find(keys, STUDY_FIND)
        assert status.Status == 0xFF00
        assert answer is not None
        assert answer.PatientName == "DOE^JOHN"
        assert last[0].Status == 0


@pytest.mark.parametrize("message_id", [0, 1, 255, 256, 65535])
def test_echo_answers_every_message_id(server: Running, message_id: int) -> None:
    with associated(server, Verification) as association:
        for _ in range(3):
            assert association.send_c_echo(msg_id=message_id).Status == 0


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_store_in_each_uncompressed_syntax(server: Running, archive: Archive, syntax: str) -> None:
    made = make_instance(syntax, SOPInstanceUID=generate_uid())
    with associated(server, build_context(CTImageStorage, syntax)) as association:
        response = association.send_c_store(made, priority=1, originator_aet="MOVER", originator_id=7)
    assert response.Status == 0
    assert is_stored(archive, made.SOPInstanceUID)


def test_store_of_compressed_frames(server: Running, archive: Archive) -> None:
    path = bundled("examples_ybr_color.dcm")
    with associated(server, build_context(UltrasoundMultiFrameImageStorage, JPEGBaseline8Bit)) as association:
        assert association.send_c_store(path).Status == 0


def is_stored(archive: Archive, uid: str) -> bool:
    return any(uid.encode() in path.read_bytes()[:2000] for path in (archive.layout.root / "studies").rglob("*.dcm"))


@pytest.mark.parametrize("model", [STUDY_FIND, PatientRootQueryRetrieveInformationModelFind])
def test_find_in_both_models(server: Running, model: str) -> None:
    with associated(server, model, CTImageStorage) as association:
        assert association.send_c_store(make_instance()).Status == 0
        answers = list(association.send_c_find(query(PatientID="12345678", PatientName=""), model, msg_id=300))
    assert [status.Status for status, _ in answers] == [0xFF00, 0]
    assert answers[0][1] is not None
    assert answers[0][1].PatientName == "DOE^JOHN"


def test_find_that_matches_nothing_and_one_that_is_none(server: Running) -> None:
    with associated(server, STUDY_FIND) as association:
        assert [one.Status for one, _ in association.send_c_find(query(PatientID="NOBODY"), STUDY_FIND)] == [0]
        assert [one.Status for one, _ in association.send_c_find(query("NONSENSE"), STUDY_FIND)] == [0xA900]
        assert [one.Status for one, _ in association.send_c_find(query(PatientID="NOBODY"), STUDY_FIND)] == [0]


NORMALISED: dict[str, Callable[[Association], tuple[Dataset, Dataset | None]]] = {
    "N-GET": lambda one: one.send_n_get([Tag(0x00100010)], Verification, "1.2.3"),
    "N-SET": lambda one: one.send_n_set(query(), Verification, "1.2.3"),
    "N-CREATE": lambda one: one.send_n_create(query(), Verification, "1.2.3"),
    "N-DELETE": lambda one: (one.send_n_delete(Verification, "1.2.3"), None),
}


@pytest.mark.parametrize("service", NORMALISED)
def test_operations_that_are_not_known_are_answered_as_such(server: Running, service: str) -> None:
    """PS3.7 Annex C.5.24: 0211, unrecognised operation; 0122 if another SOP class has it. The association lives on."""
    with associated(server, Verification) as association:
        status, answer = NORMALISED[service](association)
        assert status.Status == (0x0211 if service == "N-DELETE" else 0x0122)
        assert answer is None
        assert association.send_c_echo().Status == 0


def test_an_abort_frees_what_the_association_held(server: Running) -> None:
    """Three are all that there may be at once."""
    for _ in range(3):
        held = [opened(server) for _ in range(3)]
        assert not try_to_open(server).is_established
        for association in held:
            association.abort()
            assert association.is_aborted


def try_to_open(server: Running) -> Association:
    ae = AE("PYNET")
    ae.add_requested_context(Verification)
    return steady(ae.associate("127.0.0.1", server.port, ae_title="RADNODE"))


def opened(server: Running) -> Association:
    """One that is accepted, as soon as there is room."""
    tried: list[Association] = []

    def is_there() -> bool:
        tried.append(try_to_open(server))
        return bool(tried[-1].is_established)

    wait_until(is_there)
    return tried[-1]


def test_a_find_is_cancelled() -> None:
    """PS3.7 9.3.2.3: FE00 after C-CANCEL, and the association is as good as new."""
    rows = [{"StudyInstanceUID": f"1.2.{number}"} for number in range(100_000)]
    with running(FakeArchive(rows=rows)) as many, associated(many, STUDY_FIND) as association:
        statuses = []
        for status, _ in association.send_c_find(query(StudyInstanceUID=""), STUDY_FIND, msg_id=9):
            statuses.append(status.Status)
            if len(statuses) == 3:
                association.send_c_cancel(9, query_model=STUDY_FIND)
        assert statuses[-1] == 0xFE00
        assert len(statuses) < 50_000


def test_several_associations_at_once(server: Running) -> None:
    statuses: list[int] = []

    def one(number: int) -> None:
        with associated(server, CTImageStorage) as association:
            made = make_instance(SOPInstanceUID=f"1.2.9.{number}")
            statuses.append(association.send_c_store(made).Status)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0, 0, 0]
