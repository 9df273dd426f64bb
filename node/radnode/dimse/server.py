"""The DICOM server of one worker process: accepts on a socket that it shares with the others, until it is to stop."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from radnode.dimse.access import resolve_name
from radnode.dimse.learning import Learning
from radnode.dimse.metrics import DimseMetrics
from radnode.dimse.providers import Providers
from radnode.dimse.query_options import options_offered
from radnode.dimse.resolving import Resolver
from radnode.dimse.serving import Node, Serving
from radnode.dimse.slots import Slots
from radnode.dimse.upper.endings import Unused
from radnode.dimse.upper.listener import Door, Listener
from radnode.dimse.upper.stopping import Stopping
from radnode.settings import Settings

_LAST_BREATH = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server waits, in seconds."""

    request: float = 15.0
    """From the connection until the A-ASSOCIATE-RQ is whole, a TLS handshake included (ARTIM, PS3.8 9.1.5)."""
    grace: float = 10.0
    """For what is in flight when the node stops."""


class DicomServer:
    """Serves associations with the services of its providers."""

    def __init__(
        self,
        providers: Providers,
        settings: Settings,
        doors: Sequence[Door],
        slots: Slots,
        *,
        patience: Patience = Patience(),
        learning: Learning | None = None,
    ) -> None:
        """`slots` were opened by this process; `learning` takes notes, if given."""
        dicom = settings.dicom
        resolve = Resolver(resolve_name)
        metrics = DimseMetrics()
        options = options_offered(settings.query)
        self._node = Node(
            dicom, settings.peers, slots, providers, metrics, patience.request, resolve, learning, options
        )
        self._doors = doors
        self._stopping = Stopping(patience.grace)
        self._serving: dict[threading.Thread, Serving] = {}
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; then take no more associations, finish what is in flight and return."""

        def watch() -> None:
            stop.wait()
            self._stopping.ask()

        watching = threading.Thread(target=watch, name="stop", daemon=True)
        watching.start()
        try:
            for sock, address, door in self._callers():
                self._start(sock, address, door)
        finally:
            for door in self._doors:
                door.listening.close()
        watching.join()
        self._finish()

    def _callers(self) -> Listener:
        return Listener(self._doors, self._stopping, self._end_oldest_waiting, lambda: len(self._serving))

    def _start(self, sock: socket.socket, address: str, door: Door) -> None:
        with self._lock:
            waiting = sum(serving.may_give_way for serving in self._serving.values())
        if waiting >= self._node.dicom.max_waiting:
            self._end_oldest_waiting()
        try:
            serving = Serving(self._node, door.connect(sock, self._stopping), address)
        except OSError:
            sock.close()  # the caller is gone already
            self._node.metrics.ended.labels(Unused.how).inc()
            return
        thread = threading.Thread(target=self._serve, args=(serving,), name=f"association {address}", daemon=True)
        with self._lock:
            self._serving[thread] = serving
        try:
            thread.start()
        except RuntimeError as error:  # no more threads to be had: this one caller goes, the server stays
            log.warning("association_refused", address=address, why=str(error))
            self._node.metrics.ended.labels("no thread").inc()
            sock.close()
            with self._lock:
                del self._serving[thread]

    def _serve(self, serving: Serving) -> None:
        try:
            serving.run()
        finally:
            with self._lock:
                self._serving.pop(threading.current_thread(), None)

    def _end_oldest_waiting(self) -> None:
        """Make room: whoever connected first and has no association, not yet or not any more, has to go."""
        with self._lock:
            serving = list(self._serving.values())
        next(filter(Serving.give_way, serving), None)

    def _finish(self) -> None:
        deadline = (self._stopping.deadline or time.monotonic()) + _LAST_BREATH
        if not self._join(deadline):
            with self._lock:
                left = list(self._serving.values())
            log.warning("associations_cut", associations=len(left))
            for serving in left:
                serving.cut()
            if not self._join(deadline + _LAST_BREATH):
                return  # a thread that hangs in the file system still polls the descriptor
        self._stopping.close()

    def _join(self, deadline: float) -> bool:
        """Whether all associations have ended by `deadline`."""
        with self._lock:
            threads = list(self._serving)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)
