"""Sending on to other people's programs."""

import time
from pathlib import Path

from pydicom import dcmread
from support.archives import dataset_bytes, make_archive, store_file
from support.destinations import storescp
from support.errands import run_by_courier
from support.inbox import peer_at
from support.instances import bundled
from support.node import wait_for

from radnode.dimse.delivery.delivery import Delivery
from radnode.settings import Settings
from radnode.work.queue import Order, Queue, State
from radnode.work.queue_view import Selection, items
from radnode.work.work_file import WorkFile


def test_what_is_sent_on_to_storescp_is_what_was_stored(tmp_path: Path) -> None:
    received = tmp_path / "received"
    with storescp(received, "STORESCP", "+xa") as port, make_archive(tmp_path / "archive") as archive:
        peer = peer_at(port, "STORESCP")
        stored = [store_file(archive, bundled(name).read_bytes()) for name in ("CT_small.dcm", "JPEG2000.dcm")]
        with WorkFile.open(archive.layout.work) as work:
            orders = [Order(one.path, one.header.sop_instance, peer.title) for one in stored]
            Queue(work).enqueue(orders, time.time(), again=False)
            with run_by_courier(Delivery(archive, work, Settings(peers=(peer,)))):
                wait_for(
                    lambda: {item.state for item in items(work, Selection(), 9)} == {State.DONE}, what="everything sent"
                )
        came = {str(dcmread(path).SOPInstanceUID): dataset_bytes(path) for path in received.iterdir()}
        assert came == {one.header.sop_instance: dataset_bytes(archive.locate(one.path)) for one in stored}
