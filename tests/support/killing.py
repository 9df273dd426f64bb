"""Killing the whole node while objects are pushed into it, and seeing that nothing acknowledged is lost."""

import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import requests
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from support.instances import make_instance
from support.node import Node, descendants, radnode, wait_for
from support.pynet import steady

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


@dataclass
class Push:
    """Senders that push new instances until the node is gone, and what was acknowledged to them with 0000."""

    port: int
    total: int
    study: str = field(default_factory=generate_uid)
    acknowledged: set[str] = field(default_factory=set)
    senders: int = 2

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._send) for _ in range(self.senders)]

    def start(self) -> "Push":
        for thread in self._threads:
            thread.start()
        return self

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _send(self) -> None:
        ae = AE(ae_title="SENDER")
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 5  # it does not always notice that the node is gone
        ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = steady(ae.associate("127.0.0.1", self.port, ae_title="RADNODE"))
        connection = connection_of(association)
        try:
            self._send_over(association)
        finally:
            # It forgets the socket without closing it where the node dies at the wrong moment.
            association.kill()
            association.join()
            if connection is not None:
                connection.close()

    def _send_over(self, association: Association) -> None:
        series = generate_uid()
        for _ in range(self.total // self.senders):
            instance = self._instance(series)
            if not association.is_established:
                return
            try:
                status = association.send_c_store(instance)
            except RuntimeError:  # the association ended between the question and the sending
                return
            if status and status.Status == 0:
                self.acknowledged.add(str(instance.SOPInstanceUID))
        association.release()

    def _instance(self, series: str) -> Dataset:
        return make_instance(
            StudyInstanceUID=self.study,
            SeriesInstanceUID=series,
            SOPInstanceUID=generate_uid(),
            PixelData=os.urandom(2 * 16 * 12),
        )


def connection_of(association: Association) -> socket.socket | None:
    """The socket below an association, which is the caller's to close; None where there is none any more."""
    below = association.dul.socket
    found: socket.socket | None = below.socket if below is not None else None
    return found


def kill_everything(node: Node) -> None:
    """`kill -9` of the supervisor and every process below it, in no order."""
    assert node.process is not None
    pids = [node.process.pid, *descendants(node.process.pid)]
    random.shuffle(pids)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    node.wait()


def rounds(root: Path, *, count: int, instances: int, tell: Callable[[str], None] = lambda _: None) -> int:
    """So many times: push, kill at a random moment, restart, and look for everything that was ever acknowledged.

    Gives the number of instances that were: at least one a round, or the round has shown nothing.
    """
    acknowledged: dict[str, set[str]] = {}
    node = Node(root, "--dicom.workers", "2").start()
    try:
        for number in range(1, count + 1):
            push = Push(node.dicom_port, instances).start()
            moment = random.randrange(1, max(2, instances * 3 // 4))
            wait_for(lambda: len(push.acknowledged) >= moment or not push.is_running, what="acknowledgements")  # noqa: B023
            kill_everything(node)
            push.wait()
            assert push.acknowledged, "the push ended before anything was acknowledged"
            acknowledged[push.study] = push.acknowledged
            node = Node(root, "--dicom.workers", "2").start()
            tell(f"round {number}: killed after {len(push.acknowledged)} of {instances} acknowledged")
            assert_all_there(node, acknowledged)
        assert node.stop() == 0
        assert not list(unfinished(root))
        return sum(map(len, acknowledged.values()))
    finally:
        node.__exit__(None, None, None)


def assert_all_there(node: Node, acknowledged: dict[str, set[str]]) -> None:
    """Everything acknowledged is found by C-FIND and by list, lies on disk under its digest, and the check is clean."""
    wanted = set().union(*acknowledged.values())
    found = {uid for study in acknowledged for uid in found_by_query(node.dicom_port, study)}
    assert wanted <= found, f"{len(wanted - found)} are not found"
    on_disk = set()
    for path in listed(node):
        file = node.root / path
        instance = dcmread(file)
        on_disk.add(str(instance.SOPInstanceUID))
        assert file.stem == name_of(file, str(instance.file_meta.TransferSyntaxUID)), path
    assert wanted <= on_disk
    assert not list(unfinished(node.root))
    check = radnode("check", "--archive.root", str(node.root), folder=node.root.parent)
    assert check.returncode == 0, check.stdout + check.stderr


def found_by_query(port: int, study: str) -> Iterator[str]:
    """SOP Instance UIDs that a C-FIND at IMAGE level gives for a study."""
    ae = AE(ae_title="FINDER")
    ae.add_requested_context(STUDY_ROOT_FIND)
    association = steady(ae.associate("127.0.0.1", port, ae_title="RADNODE"))
    assert association.is_established
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID = study
    query.SeriesInstanceUID = ""
    query.SOPInstanceUID = ""
    for status, identifier in association.send_c_find(query, STUDY_ROOT_FIND):
        assert status.Status in {0x0000, 0xFF00, 0xFF01}
        if identifier is not None:
            yield str(identifier.SOPInstanceUID)
    association.release()


def listed(node: Node) -> Iterator[str]:
    """The paths of all files, by the REST API's list."""
    headers = {"Authorization": f"Bearer {node.token('dicom:read')}"}
    cursor = None
    while True:
        wanted = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
        page = requests.get(f"{node.url}/api/dicom/list", params=wanted, headers=headers, timeout=60).json()
        yield from (row["file_path"] for row in page["files"])
        cursor = page["next"]
        if cursor is None:
            return


def name_of(file: Path, transfer_syntax: str) -> str:
    """The name that the contract gives to a stored file: 32 digits of SHA-256 over transfer syntax and data set."""
    content = file.read_bytes()
    length_of_meta = int.from_bytes(content[140:144], "little")
    return sha256(transfer_syntax.encode() + content[144 + length_of_meta :]).hexdigest()[:32]


def unfinished(root: Path) -> Iterator[Path]:
    """Temporary files: whatever is in incoming/ but the locks of those that are alive."""
    incoming = root / ".radnode" / "incoming"
    return (file for file in incoming.rglob("*") if file.is_file() and file.suffix != ".lock")
