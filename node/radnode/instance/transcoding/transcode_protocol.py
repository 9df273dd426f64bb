"""What goes over the socket between a transcoder and its workers; light, so that the transcoder loads no decoder.

The socket keeps the bounds of messages (SOCK_SEQPACKET). A request comes with the descriptor of the file that the data
set is to be written to, so that a worker which is killed leaves nothing behind.
"""

import json
from dataclasses import asdict, dataclass

from radnode.model.errors import CannotTranscode, NotFound, RadnodeError

MAX_MESSAGE = 1 << 16
READY, DONE = b"0", b"1"
REFUSALS: dict[bytes, type[RadnodeError]] = {b"2": CannotTranscode, b"3": NotFound}
"""The first byte of an answer, and what it means; what follows is the size that was written, or the words."""


@dataclass(frozen=True)
class Request:
    """An object that is wanted in the transfer syntax `target`; `limit` is the seconds that it may take."""

    path: str
    target: str
    limit: float

    def encode(self) -> bytes:
        """The request as it goes over the socket."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Request":
        """The request that was encoded."""
        return cls(**json.loads(body))


def written(answer: bytes) -> int:
    """How many bytes an answer says were written; raises the refusal that it may be instead."""
    kind, words = answer[:1], answer[1:].decode()
    if kind != DONE:
        raise REFUSALS[kind](words)
    return int(words)
