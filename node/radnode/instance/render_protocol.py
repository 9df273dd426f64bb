"""What goes over the socket between a render pool and its workers; light, so that the pool loads no decoder."""

import json
from dataclasses import asdict, dataclass
from struct import Struct
from typing import Literal

from radnode.model.errors import CannotRender, NoPixelData, NotFound, RadnodeError

Format = Literal["png", "jpeg"]
LENGTH = Struct(">I")  # before each request
ANSWER = Struct(">BI")  # before each answer: its kind and its length
READY, PICTURE = 0, 1
REFUSALS: dict[int, type[RadnodeError]] = {2: CannotRender, 3: NoPixelData, 4: NotFound}


@dataclass(frozen=True)
class Request:
    """A picture that is wanted; `limit` is the seconds it may take before the worker ends itself."""

    path: str
    format: Format
    quality: int
    limit: float

    def encode(self) -> bytes:
        """The request as it goes over the socket."""
        body = json.dumps(asdict(self)).encode()
        return LENGTH.pack(len(body)) + body

    @classmethod
    def decode(cls, body: bytes) -> "Request":
        """The request that was encoded, without its length."""
        return cls(**json.loads(body))
