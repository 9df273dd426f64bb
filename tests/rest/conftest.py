from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from support.rest import Rest, serving_new_archive


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """The server's code may not block the event loop; what the tests themselves do there is not looked at."""
    with blockbuster_ctx(["radnode_http", "radnode"]) as watching:
        # The measuring of coverage takes a lock of its own in whatever code it measures.
        watching.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")
        yield watching


@pytest.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Rest]:
    """A server over an empty archive."""
    async with serving_new_archive(tmp_path / "storage") as it:
        yield it


@pytest.fixture(scope="module")
async def lasting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """One server for all tests of a module that leave nothing behind in it."""
    async with serving_new_archive(tmp_path_factory.mktemp("lasting") / "storage") as it:
        yield it
