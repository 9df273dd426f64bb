"""A DICOM worker: the DICOM server of one process, over the archive."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout
from radnode.cli.worker import Post
from radnode.dimse.learning import Learning, record_of
from radnode.dimse.providers import providers
from radnode.dimse.server import DicomServer, Patience
from radnode.dimse.slots import Slots
from radnode.dimse.upper.listener import Door
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.settings import Settings
from radnode.work.work_file import WorkFile


def serve_dicom(doors: Sequence[Door], settings: Settings, post: Post, stop: threading.Event) -> None:
    """Serve until `stop` is set and what is in flight has ended."""
    root = settings.archive.root
    patience = Patience(request=settings.dicom.request_timeout)
    learning = Learning(record_of(root)) if settings.dicom.learn else None
    with ExitStack() as stack:
        archive = stack.enter_context(Archive.open(root))
        work = stack.enter_context(WorkFile.for_serving(Layout(root).work))
        slots = Slots.of(settings.dicom, root / ".radnode" / "associations.slots")
        stack.callback(slots.close)
        stack.enter_context(learning or nullcontext())
        transcoder = Transcoder(settings.transcoding.processes, settings.transcoding.timeout)
        stack.callback(transcoder.close)
        services = providers(archive, work, settings, transcoder)
        server = DicomServer(services, settings, doors, slots, patience=patience, learning=learning)
        post.say_ready()
        server.run(stop)
