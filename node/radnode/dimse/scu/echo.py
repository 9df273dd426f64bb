"""C-ECHO as a user."""

import time

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.scu.calling import IMPLICIT, calling, context_for
from radnode.dimse.scu.values import Caller, Echoed
from radnode.dimse.upper.command import Element, Field
from radnode.settings import Peer


def echo(peer: Peer, caller: Caller) -> Echoed:
    """Ask whether the peer is there (PS3.4 Annex A)."""
    started = time.monotonic()
    with calling(peer, caller, [(VERIFICATION, (IMPLICIT,))]) as requested:
        message_id = requested.next_message_id()
        elements: dict[int, int | str] = {
            Element.SOP_CLASS: VERIFICATION,
            Element.COMMAND_FIELD: Field.C_ECHO,
            Element.MESSAGE_ID: message_id,
        }
        requested.messages.send(context_for(requested, VERIFICATION, peer), elements)
        status = requested.response(Field.C_ECHO, message_id).number(Element.STATUS)
    return Echoed(status, (time.monotonic() - started) * 1000)
