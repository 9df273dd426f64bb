"""How a node stops while an object is arriving, and what it does without a standard output."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.dimse_server import stream
from support.instances import INSTANCE, encode_dataset, make_instance
from support.node import COMMAND, Node, environment, wait_for

from radnode.dimse.scu import Caller, echo
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import ConnectionLost, PeerAborted
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.settings import Peer

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
ALONE = ("--only", "dicom", "--dicom.workers", "1")


def store(requested: Requested, meanwhile: Callable[[], object]) -> int:
    """The status of a C-STORE, in the middle of whose data set something else is done."""
    data = encode_dataset(make_instance())

    def chunks() -> Iterator[bytes]:
        yield from (data[:100], data[100:200], data[200:300])
        meanwhile()
        yield data[300:]

    elements: dict[int, int | str] = {
        Element.SOP_CLASS: CT,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: 1,
        Element.PRIORITY: 0,
        Element.SOP_INSTANCE: INSTANCE,
    }
    stream(requested, elements, chunks())
    return requested.response(Field.C_STORE, 1).number(Element.STATUS)


def terminate(node: Node, times: int) -> None:
    """Send SIGTERM, and wait until the node has heard it so many times in all."""
    assert node.process is not None
    node.process.send_signal(signal.SIGTERM)
    wait_for(lambda: node.log_text().count('"signal": "SIGTERM"') == times, what="the signal", alive=node.is_alive)


def test_what_is_in_flight_is_finished_and_the_exit_code_is_0(tmp_path: Path) -> None:
    with Node(tmp_path / "store", *ALONE) as node:
        address = Address("127.0.0.1", node.dicom_port, "RADNODE", "TESTS")
        try:
            with associate(address, [ProposedContext(1, CT, (EXPLICIT,))]) as requested:
                assert store(requested, lambda: terminate(node, 1)) == 0
        except (ConnectionLost, PeerAborted):
            pass  # the object is acknowledged; the node need not wait for the release
        assert node.wait() == 0
    assert list((tmp_path / "store" / "studies").rglob("*.dcm"))


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with Node(tmp_path / "store", *ALONE) as node:
        address = Address("127.0.0.1", node.dicom_port, "RADNODE", "TESTS")

        def twice() -> None:
            terminate(node, 1)
            assert node.is_alive()
            assert node.process is not None
            node.process.send_signal(signal.SIGTERM)
            assert node.wait() == 1

        with pytest.raises(ConnectionLost), associate(address, [ProposedContext(1, CT, (EXPLICIT,))]) as requested:
            store(requested, twice)
    assert not list((tmp_path / "store" / "studies").rglob("*.dcm"))


@pytest.mark.parametrize("where", [">&-", "> /dev/full"])
def test_it_serves_where_it_can_print_nothing(tmp_path: Path, where: str) -> None:
    root = tmp_path / "store"
    command = [*COMMAND, "serve", "--archive.root", str(root), "--dicom.port", "0", *ALONE]
    shell = ["sh", "-c", f'exec "$@" {where}', "sh", *command]
    with subprocess.Popen(shell, stderr=subprocess.DEVNULL, cwd=tmp_path, env=environment()) as process:
        node = Node(root)
        wait_for(node.ready, what="ready", alive=lambda: process.poll() is None)
        assert echo(Peer(title="RADNODE", host="127.0.0.1", port=node.dicom_port), Caller()).status == 0
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0
