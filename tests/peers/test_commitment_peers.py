"""Storage commitment with other people's programs, in both directions: Orthanc and pynetdicom."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from support.archives import make_archive
from support.commitments import fill, instance, reference, reporting, transactions
from support.dimse_server import TITLE, Running, running, wait_until
from support.instances import encode_part10, make_instance
from support.orthanc import TITLE as ORTHANC
from support.orthanc import Orthanc
from support.pynet import steady

from radnode.archive.archive import Archive
from radnode.dimse.commitment import WELL_KNOWN_INSTANCE
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.scu import Caller, commit
from radnode.model.commitment import Reason, Reference
from radnode.sections.commitment import CommitmentSettings
from radnode.settings import Peer, Settings
from radnode.work.asked_commitments import AskedCommitments

PATIENT, HASTY = (Settings(commitment=CommitmentSettings(same_association=seconds)) for seconds in (10, 0))


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with Orthanc(tmp_path_factory.mktemp("orthanc")) as orthanc:
        yield orthanc


def test_orthanc_asks_us_and_hears_of_each_object(archive: Archive, orthanc: Orthanc) -> None:
    stored = fill(archive, [1, 2])
    peers = (Peer(title=ORTHANC, host="127.0.0.1", port=orthanc.port),)
    with running(archive, peers=peers) as server, reporting(archive, server, peers):
        orthanc.knows("radnode", TITLE, server.port)
        wanted = [*stored, reference(99)]
        asked = orthanc.post("/modalities/radnode/storage-commitment", {"DicomInstances": list(wanted)})
        path = f"/storage-commitment/{asked['ID']}"
        wait_until(lambda: orthanc.get(path)["Status"] != "Pending", seconds=20)
        told = orthanc.get(path)
        assert told["Status"] == "Failure"
        assert {one["SOPInstanceUID"] for one in told["Success"]} == {one.sop_instance for one in stored}
        assert [(one["SOPInstanceUID"], one["FailureReason"]) for one in told["Failures"]] == [(instance(99), 0x0112)]
        wait_until(lambda: transactions(server)[-1].state == "reported")


def test_we_ask_orthanc_and_it_reports_to_our_port(archive: Archive, orthanc: Orthanc) -> None:
    orthanc.post("/instances", encode_part10(make_instance(SOPInstanceUID=instance(5))))
    with running(archive) as server:
        orthanc.knows("radnode", TITLE, server.port)
        peer = Peer(title=ORTHANC, host="127.0.0.1", port=orthanc.port)
        asked = AskedCommitments(server.work)
        outcome = commit(peer, Caller(TITLE), [reference(5), reference(98)], asked, wait=20)
        assert outcome.results == {reference(5): Reason.COMMITTED, reference(98): Reason.NO_SUCH_INSTANCE}


def action(transaction: str, references: Sequence[Reference]) -> Dataset:
    wanted = Dataset()
    wanted.TransactionUID = transaction
    wanted.ReferencedSOPSequence = []
    for one in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one
        wanted.ReferencedSOPSequence.append(item)
    return wanted


@contextmanager
def listening(ae: AE) -> Iterator[tuple[int, "Queue[tuple[int, Dataset]]", list[Any]]]:
    """pynetdicom as user that is called by who reports: its port, and what it hears."""
    heard: Queue[tuple[int, Dataset]] = Queue()

    def hear(event: Any) -> tuple[int, None]:
        heard.put((event.request.EventTypeID, event.event_information))
        return 0, None

    handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, hear)]
    ae.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    listener = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert listener is not None
    try:
        yield listener.server_address[1], heard, handlers
    finally:
        listener.shutdown()


@pytest.mark.parametrize("settings", [PATIENT, HASTY], ids=["same association", "another"])
def test_pynetdicom_asks_us(tmp_path: Path, settings: Settings) -> None:
    ae = AE("PYNET")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    ae.add_requested_context(STORAGE_COMMITMENT)
    with make_archive(tmp_path) as archive, listening(ae) as (port, heard, handlers):
        stored = fill(archive, [1, 2])
        peers = (Peer(title="PYNET", host="127.0.0.1", port=port),)
        with running(archive, peers=peers, settings=settings) as server, reporting(archive, server, peers):
            association = steady(ae.associate("127.0.0.1", server.port, ae_title=TITLE, evt_handlers=handlers))
            assert association.is_established
            status, _ = association.send_n_action(action("2.25.17", stored), 1, STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE)
            assert status.Status == 0
            event, told = heard.get(timeout=15)
            association.release()
            wait_until(lambda: transactions(server)[-1].state == "reported")
    assert event == 1
    assert told.TransactionUID == "2.25.17"
    assert told.RetrieveAETitle == TITLE
    assert "FailedSOPSequence" not in told
    assert [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in told.ReferencedSOPSequence] == stored


@contextmanager
def committing(node: Running, *, same: bool) -> Iterator[Peer]:
    """pynetdicom as provider: it commits to all but the last object, which it says on that association or another."""
    ae = AE("VNA")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    ae.add_supported_context(STORAGE_COMMITMENT)
    ae.add_requested_context(STORAGE_COMMITMENT)
    asked: Queue[tuple[Any, Dataset]] = Queue()
    answers: Queue[int] = Queue()

    def take(event: Any) -> tuple[int, None]:
        asked.put((event.assoc, event.action_information))
        return 0, None

    def tell() -> None:
        association, wanted = asked.get(timeout=10)
        told = Dataset()
        told.TransactionUID = wanted.TransactionUID
        told.ReferencedSOPSequence = wanted.ReferencedSOPSequence[:-1]
        told.FailedSOPSequence = wanted.ReferencedSOPSequence[-1:]
        told.FailedSOPSequence[0].FailureReason = 0x0213
        if not same:
            role = build_role(STORAGE_COMMITMENT, scp_role=True)
            association = steady(ae.associate("127.0.0.1", node.port, ae_title=TITLE, ext_neg=[role]))
        status, _ = association.send_n_event_report(told, 2, STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE)
        answers.put(status.Status)
        if not same:
            association.release()

    telling = threading.Thread(target=tell)
    telling.start()
    listener = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_ACTION, take)])
    assert listener is not None
    try:
        yield Peer(title="VNA", host="127.0.0.1", port=listener.server_address[1])
        telling.join(10)
        assert answers.get(timeout=1) == 0
    finally:
        listener.shutdown()


@pytest.mark.parametrize("same", [True, False], ids=["same association", "another"])
def test_we_ask_pynetdicom(archive: Archive, same: bool) -> None:
    wanted = [reference(1), reference(2)]
    with running(archive) as node, committing(node, same=same) as peer:
        asked = AskedCommitments(node.work)
        outcome = commit(peer, Caller(TITLE), wanted, asked, wait=10)
        assert outcome.results == {wanted[0]: Reason.COMMITTED, wanted[1]: Reason.RESOURCE_LIMITATION}
