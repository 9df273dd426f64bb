"""Sending on to other people's programs."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread
from support.archives import dataset_bytes, make_archive, store_file
from support.inbox import free_port
from support.instances import bundled
from support.node import wait_for
from support.peers import require

from radnode.dimse.delivery.delivery import Delivery
from radnode.dimse.scu import Caller, CallFailed, echo
from radnode.settings import Peer, Settings
from radnode.work.queue import Order, Queue, State
from radnode.work.queue_view import Selection, items
from radnode.work.work_file import WorkFile


@contextmanager
def storescp(folder: Path) -> Iterator[Peer]:
    folder.mkdir()
    peer = Peer(title="STORESCP", host="127.0.0.1", port=free_port())
    words = [require("storescp"), "-od", str(folder), "-aet", peer.title, "+xa", "+B", str(peer.port)]
    process = subprocess.Popen(words, env={**os.environ, "TCP_NODELAY": "1"})

    def answers() -> bool:
        try:
            return echo(peer, Caller()).status == 0
        except CallFailed:
            return False

    try:
        wait_for(answers, what="storescp", alive=lambda: process.poll() is None)
        yield peer
    finally:
        process.terminate()
        process.wait()


def test_what_is_sent_on_to_storescp_is_what_was_stored(tmp_path: Path) -> None:
    stop, received = threading.Event(), tmp_path / "received"
    with storescp(received) as peer, make_archive(tmp_path / "archive") as archive:
        stored = [store_file(archive, bundled(name).read_bytes()) for name in ("CT_small.dcm", "JPEG2000.dcm")]
        with WorkFile.open(archive.layout.work) as work:
            orders = [Order(one.path, one.header.sop_instance, peer.title) for one in stored]
            Queue(work).enqueue(orders, time.time(), again=False)
            thread = threading.Thread(target=Delivery(archive, work, Settings(peers=(peer,))).run, args=(stop,))
            thread.start()
            try:
                wait_for(
                    lambda: {item.state for item in items(work, Selection(), 9)} == {State.DONE}, what="everything sent"
                )
            finally:
                stop.set()
                thread.join(20)
        came = {str(dcmread(path).SOPInstanceUID): dataset_bytes(path) for path in received.iterdir()}
        assert came == {one.header.sop_instance: dataset_bytes(archive.locate(one.path)) for one in stored}
