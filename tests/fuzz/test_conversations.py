"""Hostile conversations with a whole node: none hangs, fails or leaves anything. The long form is scripts/fuzz."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from support.fuzzed_node import FuzzedNode
from support.hostile_bytes import Conversation, conversations


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzedNode]:
    node = FuzzedNode(tmp_path_factory.mktemp("fuzz") / "store")
    yield node
    node.stop()


@given(conversations())
@settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
def test_no_conversation_does_harm(node: FuzzedNode, conversation: Conversation) -> None:
    node.hold(conversation)


def test_the_node_is_well_after_all_of_them(node: FuzzedNode) -> None:
    """It has not grown, left nothing in incoming/, and stores the next good object."""
    node.assert_well()
