"""What is on the disk when: nobody is told before the bytes are, and then the name and the row."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from support.archives import assert_sound, make_archive, store
from support.instances import make_instance

WATCHED = frozenset({"fsync", "fdatasync", "link", "unlink", "rmdir"})


def calls(act: Callable[[], object]) -> list[str]:
    """The calls of the kernel that make things durable, or give and take names; COMMIT among them."""
    seen: list[str] = []

    def watch(_frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call" and what.__module__ == "posix" and what.__name__ in WATCHED:
            seen.append(what.__name__)

    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(None)
    return seen


def test_a_new_object(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance(SOPInstanceUID="1.2.1"))
        seen = calls(lambda: store(archive, make_instance(SOPInstanceUID="1.2.2")))
    # Its bytes, its name, then row and folder; and only now the temporary name goes.
    assert seen == ["fsync", "link", "fdatasync", "fsync", "unlink"]


def test_the_same_object_is_answered_for_only_when_row_and_name_are_flushed(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance())
        assert calls(lambda: store(archive, make_instance())) == ["fdatasync", "fsync", "unlink"]


def test_a_deletion_removes_files_after_the_rows_are_gone_for_good(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        path = store(archive, make_instance()).path
        seen = calls(lambda: archive.forget(path))
    assert "fdatasync" in seen[: seen.index("unlink")]


def test_a_row_that_outlived_its_name_gets_it_back(tmp_path: Path) -> None:
    """Power fails when the row is on the disk and the folder is not: the temporary name, flushed first, is left."""
    with make_archive(tmp_path) as archive:
        path = tmp_path / str(store(archive, make_instance()).path)
    dead = tmp_path / ".radnode" / "incoming" / "dead"
    dead.mkdir()
    path.rename(dead / "1.part")
    with make_archive(tmp_path) as archive:
        archive.recover()
    assert path.exists()
    assert_sound(tmp_path)
