"""N-ACTION of the Storage Commitment Push Model (PS3.4 J.3.2): kept before it is answered, checked and reported after.

A result that is there at once is reported on the association that asked. The courier brings all others.
"""

import time
from contextlib import closing
from dataclasses import dataclass

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.checking import checking
from radnode.dimse.commitment import WELL_KNOWN_INSTANCE, encode_report, limit_for
from radnode.dimse.commitment_messages import commitment_in, refusal_of
from radnode.dimse.commitment_metrics import CommitmentMetrics
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.scp.service import Performed, concluded
from radnode.dimse.status import Status
from radnode.dimse.upper.association import AcceptedContext, Association, Chore, Request
from radnode.dimse.upper.command import Command, Element, Field
from radnode.model.commitment import Results
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID
from radnode.settings import Service, Settings
from radnode.work.received_commitments import ReceivedCommitments

_SLACK = 1.0  # seconds beyond its own time for which an association keeps the courier off
log = structlog.get_logger()


class CommitProvider:
    """Takes requests for commitment, and reports on their own association what can be told in time."""

    service: Service = "commit"

    def __init__(self, archive: Archive, commitments: ReceivedCommitments, settings: Settings) -> None:
        self._archive = archive
        self._commitments = commitments
        self._settings = settings
        self._metrics = CommitmentMetrics()
        self._reachable = {peer.title.strip() for peer in settings.peers if peer.is_callable}

    def perform(self, association: Association, request: Request) -> Performed:
        """Keep the request, answer it, and have its result made while the peer is quiet."""
        detail: dict[str, object] = {}
        status, comment = concluded(association, request, lambda: self._take(association, request, detail), refusal_of)
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _take(self, association: Association, request: Request, detail: dict[str, object]) -> None:
        """Keep the request, with its result as a chore: that begins after the answer, and ends as the association."""
        most = self._settings.commitment.max_objects
        data_set = association.data_set(limit_for(most))
        asked = commitment_in(request.command, data_set, request.context.transfer_syntax, most)
        detail |= {"transaction": asked.transaction, "objects": len(asked.results)}
        peer = association.calling
        busy = self._patience(peer) + _SLACK
        received = self._commitments.receive(peer, asked.transaction, list(asked.results), busy=busy)
        association.meanwhile(self._reporting(association, _Task(received, peer, request.context)))

    def _patience(self, peer: str) -> float:
        """Seconds for which the association that asked is the place to report; for ever where there is no other."""
        own = self._settings.commitment
        return own.same_association if peer in self._reachable else own.give_up_after

    def _reporting(self, association: Association, task: "_Task") -> Chore:
        """Check the objects and report them; leave to the courier what takes too long or fails."""
        deadline = time.monotonic() + self._patience(task.peer)
        is_asked = False
        try:
            yield
            with closing(checking(self._archive, self._commitments, task.identity, self._metrics)) as steps:
                for _ in steps:
                    if time.monotonic() >= deadline:
                        return
                    yield
            self._commitments.busy(task.identity, self._settings.dicom.idle_timeout)
            results = self._commitments.results(task.identity)
            if results is not None:
                self._report(association, task, results)
            is_asked = True
        except RadnodeError as error:
            log.warning("commitment_interrupted", why=str(error))
        finally:
            if not is_asked:
                self._let_go(task, "the association that asked ended before the result was there")

    def _report(self, association: Association, task: "_Task", results: Results) -> None:
        transaction = self._commitments.find(task.identity)
        syntax = UID(task.context.transfer_syntax)
        event, data_set = encode_report(transaction.uid, results, self._settings.dicom.ae_title, syntax)
        elements: dict[int, int | str] = {
            Element.SOP_CLASS: STORAGE_COMMITMENT,
            Element.SOP_INSTANCE: WELL_KNOWN_INSTANCE,
            Element.EVENT_TYPE: event,
        }

        def heed(response: Command | None) -> None:
            self._answered(task, response)

        association.ask(task.context, Field.N_EVENT_REPORT, elements, data_set, heed)

    def _answered(self, task: "_Task", response: Command | None) -> None:
        if response is None:
            self._let_go(task, "the association that asked ended before the report was answered")
            return
        status = response.number(Element.STATUS)
        if status != Status.SUCCESS:
            self._let_go(task, f"answered {status:04X}")
            return
        try:
            self._commitments.reported(task.identity)
        except RadnodeError as error:
            log.warning("commitment_interrupted", why=str(error))
        self._metrics.told("reported")
        log.info("commitment_reported", peer=task.peer, association="same")

    def _let_go(self, task: "_Task", why: str) -> None:
        """The courier is to see to it, where it can."""
        try:
            if task.peer in self._reachable:
                self._commitments.busy(task.identity, 0)
            else:
                self._metrics.told("given up")
                log.warning("commitment_given_up", peer=task.peer, why=f"{why}, and the peer has no address in peers")
                self._commitments.give_up(task.identity, f"{why}; the peer has no address in peers")
        except RadnodeError as error:
            log.warning("commitment_interrupted", why=str(error))


@dataclass(frozen=True, slots=True)
class _Task:
    """A request to be reported on the association that it came by."""

    identity: int
    peer: str
    context: AcceptedContext
