"""Putting a node together: folder, locks, sockets and children, in the order that makes a restart safe."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from radnode.cli import logs, metrics_folder, ready
from radnode.cli.child import Job
from radnode.cli.refusal import Refused
from radnode.cli.sockets import listen
from radnode.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class Plan:
    """Which sides of the node this process serves, with which settings."""

    settings: Settings
    root: Path
    dicom: bool
    rest: bool

    @property
    def private(self) -> Path:
        """The folder of the archive that is no image."""
        return self.root / ".radnode"

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that it must hold."""
        return tuple(name for name, wanted in (("dicom", self.dicom), ("rest", self.rest)) if wanted)


def plan(settings: Settings, root: Path, only: str | None) -> Plan:
    """What `radnode serve [--only SIDE]` is to serve. Raises Refused where nothing is left."""
    if only == "dicom" and not settings.archive.enabled:
        raise Refused("archive.enabled = False: must be true to serve DICOM")
    return Plan(settings, root, dicom=only != "rest" and settings.archive.enabled, rest=only != "dicom")


def count_workers(wanted: int) -> int:
    """How many processes a setting means, where 0 is one per core that this process may use."""
    return wanted or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Listening:
    """The bound sockets."""

    dicom: socket.socket | None
    rest: socket.socket | None

    @property
    def dicom_port(self) -> int | None:
        """The port in use, whatever was asked for."""
        return self.dicom and self.dicom.getsockname()[1]

    @property
    def http_port(self) -> int | None:
        """The port in use, whatever was asked for."""
        return self.rest and self.rest.getsockname()[1]


@contextmanager
def bound(plan: Plan) -> Iterator[Listening]:
    """The sockets of the sides that are served. Raises Refused or PortInUse."""
    settings = plan.settings
    with ExitStack() as stack:
        dicom = rest = None
        if plan.dicom:
            dicom = stack.enter_context(listen(settings.dicom.host, settings.dicom.port, "dicom"))
        if plan.rest:
            rest = stack.enter_context(listen(settings.http.host, settings.http.port, "http"))
        yield Listening(dicom, rest)


def jobs(plan: Plan, listening: Listening) -> list[Job]:
    """What the children are to do."""
    found = []
    if listening.dicom:
        for number in range(count_workers(plan.settings.dicom.workers)):
            found.append(Job("dicom", f"dicom-{number + 1}", listening.dicom, plan.settings))
    if listening.rest:
        found.append(Job("rest", "rest", listening.rest, plan.settings))
    return found


def check(plan: Plan) -> None:
    """Refuse what would be dangerous or could never work, before anything is touched."""
    settings = plan.settings
    if plan.dicom and (why := refuse_start(settings.dicom, settings.peers)):
        raise Refused(why)
    if plan.rest:
        try:
            load_key(settings.auth, plan.private)
        except BadKey as error:
            raise Refused(str(error)) from error
