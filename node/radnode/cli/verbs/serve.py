"""`radnode serve`: the node, from its first lock to its last."""

import argparse
import gc
import os
import sys
from contextlib import ExitStack

import structlog

from radnode.archive.roles import hold
from radnode.cli import logs, metrics_folder, ready
from radnode.cli.announcing import Announcer
from radnode.cli.loading import Loaded
from radnode.cli.node import Plan, bound, check, credentials, plan
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
PATIENCE = 3.0
"""Seconds that the last holders of a role have for ending: a killed node's children take a moment."""

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
    shown = credentials(wanted)
    check(wanted)
    with ExitStack() as stack:
        waking = stack.enter_context(Waking())
        for role in wanted.roles:
            stack.enter_context(hold(wanted.root, role, patience=PATIENCE))
        ready.clear_stale(wanted.private, dicom=wanted.dicom, rest=wanted.rest)
        metrics = stack.enter_context(metrics_folder.prepared(wanted.private, wanted.roles[0].value))
        listening = stack.enter_context(bound(wanted))
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy would start threads here, which must not be when forking
        from radnode.cli.jobs import jobs  # noqa: PLC0415 - only once the folder of metrics and the above are set
        from radnode.cli.opening import open_archive  # noqa: PLC0415 - slow, so after all that can be refused

        archive = open_archive(wanted.settings)
        try:
            archive.recover()
            waiting = archive.count_waiting()
            if waiting:
                log.warning("index_waits_to_be_read_again", rows=waiting, remedy="radnode reindex")
        finally:
            archive.close()
        due = os.eventfd(0)
        supervisor = stack.enter_context(Supervisor(jobs(wanted, listening, shown, due), waking))

        def tidy(pid: int) -> None:
            metrics_folder.forget(metrics, pid)
            os.eventfd_write(due, 1)

        gc.collect()
        gc.freeze()  # what is loaded by now is never written to again, and so stays shared with the children
        is_told = supervisor.run(on_ready=Announcer(wanted, listening).tell, on_death=tidy)
        in_order = supervisor.stop()
        log.info("node_stopped")
        return 0 if is_told and in_order else FAILED
