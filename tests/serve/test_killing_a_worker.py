"""`kill -9` of one DICOM worker while objects are pushed."""

import os
import signal
import threading
from pathlib import Path

from pydicom.uid import generate_uid
from support.dimse_server import CT, EXPLICIT, proposals, store_command
from support.instances import encode_dataset, make_instance
from support.killing import assert_all_there
from support.node import Node, wait_for

from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import Ending
from radnode.dimse.upper.requesting import Address, associate

EACH = 60


class Sender(threading.Thread):
    """Sends new objects of one study over one association."""

    def __init__(self, port: int, study: str) -> None:
        super().__init__()
        self._address, self._study = Address("127.0.0.1", port, "RADNODE", "SENDER"), study
        self.acknowledged: set[str] = set()
        self.start()

    def run(self) -> None:
        series = generate_uid()
        try:
            with associate(self._address, proposals((CT, (EXPLICIT,))), timeout=30) as requested:
                for _ in range(EACH):
                    uid = generate_uid()
                    made = make_instance(StudyInstanceUID=self._study, SeriesInstanceUID=series, SOPInstanceUID=uid)
                    requested.messages.send(1, store_command(uid), encode_dataset(made))
                    if requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0:
                        self.acknowledged.add(uid)
        except Ending:
            return  # it was the killed worker's


def test_the_others_go_on_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    study = generate_uid()
    with Node(tmp_path / "store", "--dicom.workers", "2") as node:
        senders = [Sender(node.dicom_port, study) for _ in range(4)]
        wait_for(lambda: all(len(one.acknowledged) > 5 for one in senders), what="all are sending", alive=node.is_alive)
        killed = next(pid for pid, name in node.children().items() if name == "dicom-1")
        os.kill(killed, signal.SIGKILL)
        for sender in senders:
            sender.join(60)
        whole = [len(one.acknowledged) == EACH for one in senders]
        assert any(whole)
        assert not all(whole)
        workers = ("dicom-1", "dicom-2")
        wait_for(lambda: set(workers) <= set(node.children().values()), what="both workers", alive=node.is_alive)
        later = [Sender(node.dicom_port, study) for _ in range(4)]
        for sender in later:
            sender.join(60)
        assert all(len(one.acknowledged) == EACH for one in later)
        assert_all_there(node, {study: set().union(*(one.acknowledged for one in [*senders, *later]))})
        assert node.stop() == 0
    assert [event["child"] for event in node.events() if event["event"] == "child_died"] == ["dicom-1"]
