"""Storage Commitment Push Model as a user (PS3.4 J.3): asking a peer to commit, and hearing what became of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from pydicom.uid import generate_uid

from radnode.dimse.commitment import REQUEST_COMMITMENT, WELL_KNOWN_INSTANCE, encode_request, limit_for
from radnode.dimse.commitment_messages import commitment_in, refusal_of, take_report
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.values import Caller
from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.exchange import Exchange, Message
from radnode.dimse.upper.requesting import Requested
from radnode.model.call_errors import CallFailed
from radnode.model.commitment import Reference, Results
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID
from radnode.settings import Peer
from radnode.work.asked_commitments import AskedCommitments

PATIENCE = 259200.0
"""Seconds for which a report is waited for, on whatever association it may come."""
_PERIOD = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A transaction that a peer has taken, and what it reported, if it has: a reason for each object."""

    transaction: UID
    results: Results | None


def commit(
    peer: Peer,
    caller: Caller,
    references: Sequence[Reference],
    asked: AskedCommitments,
    *,
    wait: float,
    patience: float = PATIENCE,
    stop: Event | None = None,
) -> Asked:
    """Ask the peer to commit, and wait up to `wait` seconds for its report, or until `stop` is set.

    It may report on this association, or call our node: both end in `asked`, where a late report is found by its
    transaction (`asked.results`). Raises CallFailed where the peer does not take the request, OutOfResources.
    """
    transaction = UID(generate_uid(prefix=None))
    asked.ask(peer.title, transaction, references, patience=patience)
    deadline, stop = time.monotonic() + wait, stop or Event()
    was_taken = False
    try:
        with calling(peer, caller, [(STORAGE_COMMITMENT, (EXPLICIT, IMPLICIT))]) as requested:
            asking = _Asking(requested, context_for(requested, STORAGE_COMMITMENT, peer), asked, len(references))
            status, comment = asking.ask(transaction, references)
            was_taken = status == Status.SUCCESS
            if was_taken:
                asking.listen(transaction, deadline, stop)
    except CallFailed as failed:
        if not was_taken:
            asked.refuse(transaction, str(failed))
            raise
    if not was_taken:
        why = f"{peer.title} answered {status:04X} {comment}".strip()
        asked.refuse(transaction, why)
        raise CallFailed(why)
    return Asked(transaction, _await(asked, transaction, deadline, stop))


class _Asking:
    """The association with a peer that is asked."""

    def __init__(self, requested: Requested, context: int, asked: AskedCommitments, objects: int) -> None:
        self._exchange = Exchange(requested, limit=limit_for(objects))
        self._context = context
        self._syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        self._asked = asked
        self._objects = objects

    def ask(self, transaction: UID, references: Sequence[Reference]) -> tuple[int, str]:
        """The status of the N-ACTION, and what the peer says to it."""
        elements: dict[int, int | str] = {
            Element.REQUESTED_SOP_CLASS: STORAGE_COMMITMENT,
            Element.REQUESTED_SOP_INSTANCE: WELL_KNOWN_INSTANCE,
            Element.ACTION_TYPE: REQUEST_COMMITMENT,
        }
        data_set = encode_request(transaction, references, self._syntax)
        response = self._exchange.ask(self._context, Field.N_ACTION, elements, data_set)
        return response.status, response.command.text(Element.ERROR_COMMENT)

    def listen(self, transaction: UID, deadline: float, stop: Event) -> None:
        """Hear what the peer reports, until our transaction has its results, from here or elsewhere."""
        while self._asked.results(transaction) is None and not stop.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            message = self._exchange.next_request(min(left, _PERIOD))
            if message is not None:
                self._take(message)

    def _take(self, message: Message) -> None:
        """Keep a report, and only then say so; whatever else is asked is none of our services."""
        if message.command.number(Element.COMMAND_FIELD) != Field.N_EVENT_REPORT:
            self._exchange.answer(message, Status.UNRECOGNISED_OPERATION)
            return
        try:
            take_report(self._asked, commitment_in(message.command, message.data_set, self._syntax, self._objects))
        except (Refusal, RadnodeError) as error:
            refusal = refusal_of(error)
            self._exchange.answer(message, refusal.status, comment=refusal.comment)
        else:
            self._exchange.answer(message, Status.SUCCESS)


def _await(asked: AskedCommitments, transaction: UID, deadline: float, stop: Event) -> Results | None:
    """The results, once our node has them or the time is over."""
    while (results := asked.results(transaction)) is None and (left := deadline - time.monotonic()) > 0:
        if stop.wait(min(left, _PERIOD)):
            break
    return results
