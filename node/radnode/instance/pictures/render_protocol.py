"""What goes over the socket between a render pool and its workers; light, so that the pool loads no decoder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from struct import Struct
from typing import Any, TypeAlias

from radnode.instance.pictures.frame_facts import FrameFacts, FramesWish, Preset
from radnode.instance.pictures.picture import Facts, Picture, PictureWish
from radnode.instance.words.report_wish import PresentedReport, ReportWish
from radnode.model.errors import (
    CannotPresent,
    CannotRender,
    NoPixelData,
    NotApplicable,
    NotDicom,
    NotFound,
    RadnodeError,
)

LENGTH = Struct(">I")  # before each request
ANSWER = Struct(">BII")  # before each answer: its kind, the length of what is said of it (JSON), and its own length
READY, MADE = 0, 1
LAST = 0x80  # in the kind of an answer: the worker ends after it
REFUSALS: dict[int, type[RadnodeError]] = {
    2: CannotRender,
    3: NoPixelData,
    4: NotFound,
    5: NotApplicable,
    6: CannotPresent,
    7: NotDicom,
}

Wish: TypeAlias = PictureWish | FramesWish | ReportWish
"""Whatever can be asked of a worker about a file."""
Made: TypeAlias = Picture | FrameFacts | PresentedReport
"""What comes of a wish, in the same order."""
_WISHES: Mapping[str, type[Wish]] = {"picture": PictureWish, "frames": FramesWish, "report": ReportWish}
_NAMES = {kind: name for name, kind in _WISHES.items()}


@dataclass(frozen=True)
class Request:
    """What is wanted of a file; `limit` is the seconds it may take before the worker ends itself."""

    path: str
    wish: Wish
    limit: float

    def encode(self) -> bytes:
        """The request as it goes over the socket."""
        kind = _NAMES[type(self.wish)]
        body = json.dumps({"path": self.path, "kind": kind, "wish": asdict(self.wish), "limit": self.limit}).encode()
        return LENGTH.pack(len(body)) + body

    @classmethod
    def decode(cls, body: bytes) -> "Request":
        """The request that was encoded, without its length."""
        told = json.loads(body)
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in told["wish"].items()
        }
        return cls(told["path"], _WISHES[told["kind"]](**given), told["limit"])


def encode_made(made: Made) -> bytes:
    """The answer that is what was wished for."""
    told = made.facts if isinstance(made, Picture) else made if isinstance(made, FrameFacts) else None
    said = b"" if told is None else json.dumps(asdict(told)).encode()
    data = b"" if isinstance(made, FrameFacts) else made.data
    return ANSWER.pack(MADE, len(said), len(data)) + said + data


def encode_refusal(refusal: RadnodeError) -> bytes:
    """The answer that is one of REFUSALS, in its words."""
    kind = next(kind for kind, error in REFUSALS.items() if isinstance(refusal, error))
    words = str(refusal).encode()
    return ANSWER.pack(kind, 0, len(words)) + words


def as_last(answer: bytes) -> bytes:
    """The encoded answer as one after which the worker ends."""
    return bytes([answer[0] | LAST]) + answer[1:]


def decode_made(wish: Wish, said: bytes, data: bytes) -> Made:
    """What was encoded for that wish."""
    if isinstance(wish, ReportWish):
        return PresentedReport(data)
    facts = json.loads(said)
    if isinstance(wish, PictureWish):
        return Picture(data, Facts(**facts))
    windows = facts["windows"] and tuple(window and tuple(window) for window in facts["windows"])
    return FrameFacts(**{**facts, "presets": tuple(Preset(**one) for one in facts["presets"]), "windows": windows})
