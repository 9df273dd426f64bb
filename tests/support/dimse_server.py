"""A DICOM server of this process on a free port of the loopback, and small things that its tests need."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from radnode.dimse.server import DicomServer, Patience
from radnode.dimse.slots import Slots
from radnode.settings import DicomSettings, Peer

TITLE = "RADNODE"


@dataclass(frozen=True)
class Running:
    """A server that runs; `stop` asks it to end, `thread` is where it runs."""

    port: int
    stop: threading.Event
    thread: threading.Thread


@contextmanager
def running(
    archive: Any,
    *,
    dicom: DicomSettings | None = None,
    peers: tuple[Peer, ...] = (),
    patience: Patience = Patience(request=5, grace=5),
    slots: Path | None = None,
) -> Iterator[Running]:
    """Serve `archive` while the block runs, then stop and see that every thread has ended."""
    dicom = dicom or DicomSettings()
    listening = socket.create_server(("127.0.0.1", 0))
    with TemporaryDirectory() as folder:
        places = Slots(slots or Path(folder) / "slots", dicom.max_associations)
        server = DicomServer(cast("Any", archive), dicom, peers, listening, places, patience=patience)
        stop = threading.Event()
        thread = threading.Thread(target=server.run, args=(stop,))
        port = listening.getsockname()[1]
        thread.start()
        try:
            yield Running(port, stop, thread)
        finally:
            stop.set()
            thread.join(30)
            places.close()
        assert not thread.is_alive()


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return as soon as `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        pause.wait(0.005)
