"""The children's side: `python -m radnode.cli.worker NAME` takes its orders from standard input and serves."""

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable

import structlog

from radnode.cli import logs
from radnode.cli.orders import Orders
from radnode.cli.waking import Waking

ORPHANED = 3
"""Exit status of a child whose supervisor is gone."""


Serve = Callable[[Orders, socket.socket, threading.Event], None]


def main() -> int:
    """Serve until told to stop, or until the supervisor is gone."""
    serve = _load(sys.argv[1].partition("-")[0])
    line = sys.stdin.buffer.readline()
    if not line:
        return ORPHANED
    orders = Orders.decode(line)
    os.set_inheritable(orders.listening, False)
    os.set_inheritable(orders.ready, False)
    logs.configure(orders.settings.log, orders.name)
    stop = threading.Event()
    _watch(stop.set)
    serve(orders, socket.socket(fileno=orders.listening), stop)
    structlog.get_logger().debug("process_stopped")
    return 0


def _load(kind: str) -> Serve:
    """Each kind imports only what it needs, and before its orders come, because that takes longest."""
    if kind == "dicom":
        from radnode.cli.serve_dicom import serve_dicom  # noqa: PLC0415 - see above

        return serve_dicom
    from radnode.cli.serve_rest import serve_rest  # noqa: PLC0415 - see above

    return serve_rest


def _watch(stop: Callable[[], None]) -> None:
    """SIGTERM means stop; the end of standard input means that the supervisor died: end at once.

    SIGINT is the supervisor's: a terminal sends it to all processes.
    """
    waking = Waking((signal.SIGTERM,))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def watch() -> None:
        while True:
            ended, _, _ = select.select([sys.stdin.fileno(), waking.descriptor], [], [])
            if sys.stdin.fileno() in ended and not os.read(sys.stdin.fileno(), 1):
                os._exit(ORPHANED)
            if waking.read():
                stop()

    threading.Thread(target=watch, name="watch", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
