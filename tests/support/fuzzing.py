"""Fuzzing for as long as wanted: round after round of conversations, each with a seed of its own."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Flaky
from support.fuzzed_node import FuzzedNode
from support.hostile_bytes import Conversation, conversations

ROUND = 400
"""Conversations between two looks at memory and incoming/."""
_MODEST = settings(
    max_examples=ROUND, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)  # fmt: skip


def fuzz(node: FuzzedNode, first_seed: int, seconds: float, kept: Path, tell: Callable[[int, int], None]) -> str:
    """Hold conversations until the time is over; why one did harm, which then lies in `kept`, or "".

    The first that does harm is kept at once, and in its place each smaller one, until hypothesis finds none any more
    (five minutes at most). `tell` hears how many conversations were held, and the seed of the round.
    """
    end, number, held = time.monotonic() + seconds, first_seed, 0

    def hold(conversation: Conversation) -> None:
        nonlocal held
        try:
            node.hold(conversation)
        except AssertionError:
            save(conversation, kept)
            raise
        held += 1
        tell(held, number)

    while time.monotonic() < end:
        try:
            seed(number)(_MODEST(given(conversations())(hold)))()
            node.assert_well()
        except (AssertionError, Flaky) as failure:
            return f"seed {number}: {failure}"
        number += 1
    return ""


def save(conversation: Conversation, path: Path) -> None:
    """Keep it for `load`."""
    segments = [segment.hex() for segment in conversation.segments]
    path.write_text(json.dumps({"then": conversation.then, "segments": segments}, indent=1) + "\n")


def load(path: Path) -> Conversation:
    """What `save` kept."""
    kept = json.loads(path.read_text())
    return Conversation(tuple(map(bytes.fromhex, kept["segments"])), kept["then"])
