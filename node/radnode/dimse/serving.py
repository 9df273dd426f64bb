"""One connection from its first byte to its last: negotiation, then request after request to the providers."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from radnode.dimse.admission import LIMIT_EXCEEDED, Rejection, admit
from radnode.dimse.contexts import negotiate
from radnode.dimse.metrics import DimseMetrics
from radnode.dimse.scp.service import Performed, Provider
from radnode.dimse.slots import Slots
from radnode.dimse.status import Status
from radnode.dimse.upper.associate import AssociateRequest, decode_request, encode_accept
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import UNEXPECTED_PDU, ConnectionLost, Ending, PeerAborted, ProtocolError
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.pdu import RELEASE_RESPONSE, Kind, PduReader, encode_abort, encode_reject
from radnode.settings import DicomSettings, Peer, Service

_PARTING = 2.0  # seconds that a peer gets to read our last words and to close
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Node:
    """What all associations of a server share. `providers` goes by command field (PS3.7 E.1)."""

    dicom: DicomSettings
    peers: tuple[Peer, ...]
    slots: Slots
    providers: Mapping[int, Provider]
    metrics: DimseMetrics
    request_timeout: float


class Serving:
    """Serves one connection, in a thread of its own."""

    def __init__(self, node: Node, connection: Connection, address: str) -> None:
        """`address` is the caller's IP address."""
        self._node = node
        self._connection = connection
        self._address = address
        self._log = log.bind(address=address)
        self._performed: Counter[str] = Counter()
        self._has_spoken = False
        self.is_waiting = True  # for an A-ASSOCIATE-RQ

    def run(self) -> None:
        """Serve until the association has ended. Raises nothing: this is one of the two outer edges."""
        started = time.monotonic()
        try:
            how = self._serve()
        except Ending as ending:
            how = ending.how
            self._abort(ending)
        except Exception:  # noqa: BLE001 - the outer edge: one association's fault must not end the others
            how = "failed"
            self._log.exception("association_failed")
            self._abort(ProtocolError("internal error", reason=0))
        finally:
            self._connection.part(_PARTING if self._has_spoken else 0)
        seconds = round(time.monotonic() - started, 3)
        self._node.metrics.ended.labels(how).inc()
        self._log.info("association", how=how, seconds=seconds, **self._performed)

    def cut(self) -> None:
        """End it at once, from another thread."""
        self._connection.cut()

    def _serve(self) -> str:
        reader = PduReader(self._connection, self._node.dicom.max_pdu)
        kind, body = reader.read(self._node.request_timeout, interruptible=True)
        if kind == Kind.ABORT:
            raise PeerAborted("the peer aborted the association")
        if kind != Kind.ASSOCIATE_RQ:
            raise ProtocolError(f"{kind.name} before an association", UNEXPECTED_PDU)
        asked = decode_request(bytes(body))
        self.is_waiting = False
        self._log = self._log.bind(calling=asked.calling, implementation=asked.implementation)
        admitted = admit(asked, self._address, self._node.dicom, self._node.peers)
        if isinstance(admitted, Rejection):
            return self._reject(admitted)
        slot = self._node.slots.take()
        if slot is None:
            return self._reject(LIMIT_EXCEEDED)
        with slot, self._node.metrics.associations.track_inprogress():
            self._associate(asked, admitted, reader)
        return "released"

    def _reject(self, rejection: Rejection) -> str:
        self._log = self._log.bind(reason=rejection.reason)
        self._node.metrics.rejected.labels(rejection.reason).inc()
        self._send(encode_reject(rejection.result, rejection.source, rejection.diagnostic))
        return "rejected"

    def _associate(self, asked: AssociateRequest, allowed: frozenset[Service], reader: PduReader) -> None:
        dicom = self._node.dicom
        answers, contexts = negotiate(asked.contexts, allowed, accept_unknown=dicom.accept_unknown_sop_classes)
        self._send(encode_accept(asked, answers, dicom.max_pdu))
        messages = Messages(self._connection, reader, contexts, asked.max_pdu, dicom.idle_timeout)
        association = Association(messages, contexts)
        try:
            for request in association.requests():
                self._perform(association, request, allowed)
        finally:
            self._node.metrics.received.inc(association.received)
        self._send(RELEASE_RESPONSE)

    def _perform(self, association: Association, request: Request, allowed: frozenset[Service]) -> None:
        started = time.monotonic()
        provider = self._node.providers.get(request.field)
        refused = _refuse(request, provider, allowed)
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

    def _send(self, pdu: bytes) -> None:
        self._has_spoken = True
        self._connection.send(pdu, time.monotonic() + self._node.dicom.idle_timeout)

    def _abort(self, ending: Ending) -> None:
        """Tell the peer, if it is still there to be told."""
        self._log = self._log.bind(why=str(ending))
        is_error = isinstance(ending, ProtocolError)
        if isinstance(ending, (ConnectionLost, PeerAborted)) or (self.is_waiting and not is_error):
            return
        with suppress(Ending):
            self._send(encode_abort(ending.reason if isinstance(ending, ProtocolError) else None))


def _refuse(request: Request, provider: Provider | None, allowed: frozenset[Service]) -> Status | None:
    """The status of a request that its presentation context or its sender's rights do not cover."""
    if provider is None:
        return Status.UNRECOGNISED_OPERATION
    if provider.service not in allowed:
        return Status.NOT_AUTHORISED
    if provider.service != request.context.service:
        return Status.SOP_CLASS_NOT_SUPPORTED
    return None
