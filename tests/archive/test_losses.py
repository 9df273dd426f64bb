"""Objects that the index has lost, and only a repair can bring back, survive whatever else goes wrong meanwhile."""

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest
from support.archives import assert_sound, image_files, make_archive, store, superseded_files
from support.crashing import run_and_kill
from support.instances import encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.archive.check import Check
from radnode.model.errors import OutOfResources
from radnode.model.uid import UID

FIRST = make_instance()
SECOND = make_instance(PatientName="ROE^JANE")


def lose_index(root: Path) -> None:
    for file in (root / ".radnode").glob("index.sqlite*"):
        file.unlink()


def back_up_index(root: Path) -> Path:
    """A backup of an index that knows nothing yet."""
    with make_archive(root):
        pass
    return Path(shutil.copy(root / ".radnode/index.sqlite", root / "backup"))


def restore_index(root: Path, backup: Path) -> None:
    lose_index(root)
    shutil.copy(backup, root / ".radnode/index.sqlite")


def repair(root: Path) -> None:
    list(Check(root).run(repair=True))


def die_before_committing(archive: Archive) -> None:
    receiving = archive.receive(
        UID(FIRST.file_meta.TransferSyntaxUID), sop_class=FIRST.SOPClassUID, sop_instance=FIRST.SOPInstanceUID
    )
    receiving.write(encode_dataset(FIRST))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_second_sending_that_died_does_not_take_a_lost_object_with_it(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        path = store(archive, FIRST).path
    assert not run_and_kill(partial(Archive.open, tmp_path), die_before_committing, 10**9)
    lose_index(tmp_path)
    repair(tmp_path)
    assert image_files(tmp_path) == {str(path)}
    assert_sound(tmp_path)


def test_a_second_sending_that_fails_does_not_take_a_lost_object_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up_index(tmp_path)
    with make_archive(tmp_path) as archive:
        path = store(archive, FIRST).path
    restore_index(tmp_path, backup)
    with make_archive(tmp_path) as archive:
        with monkeypatch.context() as patched:
            patched.setattr("radnode.archive.rows.insert_row", _no_room)
            with pytest.raises(OutOfResources):
                store(archive, FIRST)
        assert image_files(tmp_path) == {str(path)}
    repair(tmp_path)
    assert_sound(tmp_path)


def test_a_repair_that_fails_between_two_versions_keeps_both(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        older, newer = store(archive, FIRST).path, store(archive, SECOND).path
    (tmp_path / ".radnode/superseded" / str(older)).rename(tmp_path / str(older))
    lose_index(tmp_path)
    blocked = tmp_path / ".radnode/superseded/studies"
    for folder in sorted(blocked.rglob("*"), reverse=True):
        folder.rmdir()
    blocked.rmdir()
    blocked.write_bytes(b"in the way")
    with pytest.raises(OutOfResources):
        repair(tmp_path)
    assert image_files(tmp_path) == {str(older), str(newer)}
    blocked.unlink()
    repair(tmp_path)
    assert (image_files(tmp_path), superseded_files(tmp_path)) == ({str(newer)}, {str(older)})
    assert_sound(tmp_path)


def test_nothing_is_acknowledged_once_the_index_was_removed_beneath_a_node(tmp_path: Path) -> None:
    backup = back_up_index(tmp_path)
    with make_archive(tmp_path) as archive:
        path = store(archive, FIRST).path
        lose_index(tmp_path)
        with pytest.raises(OutOfResources, match="check --repair"):
            store(archive, make_instance(SOPInstanceUID="1.2.3"))
        restore_index(tmp_path, backup)
        with pytest.raises(OutOfResources, match="check --repair"):
            archive.forget(path)
    repair(tmp_path)
    assert str(path) in image_files(tmp_path)
    assert_sound(tmp_path)


def _no_room(*_: object) -> None:
    raise OutOfResources("The index is unavailable (database or disk is full)")
