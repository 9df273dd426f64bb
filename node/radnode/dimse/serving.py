"""One connection from its first byte to its last: negotiation, then request after request to the providers."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from radnode.dimse.access import Resolve, neighbourhood
from radnode.dimse.admission import LIMIT_EXCEEDED, STOPPING, TOO_MUCH, Rejection, admit
from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.learning import Learning
from radnode.dimse.metrics import DimseMetrics
from radnode.dimse.negotiation import REJECTIONS, Terms, negotiate
from radnode.dimse.providers import Providers
from radnode.dimse.scp.service import Performed
from radnode.dimse.slots import Full, Slots
from radnode.dimse.status import Status
from radnode.dimse.upper.associate import AssociateRequest, ContextAnswer, decode_request, encode_accept
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import (
    BY_USER,
    NOT_SPECIFIED,
    ConnectionLost,
    Ending,
    GaveWay,
    HandshakeFailed,
    PeerAborted,
    ProtocolError,
    TooMuch,
    Unused,
)
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.parting import SECONDS, await_close
from radnode.dimse.upper.pdu import RELEASE_RESPONSE, Kind, PduReader, encode_abort, encode_reject
from radnode.settings import DicomSettings, Peer, Service

RELEASED, REJECTED = "released", "rejected"
_NEEDED = "newer connections needed the place"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Node:
    """What all associations of a server share; `options` of queries and retrievals are on for who negotiates them."""

    dicom: DicomSettings
    peers: tuple[Peer, ...]
    slots: Slots
    providers: Providers
    metrics: DimseMetrics
    request_timeout: float
    resolve: Resolve
    learning: Learning | None = None
    options: QueryOptions = NO_OPTIONS

    @property
    def offered(self) -> frozenset[str]:
        """The services that somebody here performs."""
        return frozenset(service for _, service in self.providers)


class Serving:
    """Serves one connection, in a thread of its own."""

    def __init__(self, node: Node, connection: Connection, address: str) -> None:
        """`address` is the caller's IP address; the time for its A-ASSOCIATE-RQ starts now (ARTIM, PS3.8 9.1.5)."""
        self._node = node
        self._connection = connection
        self._address = address
        self._log = log.bind(address=address)
        self._started = time.monotonic()
        self._asked: AssociateRequest | None = None
        self._performed: Counter[str] = Counter()
        self._has_spoken = self._gave_way = False
        self._has_slot = False
        self._deciding = threading.Lock()  # between taking a slot and giving way: one of them comes first

    def run(self) -> None:
        """Serve until the association has ended. Raises nothing: this is one of the two outer edges."""
        dicom = self._node.dicom
        reader = PduReader(self._connection, dicom.max_pdu, min(dicom.idle_timeout, dicom.pdu_timeout))
        patience = 0.0
        try:
            how = self._outcome(reader)
            self._tell(how)
            if how in (RELEASED, REJECTED):
                patience = await_close(self._connection, reader)
            elif self._has_spoken:
                patience = SECONDS
        finally:
            self._connection.part(patience)

    def cut(self) -> None:
        """End it at once, from another thread."""
        self._connection.cut()

    @property
    def may_give_way(self) -> bool:
        """Whether nothing is lost if it ends now: there is no association, not yet or not any more."""
        return not (self._has_slot or self._gave_way)

    def give_way(self) -> bool:
        """End it at once, from another thread, because a newer connection needs its place; whether it may."""
        with self._deciding:
            if not self.may_give_way:
                return False
            self._gave_way = True
        self.cut()
        return True

    def _outcome(self, reader: PduReader) -> str:
        try:
            return self._serve(reader)
        except Ending as ended:
            ending = GaveWay(_NEEDED) if self._gave_way else ended
            self._abort(ending)
            return ending.how
        except Exception:  # noqa: BLE001 - the outer edge: one association's fault must not end the others
            self._log.exception("association_failed")
            self._abort(ProtocolError("internal error", NOT_SPECIFIED))
            return "failed"

    def _tell(self, how: str) -> None:
        """One line and one count for each connection; who only looks whether somebody listens is no news."""
        self._node.metrics.ended.labels(how).inc()
        write = self._log.debug if how == Unused.how else self._log.info
        write("association", how=how, seconds=round(time.monotonic() - self._started, 3), **self._performed)

    def _serve(self, reader: PduReader) -> str:
        deadline = self._started + self._node.request_timeout
        self._log = self._log.bind(**self._connection.establish(deadline))
        kind, body = reader.read_by(deadline)
        if kind == Kind.ABORT:
            raise PeerAborted("the peer aborted the association")
        if kind != Kind.ASSOCIATE_RQ:
            raise ProtocolError(f"{kind.name} before an association")
        try:
            asked = decode_request(bytes(body))
        except TooMuch as much:
            return self._reject(TOO_MUCH, why=str(much))
        self._asked = asked
        self._log = self._log.bind(calling=asked.calling, implementation=asked.implementation)
        return self._answer(asked, reader)

    def _answer(self, asked: AssociateRequest, reader: PduReader) -> str:
        admitted = admit(asked, self._address, self._node.dicom, self._node.peers, self._node.resolve)
        if isinstance(admitted, Rejection):
            return self._reject(admitted)
        if self._connection.is_stopping:
            return self._reject(STOPPING)
        slot = self._node.slots.take(neighbourhood(self._address), asked.calling)
        if isinstance(slot, Full):
            return self._reject(LIMIT_EXCEEDED[slot])
        with slot, self._staying(), self._node.metrics.associations.track_inprogress():
            self._associate(asked, admitted & self._node.offered, reader)
        return RELEASED

    @contextmanager
    def _staying(self) -> Iterator[None]:
        """It does not give way within the block. Raises GaveWay where it has done so."""
        with self._deciding:
            if self._gave_way:
                raise GaveWay(_NEEDED)
            self._has_slot = True
        try:
            yield
        finally:
            self._has_slot = False

    def _reject(self, rejection: Rejection, **detail: str) -> str:
        self._log = self._log.bind(reason=rejection.reason, **detail)
        self._node.metrics.rejected.labels(rejection.reason).inc()
        if self._node.learning and self._asked:
            self._node.learning.met(self._asked, self._address, rejection.reason)
        self._send(encode_reject(rejection.result, rejection.source, rejection.diagnostic), SECONDS)
        return REJECTED

    def _associate(self, asked: AssociateRequest, allowed: frozenset[Service], reader: PduReader) -> None:
        dicom = self._node.dicom
        agreed = negotiate(asked, Terms(allowed, dicom.accept_unknown_sop_classes, self._node.options))
        self._note_rejected(agreed.answers)
        if self._node.learning:
            self._node.learning.met(asked, self._address)
        acceptance = encode_accept(asked, agreed.answers, dicom.max_pdu, roles=agreed.roles, extended=agreed.extended)
        self._send(acceptance, dicom.idle_timeout)
        messages = Messages(self._connection, reader, agreed.contexts, asked.max_pdu, dicom.idle_timeout)
        association = Association(messages, agreed.contexts, calling=asked.calling)
        try:
            for request in association.requests():
                self._perform(association, request, allowed)
        finally:
            association.end()
            self._node.metrics.received.inc(association.received)
            if self._node.learning:
                self._node.learning.served(asked, self._address, frozenset(self._performed))
        self._send(RELEASE_RESPONSE, SECONDS)

    def _note_rejected(self, answers: Iterable[ContextAnswer]) -> None:
        """Rejected presentation contexts are told with the association's own line."""
        rejected = Counter(REJECTIONS[answer.result] for answer in answers if answer.result in REJECTIONS)
        for reason, count in rejected.items():
            self._node.metrics.contexts_rejected.labels(reason).inc(count)
        if rejected:
            self._log = self._log.bind(contexts_rejected=dict(rejected))

    def _perform(self, association: Association, request: Request, allowed: frozenset[Service]) -> None:
        started = time.monotonic()
        provider = self._node.providers.get((request.field, request.context.service))
        refused = self._refuse(request, allowed)
        if provider is None or refused is not None:
            service, status = "refused", refused or Status.UNRECOGNISED_OPERATION
            association.skip_data_set()
            association.respond(request, status)
            performed = Performed(status, {"command": f"{request.field:04X}"})
        else:
            service = provider.service
            performed = provider.perform(association, request)
        seconds = time.monotonic() - started
        self._performed[service] += 1
        status_text = f"{performed.status:04X}"
        self._node.metrics.count(service, status_text, seconds)
        self._log.info(
            "operation", service=service, status=status_text, ms=round(seconds * 1000, 1), **performed.detail
        )

    def _refuse(self, request: Request, allowed: frozenset[Service]) -> Status | None:
        """The status of a request that its presentation context or its sender's rights do not cover."""
        services = {service for field, service in self._node.providers if field == request.field}
        if not services:
            return Status.UNRECOGNISED_OPERATION
        if not services & allowed:
            return Status.NOT_AUTHORISED
        if request.context.service not in services:
            return Status.SOP_CLASS_NOT_SUPPORTED
        return None

    def _send(self, pdu: bytes, seconds: float) -> None:
        self._has_spoken = True
        self._connection.send(pdu, time.monotonic() + seconds)

    def _abort(self, ending: Ending) -> None:
        """Tell the peer, if it is still there to be told."""
        self._log = self._log.bind(why=str(ending))
        self._has_spoken |= isinstance(ending, HandshakeFailed)  # TLS has sent an alert
        is_error = isinstance(ending, ProtocolError)
        if isinstance(ending, (ConnectionLost, PeerAborted)) or not (self._asked or is_error):
            return
        # Before the association every A-ABORT is the service user's (PS3.8 9.2, AA-1).
        reason = ending.reason if isinstance(ending, ProtocolError) and self._asked else BY_USER
        with suppress(Ending):
            self._send(encode_abort(reason), SECONDS)
