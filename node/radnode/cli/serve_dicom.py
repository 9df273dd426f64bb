"""A DICOM worker: the DICOM server of one process, over the archive."""

import os
import socket
import threading

from radnode.archive.archive import Archive
from radnode.cli.orders import Orders
from radnode.dimse.server import DicomServer
from radnode.dimse.slots import Slots


def serve_dicom(orders: Orders, listening: socket.socket, stop: threading.Event) -> None:
    """Serve until `stop` is set and what is in flight has ended."""
    settings = orders.settings
    archive = Archive.open(settings.archive.root)
    slots = Slots(settings.archive.root / ".radnode" / "associations.slots", settings.dicom.max_associations)
    try:
        server = DicomServer(archive, settings.dicom, settings.peers, listening, slots)
        os.write(orders.ready, b"\n")
        server.run(stop)
    finally:
        slots.close()
        archive.close()
