"""`radnode serve`: the node, from its first lock to its last."""

import argparse
import os
import sys
from contextlib import ExitStack

import structlog

from radnode.archive.roles import hold
from radnode.cli import logs, metrics_folder, ready
from radnode.cli.announcing import Announcer
from radnode.cli.housekeeping import keeping_house
from radnode.cli.loading import Loaded
from radnode.cli.node import Plan, bound, check, jobs, plan
from radnode.cli.options import Parser
from radnode.cli.sockets import PortInUse
from radnode.cli.supervisor import Supervisor
from radnode.cli.waking import Waking
from radnode.model.errors import Occupied

ABOUT = """\
Run the node: the DICOM server and its REST sidecar, each in processes of its own, until SIGTERM or Ctrl-C.
Standard output gets the addresses and then one line that starts with "ready"; the log goes to standard error."""
EXAMPLES = """\
  radnode serve
  radnode serve --config /etc/radnode.toml
  radnode serve --dicom.port 0 --http.port 0 --archive.root /data/images
  radnode serve --only rest --archive.root /data/images"""

FAILED = 1
PATIENCE = 1.0
"""Seconds that the last holder of a role has for ending."""

log = structlog.get_logger()


def arguments(parser: Parser) -> None:
    """Which side to serve."""
    parser.add_argument("--only", choices=("rest", "dicom"), help="serve this side only, beside another process or not")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Serve; 0 after an orderly stop."""
    os.umask(0o027)
    logs.configure(loaded.settings.log, "supervisor")
    try:
        return serve(plan(loaded.settings, args.only, args.config))
    except (Occupied, PortInUse) as error:
        sys.stderr.write(f"radnode: {error}\n")
        return FAILED


def serve(wanted: Plan) -> int:
    """From locks to locks, so that whatever dies in between leaves an archive that the next start makes whole."""
    check(wanted)
    with ExitStack() as stack:
        waking = stack.enter_context(Waking())
        for role in wanted.roles:
            stack.enter_context(hold(wanted.root, role, patience=PATIENCE))
        ready.clear_stale(wanted.private, dicom=wanted.dicom, rest=wanted.rest)
        metrics = stack.enter_context(metrics_folder.prepared(wanted.private, wanted.roles[0].value))
        listening = stack.enter_context(bound(wanted))
        supervisor = stack.enter_context(Supervisor(jobs(wanted, listening), waking))
        from radnode.cli.opening import open_archive  # noqa: PLC0415 - slow, so while the children load their code

        archive = stack.enter_context(open_archive(wanted.settings))
        archive.recover()
        wake_housekeeper = stack.enter_context(keeping_house(wanted.root, archive))

        def tidy(pid: int) -> None:
            metrics_folder.forget(metrics, pid)
            wake_housekeeper()

        is_told = supervisor.run(on_ready=Announcer(wanted, listening).tell, on_death=tidy)
        in_order = supervisor.stop()
        log.info("node_stopped")
        return 0 if is_told and in_order else FAILED
