"""The REST sidecar's process."""

import socket
import threading
from contextlib import ExitStack

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout
from radnode.cli.worker import Post
from radnode.settings import Settings
from radnode.work.work_file import WorkFile
from radnode_http.app import build_app
from radnode_http.serving import serve_app


def serve_rest(listening: socket.socket, settings: Settings, post: Post, stop: threading.Event) -> None:
    """Serve until `stop` is set and requests in flight have been answered."""
    with ExitStack() as stack:
        archive, work = None, None
        if settings.archive.enabled:
            archive = stack.enter_context(Archive.open(settings.archive.root))
            work = stack.enter_context(WorkFile.for_serving(Layout(settings.archive.root).work))
        serve_app(build_app(archive, settings, work=work), listening, stop, ready=post.say_ready)
