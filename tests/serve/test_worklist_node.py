"""The whole node: what is scheduled and performed survives `kill -9`, whatever process answered for it."""

from pathlib import Path
from typing import Any

import requests
from support.modality import STEP, began, ended, modality_of
from support.node import Node
from support.worklists import STUDY, TODAY

from radnode.dimse.scu import Caller, find_worklist
from radnode.dimse.upper.command import Element
from radnode.settings import Peer

ENTRY = {
    "PatientID": "4711",
    "StudyInstanceUID": STUDY,
    "Modality": "CT",
    "ScheduledProcedureStepStartDate": TODAY,
    "ScheduledProcedureStepID": "S1",
}
URL = "/api/dicom/"


def got(node: Node, path: str, *, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {node.token()}"}
    method = "GET" if body is None else "POST"
    answer = requests.request(method, f"{node.url}{URL}{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def scheduled(node: Node) -> list[str]:
    """The patients of whom the modality CT1 hears."""
    peer = Peer(title="RADNODE", host="127.0.0.1", port=node.dicom_port)
    return [match["PatientID"] for match in find_worklist(peer, Caller("CT1"), {"PatientID": ""})]


def test_what_was_answered_with_success_is_there_after_a_kill(tmp_path: Path) -> None:
    root = tmp_path / "store"
    other = f"{STEP}.2"
    with Node(root, "--dicom.workers", "1") as node:
        added = got(node, "worklist", body=ENTRY)
        assert scheduled(node) == ["4711"]
        with modality_of(node.dicom_port) as modality:
            assert modality.create(began()).number(Element.STATUS) == 0
            assert modality.set(ended("1.2.1")).number(Element.STATUS) == 0
            elsewhere = began(ScheduledStepAttributesSequence=[{"StudyInstanceUID": "1.2"}])
            assert modality.create(elsewhere, other).number(Element.STATUS) == 0
            node.kill()
    with Node(root, "--dicom.workers", "1") as node:
        assert scheduled(node) == [], "what was performed is not to be done any more"
        assert got(node, f"worklist/{added['id']}")["status"] == "COMPLETED"
        assert got(node, f"procedure-steps/{other}")["status"] == "IN PROGRESS"
        told = got(node, f"studies/{STUDY}/completeness")
        assert (told["complete"], told["missing"], told["evidence"]) == (False, ["1.2.1"], "mpps")
        with modality_of(node.dicom_port) as modality:
            assert modality.create(began()).number(Element.STATUS) == 0x0111
