"""The errand that brings what became of commitments to who asked for them, until it has arrived or is given up."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.callers import caller_for
from radnode.dimse.checking import as_now, checking
from radnode.dimse.commitment import Commitment
from radnode.dimse.commitment_metrics import CommitmentMetrics
from radnode.dimse.scu.report import report
from radnode.dimse.status import Status
from radnode.model.call_errors import CallFailed
from radnode.model.commitment import Reason
from radnode.settings import Settings
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.commitments import Transaction
from radnode.work.received_commitments import ReceivedCommitments
from radnode.work.work_file import WorkFile

PERIOD = 0.5
"""Seconds between looks at what is due."""
SWEEP = 3600.0
"""Seconds between looks at what can be forgotten."""
_PEERS_AT_ONCE = 4
log = structlog.get_logger()


class CommitmentReports:
    """One courier alone runs it; each peer is served by one thread at a time, so a silent one delays no other."""

    name = "commitments"

    def __init__(self, archive: Archive, work: WorkFile, settings: Settings) -> None:
        """Over an archive and a work file that its process has opened."""
        self._archive = archive
        self._commitments, self._asked = ReceivedCommitments(work), AskedCommitments(work)
        self._settings = settings
        self._metrics = CommitmentMetrics()
        self._peers = {peer.title.strip(): peer for peer in settings.peers if peer.is_callable}

    def run(self, stop: threading.Event) -> None:
        """Bring reports until `stop` is set. Raises what is wrong with the archive or the work file."""
        working: dict[str, Future[None]] = {}
        swept = -SWEEP
        with ThreadPoolExecutor(_PEERS_AT_ONCE, "commitments") as pool:
            while not stop.is_set():
                if time.monotonic() - swept >= SWEEP:
                    if overdue := self._asked.give_up_overdue():
                        log.error("commitments_not_reported", transactions=overdue)
                    self._commitments.forget_ended()
                    own = self._settings.commitment
                    self._commitments.heed_clock(max(own.give_up_after, own.longest_delay, own.same_association))
                    swept = time.monotonic()
                for peer in [peer for peer, future in working.items() if future.done()]:
                    working.pop(peer).result()
                for peer, due in self._due().items():
                    if peer not in working:
                        working[peer] = pool.submit(self._serve, due, stop)
                stop.wait(PERIOD)

    def _due(self) -> dict[str, list[Transaction]]:
        found: dict[str, list[Transaction]] = {}
        for transaction in self._commitments.due():
            found.setdefault(transaction.peer, []).append(transaction)
        return found

    def _serve(self, due: list[Transaction], stop: threading.Event) -> None:
        """See to what is due for one peer; once it cannot be reached, the rest is not tried now."""
        unreachable = ""
        for transaction in due:
            if stop.is_set():
                return
            unreachable = unreachable or self._attend(transaction, stop)
            if unreachable:
                self._postpone(transaction, unreachable)

    def _attend(self, transaction: Transaction, stop: threading.Event) -> str:
        """Check and report one; why the peer cannot be reached, or ""."""
        peer = self._peers.get(transaction.peer)
        if peer is None:
            self._give_up(transaction, "the peer has no address in peers")
            return ""
        with closing(checking(self._archive, self._commitments, transaction.id, self._metrics)) as steps:
            for _ in steps:
                if stop.is_set():
                    return ""
        found = self._commitments.results(transaction.id)
        if found is None:
            return ""
        results = as_now(self._archive, found)
        try:
            caller = caller_for(peer, self._settings, self._settings.commitment.timeout)
            answer = report(peer, caller, Commitment(transaction.uid, results))
        except CallFailed as failed:
            return str(failed)
        if answer.status != Status.SUCCESS:
            self._postpone(transaction, f"{peer.title} answered {answer.status:04X} {answer.comment}".strip())
            return ""
        self._commitments.reported(transaction.id)
        self._metrics.told("reported")
        failures = sum(reason != Reason.COMMITTED for reason in results.values())
        log.info(
            "commitment_reported", peer=transaction.peer, association="own", transaction=transaction.uid,
            objects=len(results), failed=failures, attempts=transaction.attempts + 1,
        )  # fmt: skip
        return ""

    def _postpone(self, transaction: Transaction, why: str) -> None:
        own = self._settings.commitment
        delay = min(own.longest_delay, own.first_delay * 2.0 ** min(transaction.attempts, 64))
        if time.time() - transaction.since >= own.give_up_after:
            self._give_up(transaction, why)
            return
        self._commitments.postpone(transaction.id, delay, why)
        self._metrics.told("postponed")
        log.warning("commitment_postponed", peer=transaction.peer, transaction=transaction.uid, why=why, seconds=delay)

    def _give_up(self, transaction: Transaction, why: str) -> None:
        self._commitments.give_up(transaction.id, why)
        self._metrics.told("given up")
        log.error("commitment_given_up", peer=transaction.peer, transaction=transaction.uid, why=why)
