"""A DICOM server of this process on a free port of the loopback, and small things that its tests need."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from support.node import wait_for

from radnode.archive.archive import Archive
from radnode.dimse.credentials import Credentials
from radnode.dimse.learning import Learning
from radnode.dimse.providers import providers
from radnode.dimse.server import DicomServer, Patience
from radnode.dimse.slots import Slots
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.endings import Ending
from radnode.dimse.upper.listener import Door
from radnode.dimse.upper.pdu import encode_data, encode_fragment
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.settings import DicomSettings, Peer, Settings
from radnode.work.work_file import WorkFile

TITLE = "RADNODE"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
CT = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True)
class Running:
    """A server that runs; `stop` asks it to end, `thread` is where it runs. Its second port is there with TLS only."""

    port: int
    stop: threading.Event
    thread: threading.Thread
    server: DicomServer
    work: WorkFile
    tls_port: int = 0

    @property
    def is_stopping(self) -> bool:
        """Whether it has taken note that it is to stop."""
        return self.server._stopping.deadline is not None

    def counted(self, name: str) -> dict[str, float]:
        """A counter's values by the words of its one label."""
        samples = [sample for metric in getattr(self.server._node.metrics, name).collect() for sample in metric.samples]
        return {next(iter(one.labels.values())): one.value for one in samples if one.name.endswith("_total")}


@contextmanager
def running(
    archive: Any,
    *,
    dicom: DicomSettings | None = None,
    peers: tuple[Peer, ...] = (),
    patience: Patience | None = None,
    slots: Path | None = None,
    credentials: Credentials | None = None,
    learning: Learning | None = None,
    settings: Settings | None = None,
    port: int = 0,
    transcoder: Transcoder | None = None,
) -> Iterator[Running]:
    """Serve `archive` while the block runs, then stop and see that every thread has ended.

    The work file lies beside the archive, or goes with the block where the archive is a stand-in.
    Of `settings` the sections count that have no parameter of their own here.
    """
    dicom = dicom or DicomSettings()
    doors = [Door(socket.create_server(("127.0.0.1", port)))]
    if credentials is not None:
        doors.append(Door(socket.create_server(("127.0.0.1", 0)), credentials.connect))
    ports = [door.listening.getsockname()[1] for door in doors]
    with TemporaryDirectory() as folder, WorkFile.open(_work_of(archive, folder)) as work:
        places = Slots.of(dicom, slots or Path(folder) / "slots")
        patience = patience or Patience(request=5, grace=5)
        whole = (settings or Settings()).model_copy(update={"dicom": dicom, "peers": peers})
        services = providers(cast("Any", archive), work, whole, transcoder)
        server = DicomServer(services, whole, doors, places, patience=patience, learning=learning)
        stop = threading.Event()
        thread = threading.Thread(target=server.run, args=(stop,))
        thread.start()
        try:
            yield Running(ports[0], stop, thread, server, work, ports[-1])
        finally:
            stop.set()
            thread.join(30)
            places.close()
        assert not thread.is_alive()


def _work_of(archive: Any, folder: str) -> Path:
    return archive.layout.work if isinstance(archive, Archive) else Path(folder) / "work.sqlite"


def peer_of(server: Running, title: str = TITLE) -> Peer:
    """The server as a peer to call."""
    return Peer(title=title, host="127.0.0.1", port=server.port)


def address_of(server: Running, called: str = TITLE, calling: str = "TESTS") -> Address:
    """The server as an address to associate with."""
    return Address("127.0.0.1", server.port, called, calling)


def proposals(*contexts: tuple[str, tuple[str, ...]]) -> list[ProposedContext]:
    """Presentation contexts with the IDs 1, 3, 5..."""
    return [ProposedContext(1 + 2 * place, *context) for place, context in enumerate(contexts)]


@contextmanager
def doomed(server: Running, contexts: list[ProposedContext]) -> Iterator[Requested]:
    """An association that the block expects to be ended otherwise than by our release."""
    with suppress(Ending), associate(address_of(server), contexts) as requested:
        yield requested


def store_command(sop_instance: str, sop_class: str = CT, message_id: int = 1) -> dict[int, int | str]:
    """The command set of a C-STORE-RQ."""
    return {
        Element.SOP_CLASS: sop_class,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 0,
        Element.SOP_INSTANCE: sop_instance,
    }


def stream(requested: Requested, elements: Mapping[int, int | str], chunks: Iterable[bytes]) -> None:
    """Send a message under context 1 whose data set comes in chunks, each of which goes as one PDU."""

    def say(data: bytes) -> None:
        requested.messages.connection.send(data, time.monotonic() + 30)

    say(encode_data(1, encode_command({**elements, Element.DATA_SET_TYPE: 1}), 0, is_command=True))
    held = b""
    for chunk in chunks:
        if held:
            say(encode_fragment(1, held, is_last=False))
        held = chunk
    say(encode_fragment(1, held, is_last=True))


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return as soon as `condition` holds; fail after `seconds`."""
    wait_for(condition, what="the condition", deadline=seconds)
