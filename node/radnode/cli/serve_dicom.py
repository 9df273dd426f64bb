"""A DICOM worker: the DICOM server of one process, over the archive."""

import threading

from radnode.archive.archive import Archive
from radnode.cli.worker import Post
from radnode.dimse.server import DicomServer, Patience
from radnode.dimse.slots import Slots
from radnode.settings import Settings


def serve_dicom(settings: Settings, post: Post, stop: threading.Event) -> None:
    """Serve until `stop` is set and what is in flight has ended."""
    assert post.listening is not None
    archive = Archive.open(settings.archive.root)
    slots = Slots.of(settings.dicom, settings.archive.root / ".radnode" / "associations.slots")
    try:
        patience = Patience(request=settings.dicom.request_timeout)
        server = DicomServer(archive, settings.dicom, settings.peers, post.listening, slots, patience=patience)
        post.say_ready()
        server.run(stop)
    finally:
        slots.close()
        archive.close()
