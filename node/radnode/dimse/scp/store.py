"""C-STORE (PS3.4 Annex B): fragments go from the socket to the archive; success only after the archive committed.

What rules send on is in the queue by then as well.
"""

from radnode.archive.archive import Archive
from radnode.dimse.scp.service import Performed, concluded
from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.association import Association, Request
from radnode.model.redaction import redact
from radnode.model.route import Door, Sender
from radnode.model.uid import UID, InvalidUID, parse_uid
from radnode.settings import Service
from radnode.work.routing import Router


class StoreProvider:
    """Takes objects into the archive, and into the queue of what is to be sent on."""

    service: Service = "store"

    def __init__(self, archive: Archive, router: Router, max_object_size: int) -> None:
        """`max_object_size` in bytes; 0 is no limit."""
        self._archive = archive
        self._router = router
        self._max_object_size = max_object_size

    def perform(self, association: Association, request: Request) -> Performed:
        """Store the object, or swallow it and say why not; the association lives on either way."""
        before = association.received
        detail: dict[str, object] = {"instance": redact(request.sop_instance)}
        status, comment = concluded(association, request, lambda: self._store(association, request, detail))
        detail["bytes"] = association.received - before
        if comment:
            detail["comment"] = comment
        return Performed(status, detail)

    def _store(self, association: Association, request: Request, detail: dict[str, object]) -> None:
        _check(request)
        receiving = self._archive.receive(
            UID(request.context.transfer_syntax),
            sop_class=request.sop_class,
            sop_instance=request.sop_instance,
            limit=self._max_object_size,
        )
        with receiving:
            for fragment in association.fragments():
                receiving.write(fragment)
            stored = receiving.commit()
        self._router.route(stored, Sender(Door.CALLER, association.calling))
        detail["outcome"] = stored.outcome.name.lower()


def _check(request: Request) -> None:
    """What the command alone shows to be wrong (PS3.7 9.1.1)."""
    try:
        parse_uid(request.sop_instance)
    except InvalidUID:
        raise Refusal(Status.INVALID_INSTANCE, "Affected SOP Instance UID is not a UID") from None
    if request.sop_class != request.context.abstract_syntax:
        raise Refusal(Status.SOP_CLASS_NOT_SUPPORTED, "SOP class is not that of the presentation context")
    if not request.command.has_data_set:
        raise Refusal(Status.CANNOT_UNDERSTAND, "C-STORE without a data set")
