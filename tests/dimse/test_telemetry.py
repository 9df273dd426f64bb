"""What the DICOM side tells operators: one line an association and an operation, no identifiers, and metrics."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from structlog.testing import capture_logs
from support.dimse_server import CT, EXPLICIT, IMPLICIT, address_of, proposals, running, store_command, wait_until
from support.fake_archive import FakeArchive
from support.instances import encode_dataset, make_instance

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Rejected, associate
from radnode.model.redaction import redact

SERVE_ONE_ECHO = """
from radnode.dimse.scu import Caller, echo
from support.dimse_server import peer_of, running
from support.fake_archive import FakeArchive
with running(FakeArchive()) as server:
    assert echo(peer_of(server), Caller()).status == 0
"""
TESTS = Path(__file__).parents[1]


def test_one_line_for_each_operation_and_association_and_no_identifier_in_it() -> None:
    uid = "1.2.826.0.1.3680043.77"
    dataset = encode_dataset(make_instance(SOPInstanceUID=uid, PatientName="SECRET^NAME", PatientID="SECRET-ID"))
    with capture_logs() as lines, running(FakeArchive()) as server:
        with associate(address_of(server, calling="MODALITY\n1"), proposals((CT, (EXPLICIT,)))) as requested:
            requested.messages.send(1, store_command(uid), dataset)
            assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
        wait_until(lambda: any(line["event"] == "association" for line in lines))
    operation, association = lines
    assert (operation["event"], operation["service"], operation["status"]) == ("operation", "store", "0000")
    assert operation["bytes"] == len(dataset)
    assert operation["instance"] == redact(uid)
    assert (association["event"], association["how"], association["store"]) == ("association", "released", 1)
    assert association["address"] == "127.0.0.1"
    assert association["calling"] == "MODALITY?1"
    assert uid not in str(lines)
    assert "SECRET" not in str(lines)


def test_a_rejection_tells_its_reason() -> None:
    with capture_logs() as lines, running(FakeArchive()) as server:
        with pytest.raises(Rejected), associate(address_of(server, called="X"), proposals((VERIFICATION, (IMPLICIT,)))):
            pass
        wait_until(lambda: lines)
    assert (lines[0]["how"], lines[0]["reason"]) == ("rejected", "called AE title not recognised")


def test_metrics_of_a_worker_are_seen_by_another_process(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(TESTS)}
    subprocess.run([sys.executable, "-c", SERVE_ONE_ECHO], check=True, env=environment, stdout=subprocess.DEVNULL)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))  # type: ignore[no-untyped-call]
    text = generate_latest(registry).decode()
    assert 'radnode_dimse_operations_total{service="echo",status="0000"} 1.0' in text
    assert 'radnode_associations_ended_total{how="released"} 1.0' in text
    assert 'radnode_dimse_operation_duration_seconds_count{service="echo"} 1.0' in text
