"""What the children of a node are to do. It imports all that they need, so that they are forked with it loaded."""

import socket
import threading
from collections.abc import Callable
from functools import partial

from radnode.cli import logs
from radnode.cli.child import Job
from radnode.cli.courier import serve_courier
from radnode.cli.housekeeping import keep_house
from radnode.cli.node import Listening, Plan, count_workers
from radnode.cli.serve_dicom import serve_dicom
from radnode.cli.serve_rest import serve_rest
from radnode.cli.worker import Post
from radnode.dimse.credentials import Credentials
from radnode.dimse.upper.listener import Door
from radnode.settings import Settings


def jobs(plan: Plan, listening: Listening, credentials: Credentials | None, due: int) -> list[Job]:
    """The jobs of this plan; `due` is the eventfd that wakes the housekeeper."""
    found: list[Job] = []
    settings = plan.settings
    if doors := _doors(listening, credentials):
        sockets = tuple(door.listening for door in doors)
        reload = credentials.reload if credentials else None
        for number in range(count_workers(settings.dicom.workers)):
            serve = partial(serve_dicom, doors)
            found.append(_job("dicom", f"dicom-{number + 1}", serve, settings, listening=sockets, reload=reload))
        found.append(_job("courier", "courier", serve_courier, settings))
    if listening.rest:
        serve = partial(serve_rest, listening.rest)
        found.append(_job("rest", "rest", serve, settings, listening=(listening.rest,)))
    if settings.archive.enabled:
        found.append(_job("housekeeper", "housekeeper", partial(keep_house, due), settings))
    return found


def _doors(listening: Listening, credentials: Credentials | None) -> tuple[Door, ...]:
    plain = (Door(listening.dicom),) if listening.dicom else ()
    secure = (Door(listening.tls, credentials.connect),) if listening.tls and credentials else ()
    return plain + secure


def _job(
    kind: str,
    name: str,
    serve: Callable[[Settings, Post, threading.Event], None],
    settings: Settings,
    *,
    listening: tuple[socket.socket, ...] = (),
    reload: Callable[[], bool] | None = None,
) -> Job:
    def do(post: Post, stop: threading.Event) -> None:
        logs.configure(settings.log, name)
        serve(settings, post, stop)

    return Job(kind, name, do, listening, reload)
