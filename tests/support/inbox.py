"""Destinations of what is sent on: what they were sent, in which order, and how often."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.dimse_server import Running, running
from support.fake_archive import FakeArchive, FakeReceiving, FakeStored

from radnode.settings import DicomSettings, Peer


@dataclass
class Inbox(FakeArchive):
    """Notes each object that comes; `heed` is called before it is answered, and may raise what the answer is to be."""

    heed: Callable[[str], object] = lambda _: None
    came: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def receive(self, transfer_syntax: str, *, sop_class: str, sop_instance: str, limit: int = 0) -> FakeReceiving:
        return _Noting(self, sop_instance)


class _Noting(FakeReceiving):
    archive: Inbox

    def commit(self) -> FakeStored:
        with self.archive.lock:
            self.archive.came.append(self.sop_instance)
        self.archive.heed(self.sop_instance)
        return super().commit()


def peer_at(port: int, title: str = "RADNODE") -> Peer:
    """Whoever listens there, by that name."""
    return Peer(title=title, host="127.0.0.1", port=port)


@contextmanager
def receiving(inbox: Inbox, port: int, title: str = "RADNODE") -> Iterator[Running]:
    """The destination is up while the block runs."""
    with running(inbox, port=port, dicom=DicomSettings(ae_title=title)) as server:
        yield server
