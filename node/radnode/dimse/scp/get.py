"""C-GET (PS3.4 C.4.3): objects are stored over the association that asks for them."""

from collections.abc import Generator, Mapping

from radnode.archive.archive import Archive
from radnode.archive.retrieval import Retrieval
from radnode.dimse.scp.retrieving import Retrieving, priority_of
from radnode.dimse.scp.service import Performed
from radnode.dimse.scu.forms import prepared
from radnode.dimse.scu.outgoing import Outgoing, Unsendable, outgoing_holding, store_command
from radnode.dimse.scu.sending import unsent
from radnode.dimse.scu.values import Sent
from radnode.dimse.upper.association import AcceptedContext, Association, Request
from radnode.dimse.upper.command import Element
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.sections.retrieve import RetrieveSettings
from radnode.settings import Service

Offered = Mapping[str, Mapping[str, AcceptedContext]]
"""SOP class -> transfer syntax -> the context in force for both."""


class GetProvider:
    """Sends what is asked for under the contexts for which the requestor has the SCP role (PS3.7 D.3.3.4)."""

    service: Service = "get"

    def __init__(self, archive: Archive, settings: RetrieveSettings, transcoder: Transcoder | None = None) -> None:
        """Without a `transcoder` objects are sent as they are stored or not at all."""
        self._archive = archive
        self._transcoder = transcoder
        self._retrieving = Retrieving(archive, settings, self._deliver)

    def perform(self, association: Association, request: Request) -> Performed:
        """Send every object that can be sent, and count the others."""
        return self._retrieving.perform(association, request)

    def _deliver(self, association: Association, request: Request, retrieval: Retrieval) -> Generator[Sent, None, None]:
        offered = _offered(association)
        for holding in retrieval:
            yield self._store(association, request, offered, outgoing_holding(holding, self._archive.layout.root))

    def _store(self, association: Association, request: Request, offered: Offered, sending: Outgoing) -> Sent:
        contexts = offered.get(sending.sop_class, {})

        def is_wanted() -> bool:
            return association.is_wanted(request)

        try:
            with prepared(sending, contexts, self._transcoder, is_wanted) as (syntax, stretch):
                elements = store_command(sending, priority_of(request))
                response = association.store(contexts[syntax], elements, *stretch)
        except Unsendable as error:
            return unsent(sending, str(error), error.kind)
        status, comment = response.number(Element.STATUS), response.text(Element.ERROR_COMMENT)
        return Sent(sending.path, status, comment, sop_instance=sending.sop_instance)


def _offered(association: Association) -> Offered:
    offered: dict[str, dict[str, AcceptedContext]] = {}
    for context in association.contexts:
        if context.peer_provides:
            offered.setdefault(context.abstract_syntax, {}).setdefault(context.transfer_syntax, context)
    return offered
