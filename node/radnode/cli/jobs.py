"""What the children of a node are to do. It imports all that they need, so that they are forked with it loaded."""

import socket
import threading
from collections.abc import Callable
from functools import partial

from radnode.cli import logs
from radnode.cli.child import Job
from radnode.cli.housekeeping import keep_house
from radnode.cli.node import Listening, Plan, count_workers
from radnode.cli.serve_dicom import serve_dicom
from radnode.cli.serve_rest import serve_rest
from radnode.cli.worker import Post
from radnode.settings import Settings


def jobs(plan: Plan, listening: Listening, due: int) -> list[Job]:
    """The jobs of this plan; `due` is the eventfd that wakes the housekeeper."""
    found: list[Job] = []
    settings = plan.settings
    if listening.dicom:
        names = [f"dicom-{number + 1}" for number in range(count_workers(settings.dicom.workers))]
        found += [_job("dicom", name, serve_dicom, settings, listening.dicom) for name in names]
    if listening.rest:
        found.append(_job("rest", "rest", serve_rest, settings, listening.rest))
    if settings.archive.enabled:
        found.append(_job("housekeeper", "housekeeper", partial(keep_house, due), settings))
    return found


def _job(
    kind: str,
    name: str,
    serve: Callable[[Settings, Post, threading.Event], None],
    settings: Settings,
    listening: socket.socket | None = None,
) -> Job:
    def do(post: Post, stop: threading.Event) -> None:
        logs.configure(settings.log, name)
        serve(settings, post, stop)

    return Job(kind, name, do, listening)
