from collections.abc import Iterator
from pathlib import Path

import pytest

from radnode.work.work_file import WorkFile


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkFile]:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        yield work
