"""Sending on, when the peer ends associations."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from support.instances import make_instance, write_part10
from support.node import wait_for
from support.peers import require

from radnode.dimse.scu import Caller, CallFailed, Sent, echo, send
from radnode.settings import Peer

CT = "1.2.840.10008.5.1.4.1.1.2"


@contextmanager
def peer(store: Callable[[Any], int], accept: Callable[[Any], object] = lambda _: None) -> Iterator[Peer]:
    ae = AE("ODD")
    ae.add_supported_context(CT)
    handlers: list[Any] = [(evt.EVT_C_STORE, store), (evt.EVT_REQUESTED, accept)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield Peer(title="ODD", host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()


@contextmanager
def aborting(bad: Iterable[str], *, associations: int = 100) -> Iterator[tuple[Peer, list[str]]]:
    """A peer that aborts at files with these names and accepts so many associations, and the names it was sent."""
    seen: list[str] = []
    accepted: list[object] = []

    def store(event: Any) -> int:
        seen.append(event.request.AffectedSOPInstanceUID.rpartition(".")[2])
        if seen[-1] in bad:
            event.assoc.abort()
        return 0

    def accept(event: Any) -> None:
        accepted.append(event)
        if len(accepted) > associations:
            event.assoc.ae.require_calling_aet = ["NOBODY"]

    with peer(store, accept) as found:
        yield found, seen


def files(folder: Path, count: int) -> list[Path]:
    names = [f"{number:02}" for number in range(10, 10 + count)]
    return [write_part10(make_instance(SOPInstanceUID=f"1.2.3.{name}"), folder / name) for name in names]


def names(sent: Sequence[Sent], *, stored: bool) -> list[str]:
    return [one.path.name for one in sent if one.is_stored is stored]


def test_a_file_at_which_the_peer_aborts_fails_alone(tmp_path: Path) -> None:
    with aborting({"10", "12", "15"}) as (odd, _):
        sent = list(send(odd, Caller(), files(tmp_path, 6)))
    assert names(sent, stored=True) == ["11", "13", "14"]
    assert names(sent, stored=False) == ["10", "12", "15"]
    assert {(one.status, one.comment) for one in sent if not one.is_stored} == {
        (None, "ODD: the peer aborted the association")
    }


def test_a_peer_that_aborts_at_every_file_is_not_tried_with_all_of_them(tmp_path: Path) -> None:
    with aborting({str(number) for number in range(11, 99)}) as (odd, seen):
        sent = list(send(odd, Caller(), files(tmp_path, 9)))
    assert names(sent, stored=True) == ["10"]
    assert len(sent) == 9
    assert [one.comment.startswith("not tried: ") for one in sent] == [False] * 6 + [True] * 3
    assert set(seen) == {str(number) for number in range(10, 16)}


def test_a_peer_that_takes_no_other_association_leaves_the_rest_told_as_not_sent(tmp_path: Path) -> None:
    with aborting({"11"}, associations=1) as (odd, _):
        sent = list(send(odd, Caller(), files(tmp_path, 4)))
        assert names(sent, stored=True) == ["10"]
        assert names(sent, stored=False) == ["11", "12", "13"]
        assert all("calling AE title not recognised" in one.comment for one in sent[1:])
        with pytest.raises(CallFailed, match="calling AE title not recognised"):
            list(send(odd, Caller(), files(tmp_path, 1)))


def test_a_silent_peer_is_waited_for_once(tmp_path: Path) -> None:
    over = threading.Event()

    def store(_: object) -> int:
        over.wait(30)
        return 0

    with peer(store) as silent:
        sent = list(send(silent, Caller(timeout=1), files(tmp_path, 3)))
        over.set()
    assert [one.status for one in sent] == [None] * 3
    assert [one.comment.startswith("not tried: ") for one in sent] == [False, True, True]


def test_dcmqrscp_aborts_at_a_data_set_that_is_cut_off_and_has_the_others(tmp_path: Path) -> None:
    require("dcmqrscp")
    paths = files(tmp_path, 3)
    paths[1].write_bytes(paths[1].read_bytes()[:-100])
    (tmp_path / "db").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = tmp_path / "dcmqrscp.cfg"
    configuration.write_text(
        "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQR {tmp_path / 'db'} RW (10, 10mb) ANY\nAETable END\n"
    )
    with subprocess.Popen(["dcmqrscp", "-c", configuration, str(port)]) as process:
        there = Peer(title="QR", host="127.0.0.1", port=port)
        wait_for(lambda: answers(there), what="dcmqrscp", alive=lambda: process.poll() is None)
        sent = list(send(there, Caller(), paths))
        process.terminate()
    assert names(sent, stored=True) == ["10", "12"]
    assert names(sent, stored=False) == ["11"]


def answers(there: Peer) -> bool:
    try:
        return echo(there, Caller()).status == 0
    except CallFailed:
        return False
