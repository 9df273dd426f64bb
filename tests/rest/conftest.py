from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from support.rest import Rest, open_archive, rest_settings, serving


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """The server's code may not block the event loop; what the tests themselves do there is not looked at."""
    with blockbuster_ctx(["radnode_http", "radnode"]) as watching:
        yield watching


@pytest.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Rest]:
    """A server over an empty archive."""
    async with (
        open_archive(tmp_path / "storage") as archive,
        serving(archive, rest_settings(tmp_path / "storage")) as it,
    ):
        yield it
