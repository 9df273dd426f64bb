"""Telling people and programs that the node is ready: lines on standard output, and ready.json."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import structlog

from radnode.cli import ready
from radnode.cli.node import Listening, Plan
from radnode.cli.sockets import shown_host
from radnode.cli.standard_streams import give_up_output

log = structlog.get_logger()


class Announcer:
    """Says once where everything is, and keeps ready.json true."""

    def __init__(self, plan: Plan, listening: Listening) -> None:
        self._plan = plan
        self._ready = ready.Ready(
            listening.dicom_port, listening.http_port, os.getpid(), dicom_tls_port=listening.dicom_tls_port
        )
        self._is_said = False

    def tell(self, is_ready: bool) -> None:
        """The node is ready to serve, or is no longer."""
        if not is_ready:
            ready.withdraw(self._plan.private)
            return
        ready.announce(self._plan.private, self._ready)
        ports = {"dicom_port": self._ready.dicom_port, "http_port": self._ready.http_port}
        tls_port = self._ready.dicom_tls_port
        log.info("node_ready", **ports, **({} if tls_port is None else {"dicom_tls_port": tls_port}))
        if not self._is_said:
            self._is_said = True
            try:
                sys.stdout.write("\n".join(lines(self._plan, self._ready)) + "\n")
                sys.stdout.flush()
            except OSError:  # nobody listens to what it prints; the node serves all the same, and ends with 0
                give_up_output()


def lines(plan: Plan, now: ready.Ready) -> list[str]:
    """What a person wants to know first. The last line starts with `ready` and names the ports."""
    dicom, http = plan.settings.dicom, plan.settings.http
    text = ["radnode serves"]
    ports = []
    if now.dicom_port is not None:
        place = f"{shown_host(dicom.host)}:{now.dicom_port}"
        text += [f"  DICOM    {dicom.ae_title} at {place}"]
        ports.append(f"dicom {place}")
    if now.dicom_tls_port is not None:
        place = f"{shown_host(dicom.host)}:{now.dicom_tls_port}"
        text += [f"  DICOM    {dicom.ae_title} at {place} over TLS"]
        ports.append(f"dicom over tls {place}")
    if now.http_port is not None:
        place = f"{shown_host(http.host)}:{now.http_port}"
        text += [f"  REST     http://{place}/api/dicom, documented at http://{place}/api/docs"]
        ports.append(f"http {place}")
    text.append(f"  storage  {plan.root}")
    if now.http_port is not None and plan.settings.auth.algorithm == "HS256":
        text.append(f"  token    {token_command(plan)}")
    return [*text, "ready: " + ", ".join(ports)]


def token_command(plan: Plan) -> str:
    """A command that mints a token for this node, from any folder."""
    words = [program(), "token", "--subject", "NAME", "--scope", "dicom:read dicom:write", "--ttl", "8h"]
    if plan.config is not None:
        words += ["--config", str(plan.config.absolute())]
    return shlex.join([*words, "--archive.root", str(plan.root)])


def program() -> str:
    """How this program is called here: by name where that finds it, by path otherwise."""
    found = shutil.which("radnode")
    here = Path(sys.argv[0]).absolute()
    is_found = found is not None and here.exists() and here.samefile(found)
    return "radnode" if is_found or here.name != "radnode" else str(here)
