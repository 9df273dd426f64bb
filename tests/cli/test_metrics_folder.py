"""The folders of metrics in memory: who is killed leaves one, and the next node to start removes it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from support.node import wait_for

from radnode.cli.memory_folders import MEMORY, PREFIX

HOLDING = """
import os, sys
from pathlib import Path
from radnode.cli.metrics_folder import prepared

with prepared(Path(sys.argv[1]), "dicom") as folder:
    ready, its_end = os.pipe()
    if os.fork() == 0:
        os.close(1)
        os.write(its_end, b".")
        sys.stdin.read()
        os._exit(0)
    os.read(ready, 1)
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(private: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A process with a child, as a node has it, and its folder; both end when its standard input does."""
    command = [sys.executable, "-c", HOLDING, str(private)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            folder = Path(process.stdout.readline().strip())
            assert folder.is_dir()
            yield folder, process
        finally:
            process.stdin.close()


@pytest.mark.skipif(not MEMORY.is_dir(), reason="no folders in memory here")
def test_what_killed_nodes_leave_is_removed_once_nobody_uses_it(tmp_path: Path) -> None:
    """Not so what another node uses, even where a copy of its archive names it."""
    with ExitStack() as stack:
        living, _ = stack.enter_context(holding(tmp_path / "living"))
        shutil.copytree(tmp_path / "living", tmp_path / "another", symlinks=True)
        with holding(tmp_path / "killed") as (left, process):
            assert left.name.startswith(PREFIX)
            process.kill()
            process.wait()
            stack.enter_context(holding(tmp_path / "next"))
            assert left.is_dir(), "its child is still there"

        def is_removed() -> bool:
            with holding(tmp_path / "another"):
                return not left.exists()

        wait_for(is_removed, what="a start after the child's end")
        assert living.is_dir()
    assert not living.exists()


@pytest.mark.skipif(not MEMORY.is_dir(), reason="no folders in memory here")
def test_a_folder_without_a_lock_is_not_ours_to_remove(tmp_path: Path) -> None:
    foreign = Path(mkdtemp(prefix=PREFIX, dir=MEMORY))
    try:
        with holding(tmp_path / "next"):
            assert foreign.is_dir()
    finally:
        foreign.rmdir()
