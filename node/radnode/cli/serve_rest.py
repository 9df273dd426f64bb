"""The REST sidecar's process."""

import socket
import threading

from radnode.archive.archive import Archive
from radnode.cli.worker import Post
from radnode.settings import Settings
from radnode_http.app import build_app
from radnode_http.serving import serve_app


def serve_rest(listening: socket.socket, settings: Settings, post: Post, stop: threading.Event) -> None:
    """Serve until `stop` is set and requests in flight have been answered."""
    archive = Archive.open(settings.archive.root) if settings.archive.enabled else None
    try:
        serve_app(build_app(archive, settings), listening, stop, ready=post.say_ready)
    finally:
        if archive is not None:
            archive.close()
