"""Getting objects here whichever way the peer offers."""

from collections.abc import Iterator, Mapping

from radnode.dimse.credentials import BadCertificates, client_context
from radnode.dimse.scu.query import move
from radnode.dimse.scu.retrieve import Taker, get
from radnode.dimse.scu.values import Caller, CallFailed, NotOffered, Progress
from radnode.dimse.upper.stopping import Stopping
from radnode.model.level import Level
from radnode.settings import Peer, Settings


def fetch(peer: Peer, caller: Caller, level: Level, keys: Mapping[str, str], into: Taker) -> Iterator[Progress]:
    """Retrieve by C-GET, or where the peer does not offer that, by a C-MOVE to the caller's own AE title.

    The peer must know that title then, and objects come in through the node's own door, not through `into`.
    """
    try:
        yield from get(peer, caller, level, keys, into)
    except NotOffered:
        yield from move(peer, caller, level, keys, caller.ae_title)


def caller_for(peer: Peer, settings: Settings, timeout: float, stopping: Stopping | None = None) -> Caller:
    """Who calls `peer` under these settings. CallFailed where it is to be called over TLS and a file is no good."""
    try:
        tls = client_context(settings.tls) if peer.tls else None
    except BadCertificates as error:
        raise CallFailed("this node has no certificates that it can use") from error
    return Caller(settings.dicom.ae_title, timeout, tls, stopping)
