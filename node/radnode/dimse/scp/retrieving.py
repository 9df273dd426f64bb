"""What C-GET and C-MOVE have in common: an identifier, sub-operations one after another, counters, C-CANCEL."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing

from radnode.archive.archive import Archive
from radnode.archive.retrieval import Retrieval
from radnode.dimse.contexts import ROOT_OF
from radnode.dimse.retrieve_identifier import parse_retrieve_identifier
from radnode.dimse.scp.identifiers import identifier_of
from radnode.dimse.scp.service import Performed
from radnode.dimse.scp.suboperations import SubOperations
from radnode.dimse.scu.values import Sent, Unsent
from radnode.dimse.status import Refusal, Status, error_comment, refusal_of
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.upper.command import Element
from radnode.model.errors import OutOfResources, RadnodeError
from radnode.model.query import Query
from radnode.model.uid import UID
from radnode.sections.retrieve import RetrieveSettings

_PENDING_SECONDS = 0.5
_PENDING_PARTS = 100

Deliver = Callable[[Association, Request, Retrieval], Generator[Sent, None, None]]
"""Sends what is to be retrieved and tells what became of each; Refusal where nothing may be sent."""


class Retrieving:
    """Performs requests to retrieve, whichever way the objects go."""

    def __init__(self, archive: Archive, settings: RetrieveSettings, deliver: Deliver) -> None:
        self._archive = archive
        self._settings = settings
        self._deliver = deliver

    def perform(self, association: Association, request: Request) -> Performed:
        """Have all sub-operations done, and answer (C.4.2.3, C.4.3.3)."""
        detail: dict[str, object] = {}
        operations = SubOperations(0)
        with ExitStack() as after:
            try:
                query = _query(association, request)
                detail["query_level"] = query.level.name
                retrieval = self._retrieval(query)
                operations = SubOperations(retrieval.total)
                # Closed when it was answered: a release takes as long as the destination likes.
                delivered = after.enter_context(closing(self._deliver(association, request, retrieval)))
                status, comment = self._carry_out(association, request, delivered, operations)
            except Refusal as refusal:
                status, comment = refusal.status, refusal.comment
            association.skip_data_set()
            _respond(association, request, operations, status, comment)
        return Performed(status, detail | operations.told() | ({"comment": comment} if comment else {}))

    def _retrieval(self, query: Query) -> Retrieval:
        try:
            retrieval = self._archive.retrieve(query)
        except OutOfResources as error:
            raise Refusal(Status.UNABLE_TO_CALCULATE, error_comment(str(error))) from error
        except RadnodeError as error:
            raise refusal_of(error) from error
        most = self._settings.max_instances
        if most and retrieval.total > most:
            raise Refusal(Status.UNABLE_TO_PERFORM, f"{retrieval.total} instances; at most {most} at a time")
        return retrieval

    def _carry_out(
        self, association: Association, request: Request, delivered: Iterator[Sent], operations: SubOperations
    ) -> tuple[Status, str]:
        """The status and comment that they end with."""
        pending = _Pending(association, request, operations)
        try:
            for sent in delivered:
                is_cancelled = association.is_cancelled(request)
                if not is_cancelled or sent.unsent is not Unsent.NOT_TRIED:
                    operations.count(sent)
                if is_cancelled:
                    return Status.CANCELLED, ""
                pending.tell()
        except OutOfResources as error:
            operations.fail_rest(str(error))
        return operations.status(), operations.comment()


class _Pending:
    """Tells how far it is: after each sub-operation of a few, after each hundredth of many, and never much later."""

    def __init__(self, association: Association, request: Request, operations: SubOperations) -> None:
        self._association, self._request, self._operations = association, request, operations
        self._step = max(1, operations.total // _PENDING_PARTS)
        self._next = operations.total - self._step
        self._due = time.monotonic() + _PENDING_SECONDS

    def tell(self) -> None:
        """Send a pending response if it is time for one. After the last sub-operation the final one says it all."""
        remaining = self._operations.remaining
        if not remaining or (remaining > self._next and time.monotonic() < self._due):
            return
        counters = self._operations.counters(with_remaining=True)
        self._association.respond_counted(self._request, Status.PENDING, counters)
        self._next = remaining - self._step
        self._due = time.monotonic() + _PENDING_SECONDS


def _query(association: Association, request: Request) -> Query:
    data = identifier_of(association, request, if_too_long=Status.UNABLE_TO_CALCULATE)
    root = ROOT_OF[request.context.abstract_syntax]
    try:
        return parse_retrieve_identifier(data, UID(request.context.transfer_syntax), root)
    except RadnodeError as error:
        raise refusal_of(error) from error


def _respond(
    association: Association, request: Request, operations: SubOperations, status: Status, comment: str
) -> None:
    counters = operations.counters(with_remaining=status == Status.CANCELLED)
    if comment:
        counters[Element.ERROR_COMMENT] = comment
    failed = operations.failed_list(UID(request.context.transfer_syntax))
    association.respond_counted(request, status, counters, failed)


def priority_of(request: Request) -> int:
    """The priority that a request asks for, which its sub-operations have as well; medium where it asks for none."""
    value = int.from_bytes(request.command.elements.get(Element.PRIORITY, b""), "little")
    return value if value in (0, 1, 2) else 0
