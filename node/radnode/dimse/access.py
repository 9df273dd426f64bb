"""Who may associate, and who may use what."""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from radnode.settings import LOOPBACK, SERVICES, DicomSettings, Peer, Service

EVERYTHING = frozenset(SERVICES)

Resolve = Callable[[str], Iterable[str]]


def resolve_name(host: str) -> Iterable[str]:
    """The addresses of a host name; none where it does not resolve. It takes as long as the name servers take."""
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):  # no such name, or none that a name server can be asked for
        return set()


def is_loopback(host: str) -> bool:
    """Whether listening on `host` means that only this machine can call."""
    if host in LOOPBACK:
        return True
    try:
        return ip_address(one_spelling(host)).is_loopback
    except ValueError:
        return False


def refuse_start(dicom: DicomSettings, peers: tuple[Peer, ...]) -> str | None:
    """Why the node must not start with these settings, in one line; None where it may."""
    if is_loopback(dicom.host) or peers or dicom.accept_unknown_peers:
        return None
    return (
        f"dicom.host = {dicom.host!r} can be reached from other machines: list who may call in peers, "
        "or set dicom.accept_unknown_peers = true"
    )


def allowed_services(
    title: str, address: str, dicom: DicomSettings, peers: tuple[Peer, ...], *, resolve: Resolve = resolve_name
) -> frozenset[Service] | None:
    """What the caller `title` at `address` may use; None for a caller that is not known and has to be.

    A listed peer is bound by its `allow` wherever the node listens; its host is checked only where unknown callers are
    not accepted, because anyone else could call himself something that is not listed. Names are resolved only where
    that can make a difference.
    """
    open_to_all = is_loopback(dicom.host) or dicom.accept_unknown_peers
    listed = [peer for peer in peers if peer.title.strip() == title]
    rights = {frozenset(peer.allow) for peer in listed}
    if open_to_all and len(rights) < 2:
        return next(iter(rights), EVERYTHING)
    here = [peer for peer in listed if _is_at(peer.host, address, resolve)]
    if here or (open_to_all and listed):
        return frozenset(service for peer in here or listed for service in peer.allow)
    return None


def neighbourhood(address: str) -> str:
    """What counts as one address where associations are counted: of IPv6 the first 64 bits, which one machine owns."""
    try:
        parsed = ip_address(one_spelling(address))
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _is_at(host: str, address: str, resolve: Resolve) -> bool:
    caller = one_spelling(address)
    if one_spelling(host) == caller:
        return True
    try:
        network = ip_network(host)
    except ValueError:
        return caller in {one_spelling(found) for found in resolve(host)}
    return ip_address(caller) in network


def one_spelling(address: str) -> str:
    """An address as it is compared and recorded: an IPv4 caller on an IPv6 socket is an IPv4 caller."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
