"""The courier's process: what is to be brought to other nodes, each errand in a thread of its own.

It belongs to the DICOM side and runs under that role's lock, so one courier alone works for an archive.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from radnode.archive.archive import Archive
from radnode.cli.backoff import Backoff
from radnode.cli.errands import Errand, errands
from radnode.cli.worker import Post
from radnode.model.errors import RadnodeError
from radnode.settings import Settings
from radnode.work.work_file import WorkFile

log = structlog.get_logger()

GRACE = 10.0
"""Seconds that errands have for what is in flight when the node stops."""


def serve_courier(settings: Settings, post: Post, stop: threading.Event) -> None:
    """Run every errand until `stop` is set and what is in flight has ended."""
    post.say_ready()  # nobody waits for it: a node whose disk is full receives nothing, but answers queries
    backoff = Backoff()
    while not stop.is_set():
        try:
            with _opened(settings) as (archive, work):
                attend(errands(archive, work, settings), stop)
        except RadnodeError as error:
            log.warning("courier_waits", why=str(error))
            backoff = backoff.after(0)
            stop.wait(backoff.delay)


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Archive, WorkFile]]:
    archive = Archive.open(settings.archive.root)
    try:
        with WorkFile.open(archive.layout.work) as work:
            yield archive, work
    finally:
        archive.close()


def attend(wanted: Sequence[Errand], stop: threading.Event) -> None:
    """Run these side by side until `stop` is set, each again when it fails; at most GRACE longer."""
    threads = [
        threading.Thread(target=_repeat, args=(errand, stop), name=errand.name, daemon=True) for errand in wanted
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            log.warning("errand_cut", errand=thread.name)


def _repeat(errand: Errand, stop: threading.Event) -> None:
    """Raises nothing: one errand's fault must neither end the others nor, by its repetition, the node."""
    backoff = Backoff()
    while not stop.is_set():
        started = time.monotonic()
        try:
            errand.run(stop)
        except RadnodeError as error:
            log.warning("errand_interrupted", errand=errand.name, why=str(error))
        except Exception:  # the outer edge of a thread
            log.exception("errand_failed", errand=errand.name)
        backoff = backoff.after(time.monotonic() - started)
        stop.wait(backoff.delay)
