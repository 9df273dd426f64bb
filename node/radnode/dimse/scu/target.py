"""Naming a peer on the command line: the title of one that is listed, or AET@host:port."""

import re
from collections.abc import Iterable

from pydantic import ValidationError

from radnode.model.errors import RadnodeError
from radnode.settings import Peer

_TARGET = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[^\]]+\]|[^:@\[\]]+):(?P<port>[0-9]{1,5})")


class InvalidTarget(RadnodeError):
    """The text names no peer."""


def parse_target(text: str, peers: Iterable[Peer]) -> Peer:
    """The peer that `text` names. An IPv6 address stands in brackets: `PACS@[::1]:104`."""
    for peer in peers:
        if peer.title.strip() == text.strip():
            return peer
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise InvalidTarget(f"{text!r} is neither a listed peer nor AET@host:port")
    try:
        return Peer(title=match["title"], host=match["host"].strip("[]"), port=int(match["port"]))
    except ValidationError as error:
        raise InvalidTarget(f"{text!r}: {error.errors()[0]['msg']}") from None
