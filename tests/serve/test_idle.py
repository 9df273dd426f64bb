"""What a node costs while nobody wants anything."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

from support.dimse_server import IMPLICIT, proposals
from support.node import Node

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.upper.requesting import Address, associate

WATCHED = 2.0


def test_two_hundred_idle_associations_cost_less_than_a_hundredth_of_a_core(tmp_path: Path) -> None:
    with Node(tmp_path / "store", "--dicom.workers", "2") as node, ExitStack() as associations:
        address = Address("127.0.0.1", node.dicom_port, "RADNODE", "IDLE")
        for _ in range(200):
            associations.enter_context(associate(address, proposals((VERIFICATION, (IMPLICIT,)))))
        workers = [pid for pid, name in node.children().items() if name.startswith("dicom-")]
        before, began = cpu_seconds(workers), time.monotonic()
        time.sleep(WATCHED)  # nothing is waited for: this is what is measured
        used, watched = cpu_seconds(workers) - before, time.monotonic() - began
        associations.close()
    assert used <= 0.01 * watched + 0.01  # the clock's tick


def cpu_seconds(pids: list[int]) -> float:
    """What the processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")
