"""What a node is to serve, checked before anything is served, and its sockets."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from radnode.archive.roles import Role
from radnode.cli.refusal import Refused
from radnode.cli.sockets import listen
from radnode.cli.storage import prepare
from radnode.dimse.access import refuse_start
from radnode.dimse.credentials import BadCertificates, Credentials
from radnode.settings import Settings
from radnode_http.signing_keys import BadKey, load_key


@dataclass(frozen=True)
class Plan:
    """Which sides of the node this process serves, with which settings."""

    settings: Settings
    dicom: bool
    rest: bool
    config: Path | None = None
    """The configuration file, for commands that are to be run beside the node."""

    @property
    def root(self) -> Path:
        """The storage folder, absolute."""
        return self.settings.archive.root

    @property
    def private(self) -> Path:
        """The folder in it that holds no images."""
        return self.root / ".radnode"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that it must hold."""
        return tuple(role for role, wanted in ((Role.DICOM, self.dicom), (Role.REST, self.rest)) if wanted)


def plan(settings: Settings, only: str | None, config: Path | None = None) -> Plan:
    """What `radnode serve [--only SIDE]` is to serve. Raises Refused where nothing is left."""
    if only == "dicom" and not settings.archive.enabled:
        raise Refused("archive.enabled = False: must be true to serve DICOM")
    archive = settings.archive.model_copy(update={"root": settings.archive.root.absolute()})
    settings = settings.model_copy(update={"archive": archive})
    return Plan(settings, dicom=only != "rest" and settings.archive.enabled, rest=only != "dicom", config=config)


def count_workers(wanted: int) -> int:
    """How many processes a setting means, where 0 is one per core that this process may use."""
    return wanted or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Listening:
    """The bound sockets."""

    dicom: socket.socket | None
    rest: socket.socket | None
    tls: socket.socket | None = None

    @property
    def dicom_port(self) -> int | None:
        """The port in use, whatever was asked for."""
        return port_of(self.dicom)

    @property
    def dicom_tls_port(self) -> int | None:
        """The port in use, whatever was asked for."""
        return port_of(self.tls)

    @property
    def http_port(self) -> int | None:
        """The port in use, whatever was asked for."""
        return port_of(self.rest)


def port_of(listening: socket.socket | None) -> int | None:
    """The port that a socket is bound to."""
    if listening is None:
        return None
    port: int = listening.getsockname()[1]
    return port


@contextmanager
def bound(plan: Plan) -> Iterator[Listening]:
    """The sockets of the sides that are served. Raises Refused or PortInUse."""
    settings = plan.settings
    with ExitStack() as stack:
        dicom = rest = tls = None
        if plan.dicom and not settings.tls.only:
            dicom = stack.enter_context(listen(settings.dicom.host, settings.dicom.port, "dicom"))
        if plan.dicom and settings.tls.port is not None:
            tls = stack.enter_context(listen(settings.dicom.host, settings.tls.port, "tls", host_of="dicom"))
        if plan.rest:
            rest = stack.enter_context(listen(settings.http.host, settings.http.port, "http"))
        yield Listening(dicom, rest, tls)


def credentials(plan: Plan) -> Credentials | None:
    """What is shown and believed on the port for TLS, where there is one. Raises Refused."""
    tls, dicom = plan.settings.tls, plan.settings.dicom
    if not plan.dicom or tls.port is None:
        return None
    if tls.port and tls.port == dicom.port and not tls.only:
        raise Refused(f"tls.port = {tls.port}: must be another one than dicom.port, or tls.only = true")
    try:
        return Credentials(tls)
    except BadCertificates as error:
        raise Refused(str(error)) from error


def check(plan: Plan) -> None:
    """Refuse what would be dangerous or could never work, before anything is served."""
    settings = plan.settings
    if plan.dicom and (why := refuse_start(settings.dicom, settings.peers)):
        raise Refused(why)
    prepare(plan.root)
    if plan.rest:
        try:
            load_key(settings.auth, plan.private)
        except BadKey as error:
            raise Refused(str(error)) from error
