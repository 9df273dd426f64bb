"""Getting objects here whichever way the peer offers."""

from collections.abc import Iterator, Mapping

from radnode.dimse.scu.query import move
from radnode.dimse.scu.retrieve import Taker, get
from radnode.dimse.scu.values import Caller, Progress
from radnode.model.call_errors import NotOffered
from radnode.model.level import Level
from radnode.settings import Peer


def fetch(peer: Peer, caller: Caller, level: Level, keys: Mapping[str, str], into: Taker) -> Iterator[Progress]:
    """Retrieve by C-GET, or where the peer does not offer that, by a C-MOVE to the caller's own AE title.

    The peer must know that title then, and objects come in through the node's own door, not through `into`.
    """
    try:
        yield from get(peer, caller, level, keys, into)
    except NotOffered:
        yield from move(peer, caller, level, keys, caller.ae_title)
