"""C-GET (PS3.4 C.4.3): objects are stored over the association that asks for them."""

from collections.abc import Generator, Mapping

from radnode.archive.archive import Archive
from radnode.archive.retrieval import Kind, Retrieval
from radnode.dimse.scp.retrieving import Retrieving, priority_of
from radnode.dimse.scp.service import Performed
from radnode.dimse.scu.outgoing import Outgoing, Unsendable, opened, outgoing_holding, store_command
from radnode.dimse.scu.sending import unsent
from radnode.dimse.scu.values import Sent, Unsent
from radnode.dimse.upper.association import AcceptedContext, Association, Request
from radnode.dimse.upper.command import Element
from radnode.sections.retrieve import RetrieveSettings
from radnode.settings import Service


class GetProvider:
    """Sends what is asked for under the contexts for which the requestor has the SCP role (PS3.7 D.3.3.4)."""

    service: Service = "get"

    def __init__(self, archive: Archive, settings: RetrieveSettings) -> None:
        self._archive = archive
        self._retrieving = Retrieving(archive, settings, self._deliver)

    def perform(self, association: Association, request: Request) -> Performed:
        """Send every object that can be sent, and count the others."""
        return self._retrieving.perform(association, request)

    def _deliver(self, association: Association, request: Request, retrieval: Retrieval) -> Generator[Sent, None, None]:
        contexts: Mapping[Kind, AcceptedContext] = {
            (one.abstract_syntax, one.transfer_syntax): one for one in association.contexts if one.peer_provides
        }
        priority = priority_of(request)
        for holding in retrieval:
            sending = outgoing_holding(holding, self._archive.layout.root)
            yield _store(association, contexts.get(sending.context), sending, priority)


def _store(association: Association, context: AcceptedContext | None, sending: Outgoing, priority: int) -> Sent:
    if context is None:
        return unsent(sending, f"no context for {sending.sop_class} in {sending.transfer_syntax}", Unsent.REFUSED)
    try:
        with opened(sending) as stretch:
            response = association.store(context, store_command(sending, priority), *stretch)
    except Unsendable as error:
        return unsent(sending, str(error), Unsent.UNREADABLE)
    status, comment = response.number(Element.STATUS), response.text(Element.ERROR_COMMENT)
    return Sent(sending.path, status, comment, sop_instance=sending.sop_instance)
