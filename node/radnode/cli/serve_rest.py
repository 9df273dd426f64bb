"""The REST sidecar's process."""

import os
import socket
import threading

from radnode.archive.archive import Archive
from radnode.cli.orders import Orders
from radnode_http.app import build_app
from radnode_http.serving import serve_app


def serve_rest(orders: Orders, listening: socket.socket, stop: threading.Event) -> None:
    """Serve until `stop` is set and requests in flight have been answered."""
    settings = orders.settings
    archive = Archive.open(settings.archive.root) if settings.archive.enabled else None
    try:
        serve_app(build_app(archive, settings), listening, stop, ready=lambda: os.write(orders.ready, b"\n"))
    finally:
        if archive is not None:
            archive.close()
