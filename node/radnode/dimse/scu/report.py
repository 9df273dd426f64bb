"""N-EVENT-REPORT of the Storage Commitment Push Model on an association of our own (PS3.4 J.3.3)."""

from typing import NamedTuple

from radnode.dimse.commitment import WELL_KNOWN_INSTANCE, Commitment, encode_report
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT, calling, context_for
from radnode.dimse.scu.values import Caller
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.exchange import Exchange
from radnode.model.uid import UID
from radnode.settings import Peer

_REPLY = 1 << 16  # bytes; an Event Reply is not expected at all


class Answer(NamedTuple):
    """What a peer says to a report; with any other status than 0 it has not taken it."""

    status: int
    comment: str


def report(peer: Peer, caller: Caller, commitment: Commitment) -> Answer:
    """Tell the peer what became of its request, as the provider that it asked. Raises CallFailed unless it answers."""
    contexts = [(STORAGE_COMMITMENT, (EXPLICIT, IMPLICIT))]
    with calling(peer, caller, contexts, provider_of=[STORAGE_COMMITMENT]) as requested:
        context = context_for(requested, STORAGE_COMMITMENT, peer)
        syntax = UID(requested.accepted[context].transfer_syntaxes[0])
        event, data_set = encode_report(*commitment, caller.ae_title.strip(), syntax)
        elements: dict[int, int | str] = {
            Element.SOP_CLASS: STORAGE_COMMITMENT,
            Element.SOP_INSTANCE: WELL_KNOWN_INSTANCE,
            Element.EVENT_TYPE: event,
        }
        response = Exchange(requested, limit=_REPLY).ask(context, Field.N_EVENT_REPORT, elements, data_set)
    return Answer(response.status, response.command.text(Element.ERROR_COMMENT))
