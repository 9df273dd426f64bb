"""A file of peers for review, made from the record of who has asked for associations."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from itertools import groupby

from pydantic import TypeAdapter, ValidationError

from radnode.cli.refusal import shown
from radnode.cli.verbs.show import literal
from radnode.dimse.requestors import Requestor
from radnode.setting_types import AETitle
from radnode.settings import SERVICES

_HEAD = """\
# Who has called this node, as peers. Every line is what a caller said of itself: review it, correct it, take out what
# should not be. Then put it at the end of the configuration file, and set
#     [dicom]
#     learn = false
#     accept_unknown_peers = false
# A port is where radnode would call the peer, and cannot be learned: 104 is a guess. `allow` is what the caller asked
# for; what it was served stands above it. Who was rejected each time is left as a comment.
"""
_GUESS = 104
_TITLE = TypeAdapter(AETitle)


def peers_file(requestors: Iterable[Requestor], listed: Mapping[str, str]) -> str:
    """The text of the file; `listed` are the hosts of the peers that there are, by title."""
    by_title = sorted(requestors, key=lambda one: one.calling)
    blocks = [_block(title, list(group), listed) for title, group in groupby(by_title, key=lambda one: one.calling)]
    return "\n".join([_HEAD, *blocks])


def _block(title: str, met: list[Requestor], listed: Mapping[str, str]) -> str:
    notes = "".join(f"# {line}\n" for one in met for line in _notes(one))
    if not _is_proper(title):
        return notes + "# It cannot be listed: that is no AE title.\n"
    if title in listed:
        return notes + f"# It is listed already, at {shown(listed[title])}.\n"
    accepted = [one for one in met if one.associations]
    if not accepted:
        return notes + "".join(f"# {line}\n" for line in _table(title, met))
    return notes + _hint(accepted) + "".join(f"{line}\n" for line in _table(title, accepted))


def _notes(one: Requestor) -> Iterator[str]:
    seen = f"first {one.first:%Y-%m-%d %H:%M}, last {one.last:%Y-%m-%d %H:%M} UTC"
    yield (
        f"{literal(shown(one.calling))} at {one.address}, calling {literal(shown(one.called))}: "
        f"{one.associations} associations, {one.rejections} rejected; {seen}"
    )
    if one.used:
        yield f"    was served {', '.join(sorted(one.used))}"
    if one.reason:
        yield f"    rejected the last time: {shown(one.reason)}"


def _table(title: str, met: list[Requestor]) -> list[str]:
    asked = frozenset[str]().union(*(one.asked for one in met))
    host = max(met, key=lambda one: (one.associations, one.last)).address
    return [
        "[[peers]]",
        f"title = {literal(title)}",
        f"host = {literal(host)}",
        f"port = {_GUESS}",
        f"allow = {literal([service for service in SERVICES if service in asked])}",
    ]


def _hint(met: list[Requestor]) -> str:
    """What to do about one title at several addresses: a title stands in the list once."""
    addresses = {one.address for one in met}
    if len(addresses) < 2:
        return ""
    network = _network(addresses)
    return f"# It calls from {len(addresses)} addresses, and one host can stand here" + (
        f'; a network that holds them all is "{network}".\n' if network else ".\n"
    )


def _network(addresses: Iterable[str]) -> str:
    """The smallest network with all of them; "" where there is none that is of any use."""
    parsed = [ip_address(one) for one in addresses]
    if len({one.version for one in parsed}) > 1:
        return ""
    bits = parsed[0].max_prefixlen
    different = max(int(one) ^ int(parsed[0]) for one in parsed).bit_length()
    return str(ip_network((parsed[0], bits - different), strict=False)) if different <= bits // 2 else ""


def _is_proper(title: str) -> bool:
    try:
        return _TITLE.validate_python(title) == title
    except ValidationError:
        return False
