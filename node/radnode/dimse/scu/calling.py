"""Calling a peer: an association for a block, with every way to fail told as CallFailed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from radnode.dimse.scu.values import Caller
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.endings import Ending, Silent, Stopped, Unwanted
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.model.call_errors import CallFailed, Cancelled, NoAnswer, NotOffered
from radnode.settings import Peer

_NOTHING: Mapping[str, bytes] = {}
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


@contextmanager
def calling(
    peer: Peer,
    caller: Caller,
    contexts: Iterable[tuple[str, tuple[str, ...]]],
    *,
    provider_of: Iterable[str] = (),
    extended: Mapping[str, bytes] = _NOTHING,
) -> Iterator[Requested]:
    """An association with `peer`; `contexts` are pairs of abstract syntax and transfer syntaxes, 128 at most.

    `provider_of` and `extended` are as `associate` has them.
    """
    if peer.tls and caller.tls is None:
        raise CallFailed(f"{peer.title} is to be called over TLS, and this caller has none")
    if not peer.is_callable:
        raise CallFailed(f"{peer.title} is known by its network alone ({peer.host}), so it cannot be called")
    tls = caller.tls if peer.tls else None
    address = Address(peer.host, peer.port, peer.title.strip(), caller.ae_title.strip(), tls)
    proposed = [ProposedContext(1 + 2 * place, *context) for place, context in enumerate(contexts)]
    try:
        with associate(
            address,
            proposed,
            provider_of=provider_of,
            extended=extended,
            timeout=caller.timeout,
            stopping=caller.stopping,
            is_wanted=caller.is_wanted,
        ) as requested:
            yield requested
    except Ending as ending:
        raise _kind_of(ending)(f"{peer.title}: {ending}") from ending


def _kind_of(ending: Ending) -> type[CallFailed]:
    if isinstance(ending, Silent) or isinstance(ending.__cause__, TimeoutError):
        return NoAnswer
    return Cancelled if isinstance(ending, (Stopped, Unwanted)) else CallFailed


def context_for(requested: Requested, abstract_syntax: str, peer: Peer) -> int:
    """The context of a service; NotOffered where the peer did not accept it."""
    found = requested.context_for(abstract_syntax)
    if found is None:
        raise NotOffered(f"{peer.title} does not accept {abstract_syntax}")
    return found
