"""A whole node that sends on what it receives, killed with `kill -9` at the worst moments."""

import json
import threading
from collections import Counter
from pathlib import Path

from support.inbox import Inbox, peer_at, receiving
from support.instances import make_instance, write_part10
from support.killing import kill_everything
from support.node import Node, wait_for
from support.peers import free_port

from radnode.dimse.scu import Caller, send
from radnode.work.queue import State
from radnode.work.queue_view import Selection, items
from radnode.work.work_file import WorkFile

CALLER = Caller("CT01")


def options(port: int) -> list[str]:
    peers = [{"title": "PACS", "host": "127.0.0.1", "port": port}, {"title": "CT01", "host": "127.0.0.1", "port": 104}]
    rules = [{"name": "all", "from": ["CT*"], "to": ["PACS"], "modality": ["CT"]}]
    words = ["--peers", json.dumps(peers), "--rules", json.dumps(rules), "--dicom.workers", "1"]
    return [*words, "--queue.first_delay", "0.05", "--queue.longest_delay", "0.2"]


def push(node: Node, folder: Path, numbers: range) -> list[str]:
    """The SOP Instance UIDs of objects that the node has acknowledged."""
    names = [f"1.2.3.{number}" for number in numbers]
    files = [write_part10(make_instance(SOPInstanceUID=name), folder / name) for name in names]
    assert [sent.status for sent in send(peer_at(node.dicom_port), CALLER, files)] == [0] * len(names)
    return names


def is_done(root: Path, count: int) -> bool:
    with WorkFile.open(root / ".radnode" / "work.sqlite") as work:
        return [item.state for item in items(work, Selection(), limit=1000)] == [State.DONE] * count


def test_everything_arrives_once_though_its_destination_was_down_and_the_node_was_killed(tmp_path: Path) -> None:
    port, inbox, root = free_port(), Inbox(), tmp_path / "store"
    node = Node(root, *options(port)).start()
    try:
        names = push(node, tmp_path, range(1, 21))
        wait_for(lambda: "destination_left_alone" in node.log_text(), what="the first try")
        kill_everything(node)
        node = Node(root, *options(port)).start()
        names += push(node, tmp_path, range(21, 31))
        push(node, tmp_path, range(1, 11))  # the same once more, as senders do that are not sure
        with receiving(inbox, port, "PACS"):
            wait_for(lambda: is_done(root, 30), what="everything sent")
        assert node.stop() == 0
    finally:
        node.__exit__(None, None, None)
    assert Counter(inbox.came) == dict.fromkeys(names, 1)


def test_a_kill_in_the_middle_of_sending_repeats_only_the_object_that_was_on_its_way(tmp_path: Path) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def heed(name: str) -> None:
        if name == "1.2.3.8" and not arrived.is_set():
            arrived.set()
            go_on.wait(30)

    port, inbox, root = free_port(), Inbox(heed=heed), tmp_path / "store"
    node = Node(root, *options(port)).start()
    try:
        with receiving(inbox, port, "PACS"):
            names = push(node, tmp_path, range(1, 21))
            wait_for(arrived.is_set, what="the eighth object")
            kill_everything(node)
            go_on.set()
            node = Node(root, *options(port)).start()
            wait_for(lambda: is_done(root, 20), what="everything sent")
            assert node.stop() == 0
    finally:
        go_on.set()
        node.__exit__(None, None, None)
    assert Counter(inbox.came) == {**dict.fromkeys(names, 1), "1.2.3.8": 2}
