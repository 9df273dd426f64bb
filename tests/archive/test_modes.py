"""Nobody but owner and group reads images or index, whatever umask the node was started with, through every door."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archives import make_archive, store
from support.instances import make_instance, write_part10

from radnode.archive.check import Check
from radnode.archive.importing import import_paths
from radnode.archive.registry import export_registry
from radnode.archive.roles import Role, hold


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    before = os.umask(request.param)
    yield tmp_path / "archive"
    os.umask(before)


def wrong_modes(root: Path) -> dict[str, str]:
    """What others could read, or the group could write."""
    found = {str(path.relative_to(root)): path.stat().st_mode for path in [root, *root.rglob("*")]}
    return {name: oct(mode) for name, mode in found.items() if stat.S_IMODE(mode) & ~_most(mode)}


def _most(mode: int) -> int:
    return 0o750 if stat.S_ISDIR(mode) else 0o640


def test_modes_whatever_the_umask(root: Path) -> None:
    with hold(root, Role.DICOM), make_archive(root) as archive:
        first = store(archive, make_instance())
        store(archive, make_instance(PatientName="ROE^JANE"))
        assert wrong_modes(root) == {}
        assert {path.name for path in (root / ".radnode").glob("index.sqlite*")} >= {"index.sqlite", "index.sqlite-wal"}
        for path in (root / ".radnode/index.sqlite", root / ".radnode/superseded" / str(first.path)):
            assert stat.S_IMODE(path.stat().st_mode) == 0o640
    export_registry(root)
    (root / ".radnode/index.sqlite").unlink()
    list(Check(root).run(repair=True))
    assert stat.S_IMODE((root / ".radnode/index.sqlite").stat().st_mode) == 0o640
    assert wrong_modes(root) == {}


def test_modes_of_an_archive_that_an_import_made(tmp_path: Path) -> None:
    source, root = tmp_path / "one.dcm", tmp_path / "deep/archive"
    write_part10(make_instance(), source)
    list(import_paths(root, [source], processes=1))
    assert wrong_modes(root) == {}
