"""A retrieval by REST, while its node is killed in the middle of it."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from support.instances import INSTANCE, STUDY, make_instance
from support.node import Node, wait_for
from support.pacs import pacs


def test_a_retrieval_is_taken_up_again_by_the_next_start(tmp_path: Path) -> None:
    calls: list[int] = []
    begun, gone = threading.Event(), threading.Event()

    def retrieved(event: Any) -> Iterator[Any]:
        calls.append(len(calls))
        yield 2
        for number in range(2):
            yield 0xFF00, make_instance(SOPInstanceUID=f"{INSTANCE}.{number}")
            if len(calls) == 1:
                begun.set()
                gone.wait(30)

    with pacs(retrieved) as peer:
        peers = json.dumps([{"title": peer.title, "host": peer.host, "port": peer.port}])
        options = ("--only", "rest", "--peers", peers)
        node = Node(tmp_path / "here", *options).start()
        headers = {"Authorization": f"Bearer {node.token('dicom:write dicom:read')}"}
        order = f"{node.url}/api/dicom/peers/PYNET/retrieve"
        job = requests.post(order, headers=headers, json={"study_uid": STUDY}, timeout=30).json()
        assert begun.wait(30)
        node.kill()
        gone.set()
        with Node(node.root, *options) as again:
            url = f"{again.url}/api/dicom/jobs/{job['job_id']}"

            def done() -> dict[str, Any]:
                answer: dict[str, Any] = requests.get(url, headers=headers, timeout=30).json()
                return answer if answer["ended_at"] else {}

            ended = wait_for(done, what="the job", alive=again.is_alive)
            listed = requests.get(f"{again.url}/api/dicom/list", headers=headers, timeout=30).json()
            text = again.log_text()
    assert (ended["state"], ended["completed"], ended["error"]) == ("done", 2, None)
    assert listed["total"] == 2
    assert len(calls) == 2
    assert STUDY not in text
