"""C-MOVE (PS3.4 C.4.2): objects are stored to another application entity, which has to be a known peer."""

from collections.abc import Generator, Iterator
from dataclasses import replace

import structlog

from radnode.archive.archive import Archive
from radnode.archive.retrieval import Retrieval
from radnode.dimse.callers import caller_for
from radnode.dimse.credentials import BadCertificates
from radnode.dimse.scp.retrieving import Retrieving, priority_of
from radnode.dimse.scp.service import Performed
from radnode.dimse.scu.forms import in_associations
from radnode.dimse.scu.outgoing import Originator, outgoing_holding
from radnode.dimse.scu.sending import Sending, unsent
from radnode.dimse.scu.values import Sent, Unsent
from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.upper.command import Element
from radnode.dimse.upper.endings import Ending, HandshakeFailed, Silent
from radnode.dimse.upper.requesting import Rejected
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.model.call_errors import CallFailed
from radnode.settings import Peer, Service, Settings

log = structlog.get_logger()


class MoveProvider:
    """Sends what is asked for to the peer that the request names, over associations of its own."""

    service: Service = "move"

    def __init__(self, archive: Archive, settings: Settings, transcoder: Transcoder | None = None) -> None:
        """Without a `transcoder` objects are sent as they are stored or not at all."""
        self._transcoder = transcoder
        self._archive = archive
        self._settings = settings
        self._retrieving = Retrieving(archive, settings.retrieve, self._deliver)

    def perform(self, association: Association, request: Request) -> Performed:
        """Send every object that can be sent, and count the others."""
        return self._retrieving.perform(association, request)

    def _deliver(self, association: Association, request: Request, retrieval: Retrieval) -> Generator[Sent, None, None]:
        destination = self._destination(association.calling, request)
        try:
            yield from self._send(destination, association, request, retrieval)
        except CallFailed as error:  # before anything was sent
            why = _words(error)
            log.warning("destination_unreachable", destination=destination.title, why=str(error))
            for holding in retrieval:
                yield unsent(outgoing_holding(holding, self._archive.layout.root), why, Unsent.NOT_TRIED)

    def _send(
        self, destination: Peer, association: Association, request: Request, retrieval: Retrieval
    ) -> Iterator[Sent]:
        originator = Originator(association.calling, request.message_id)
        caller = caller_for(destination, self._settings, self._settings.retrieve.timeout)
        sending = Sending(
            destination,
            replace(caller, transcoder=self._transcoder, is_wanted=lambda: association.is_wanted(request)),
            priority=priority_of(request),
            originator=originator,
            words=_words,
        )
        known = retrieval.kinds
        for place, (kinds, contexts) in enumerate(in_associations(known, is_transcoded=self._transcoder is not None)):
            objects = (
                outgoing_holding(one, self._archive.layout.root)
                for one in retrieval
                if one.kind in kinds or (not place and one.kind not in known)  # such came after they were counted
            )
            yield from sending.send(objects, contexts)

    def _destination(self, calling: str, request: Request) -> Peer:
        """The peer that is named. Raises Refusal where none is, or the requestor may not move anything there.

        This node is no destination of its own: what it would send, it has. A title that is listed more than once has
        the limits of each.
        """
        title = request.command.text(Element.MOVE_DESTINATION).strip()
        listed = [peer for peer in self._settings.peers if peer.title.strip() == title]
        if not listed:
            is_self = title == self._settings.dicom.ae_title.strip()
            why = "the objects are at this destination already" if is_self else "the destination is not known here"
            raise Refusal(Status.DESTINATION_UNKNOWN, why)
        if not all(_may_move_to(title, peer) for peer in self._settings.peers if peer.title.strip() == calling):
            raise Refusal(Status.NOT_AUTHORISED, "the requestor may not move anything to this destination")
        return next((peer for peer in listed if peer.is_callable), listed[0])


def _may_move_to(title: str, requestor: Peer) -> bool:
    allowed = requestor.destinations
    return allowed is None or title in {one.strip() for one in allowed}


def _words(error: CallFailed) -> str:
    """What the requestor is told, which is not to know where the destination is."""
    match error.__cause__:
        case Rejected() as rejected:
            return f"rejected by the destination: {rejected.words}"
        case HandshakeFailed() | BadCertificates():
            return "no TLS with the destination"
        case Silent():
            return "the destination does not answer"
        case Ending():
            return "the destination cannot be reached"
        case _:
            return "the destination cannot be called"
