"""Memory while a large object comes in. The long form, 2 GB, is `scripts/hostile --large 2048`."""

from pathlib import Path

from benchmarks.large import BOUND, MULTI_FRAME, stream_large
from support.node import Node

from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Address, associate

SIZE = 200 << 20


def test_every_process_stays_small_while_a_large_object_comes_in(tmp_path: Path) -> None:
    with Node(tmp_path / "store", "--dicom.workers", "1") as node:
        address = Address("127.0.0.1", node.dicom_port, "RADNODE", "LARGE")
        context = ProposedContext(1, MULTI_FRAME, ("1.2.840.10008.1.2.1",))
        with associate(address, [context], timeout=60) as requested:
            stream_large(requested, SIZE)
            assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
        peaks = {name: peak_of(pid) for pid, name in node.children().items()}
    assert peaks["dicom-1"] > 10 << 20
    assert {name: peak for name, peak in peaks.items() if peak >= BOUND} == {}
    (stored,) = (tmp_path / "store" / "studies").rglob("*.dcm")
    assert stored.stat().st_size > SIZE


def peak_of(pid: int) -> int:
    """The most bytes that a process has ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
