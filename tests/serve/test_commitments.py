"""Storage commitment by a whole node: over its death, and against a list that is too long."""

import json
import socket
from pathlib import Path
from queue import Queue
from typing import Any

import requests
from pydicom import Dataset
from pynetdicom import AE, evt
from support.commitments import EXPLICIT, fill, reference
from support.fuzzed_node import memory
from support.node import Node, radnode, wait_for

from radnode.archive.archive import Archive
from radnode.dimse.commitment import WELL_KNOWN_INSTANCE, encode_request
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.exchange import Exchange
from radnode.dimse.upper.requesting import Address, associate
from radnode.model.uid import UID

ONE_WORKER = ("--dicom.workers", "1", "--commitment.same_association", "0", "--commitment.first_delay", "0.2")
GROWTH = 60 << 20
"""Bytes that a worker may grow by for a list that it refuses: as much of it as the limit on objects allows."""


def ask(node: Node, data_set: bytes) -> int:
    """The status of an N-ACTION."""
    address = Address("127.0.0.1", node.dicom_port, "RADNODE", "ASKER")
    elements: dict[int, int | str] = {
        Element.REQUESTED_SOP_CLASS: STORAGE_COMMITMENT,
        Element.REQUESTED_SOP_INSTANCE: WELL_KNOWN_INSTANCE,
        Element.ACTION_TYPE: 1,
    }
    with associate(address, [ProposedContext(1, STORAGE_COMMITMENT, (EXPLICIT,))]) as requested:
        return Exchange(requested, limit=1000).ask(1, Field.N_ACTION, elements, data_set).status


def metric(node: Node, name: str) -> float:
    """A number of /metrics about commitment; 0 where it is not there."""
    headers = {"Authorization": f"Bearer {node.token()}"}
    lines = requests.get(f"{node.url}/metrics", headers=headers, timeout=30).text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"radnode_commitment_{name}")), 0.0)


def test_a_report_that_was_promised_arrives_although_the_node_was_killed(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "store") as archive:
        stored = fill(archive, [1, 2])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    peers = json.dumps([{"title": "ASKER", "host": "127.0.0.1", "port": port}])
    with Node(tmp_path / "store", *ONE_WORKER, RADNODE_PEERS=peers) as node:
        worker = next(pid for pid, name in node.children().items() if name == "dicom-1")
        before = memory(worker)
        long = encode_request(UID("2.25.2"), [reference(1)], EXPLICIT)
        head, item = long[: long.index(b"\xfe\xff")], long[long.index(b"\xfe\xff") :]
        assert ask(node, head[:-4] + (len(item) * 1_000_000).to_bytes(4, "little") + item * 1_000_000) == 0x0213
        assert memory(worker) - before < GROWTH
        assert ask(node, encode_request(UID("2.25.1"), stored, EXPLICIT)) == 0
        node.kill()
    shown = radnode("commitments", "--archive.root", str(tmp_path / "store"), "--json", folder=tmp_path)
    (left,) = json.loads(shown.stdout)["commitments"]
    assert (left["transaction"], left["state"], left["peer"]) == ("2.25.1", "open", "ASKER")
    heard: Queue[Dataset] = Queue()

    def hear(event: Any) -> tuple[int, None]:
        heard.put(event.event_information)
        return 0, None

    ae = AE("ASKER")
    ae.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    listener = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, hear)])
    assert listener is not None
    try:
        with Node(tmp_path / "store", *ONE_WORKER, RADNODE_PEERS=peers) as node:
            told = heard.get(timeout=30)
            wait_for(lambda: metric(node, 'reports_total{outcome="reported"}') == 1, what="the report counted")
            assert metric(node, 'objects_total{reason="committed"}') == 2
            assert node.stop() == 0
    finally:
        listener.shutdown()
    assert told.TransactionUID == "2.25.1"
    assert [one.ReferencedSOPInstanceUID for one in told.ReferencedSOPSequence] == [one.sop_instance for one in stored]
    assert heard.empty()
