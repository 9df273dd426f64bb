"""Several worker processes on one listening socket, one archive and one limit."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.dimse_server import IMPLICIT, proposals, wait_until
from support.instances import make_instance, write_part10

from radnode.archive.archive import Archive
from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.scu import Caller, send
from radnode.dimse.upper.requesting import Address, Rejected, associate
from radnode.settings import Peer

WORKER = """
import signal, socket, sys, threading
from pathlib import Path
from radnode.archive.archive import Archive
from radnode.dimse.providers import providers
from radnode.dimse.server import DicomServer
from radnode.dimse.slots import Slots
from radnode.dimse.upper.listener import Door
from radnode.settings import DicomSettings, Settings
from radnode.work.work_file import WorkFile

root, listening = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
settings = Settings(dicom=DicomSettings(max_associations=3))
with Archive.open(root) as archive, WorkFile.open(archive.layout.work) as work:
    services = providers(archive, work, settings)
    server = DicomServer(services, settings, [Door(listening)], Slots(root / ".radnode" / "slots", 3))
    print("ready", flush=True)
    server.run(stop)
"""
ECHO = proposals((VERIFICATION, (IMPLICIT,)))


@contextmanager
def workers(root: Path, count: int) -> Iterator[tuple[int, list[subprocess.Popen[str]]]]:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        command = [sys.executable, "-c", WORKER, str(root), str(listening.fileno())]
        started = [
            stack.enter_context(
                subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[listening.fileno()]
                )
            )
            for _ in range(count)
        ]
        for worker in started:
            stack.callback(worker.kill)
        for worker in started:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        yield listening.getsockname()[1], started


def is_rejected(port: int) -> bool:
    try:
        with associate(Address("127.0.0.1", port, "RADNODE", "TESTS"), ECHO):
            return False
    except Rejected:
        return True


def test_workers_share_socket_limit_and_archive_and_survive_each_other(tmp_path: Path) -> None:
    root, folder = tmp_path / "archive", tmp_path / "files"
    folder.mkdir()
    for number in range(10):
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"), folder / f"{number}.dcm")
    with workers(root, 2) as (port, (one, other)):
        with ExitStack() as held:
            for _ in range(3):
                held.enter_context(associate(Address("127.0.0.1", port, "RADNODE", "TESTS"), ECHO))
            assert all(is_rejected(port) for _ in range(4))
        wait_until(lambda: not is_rejected(port))
        one.kill()
        one.wait()
        peer = Peer(title="RADNODE", host="127.0.0.1", port=port)
        assert all(sent.is_stored for sent in send(peer, Caller(), sorted(folder.iterdir())))
        other.send_signal(signal.SIGTERM)
        assert other.wait(15) == 0
    with Archive.open(root) as archive:
        assert len(list((archive.layout.root / "studies").rglob("*.dcm"))) == 10
