"""A DICOM worker: the DICOM server of one process, over the archive."""

import threading
from collections.abc import Sequence
from contextlib import nullcontext

from radnode.archive.archive import Archive
from radnode.cli.worker import Post
from radnode.dimse.learning import Learning, record_of
from radnode.dimse.server import DicomServer, Patience
from radnode.dimse.slots import Slots
from radnode.dimse.upper.listener import Door
from radnode.settings import Settings


def serve_dicom(doors: Sequence[Door], settings: Settings, post: Post, stop: threading.Event) -> None:
    """Serve until `stop` is set and what is in flight has ended."""
    archive = Archive.open(settings.archive.root)
    slots = Slots.of(settings.dicom, settings.archive.root / ".radnode" / "associations.slots")
    patience = Patience(request=settings.dicom.request_timeout)
    learning = Learning(record_of(settings.archive.root)) if settings.dicom.learn else None
    try:
        with learning or nullcontext():
            server = DicomServer(archive, settings, doors, slots, patience=patience, learning=learning)
            post.say_ready()
            server.run(stop)
    finally:
        slots.close()
        archive.close()
