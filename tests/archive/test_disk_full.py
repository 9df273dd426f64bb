"""A full disk: OutOfResources, nothing half-written, and it works again when there is room."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archives import EXPLICIT, assert_sound, image_files, make_archive, store, temporary_files
from support.disks import fill, small_file_system
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome
from radnode.model.errors import OutOfResources

LARGE = make_instance(SOPInstanceUID="1.2.3.1", Rows=500, Columns=500, PixelData=bytes(500_000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_file_system(tmp_path / "disk") as folder:
        yield folder


def test_full_while_receiving_and_room_again(small_disk: Path) -> None:
    root = small_disk / "a"
    with make_archive(root) as archive:
        kept = store(archive, make_instance())
        ballast = fill(small_disk)
        with pytest.raises(OutOfResources):
            store(archive, LARGE)
        assert temporary_files(root) == []
        assert image_files(root) == {str(kept.path)}
        ballast.unlink()
        assert store(archive, LARGE).outcome is Outcome.NEW
    assert_sound(root)


def test_full_at_every_point_between_the_first_byte_and_the_row(small_disk: Path) -> None:
    root = small_disk / "a"
    refused = stored = 0
    with make_archive(root) as archive:
        store(archive, make_instance())
        ballast = fill(small_disk)
        for room in range(40):
            os.truncate(ballast, max(0, ballast.stat().st_size - 4096 * (room % 8)))
            before = image_files(root)
            try:
                store(archive, make_instance(SOPInstanceUID=f"1.2.{room}", SeriesInstanceUID=f"1.3.{room}"))
                stored += 1
            except OutOfResources:
                refused += 1
                assert image_files(root) == before
            assert temporary_files(root) == []
            ballast = fill(small_disk) if room % 8 == 7 else ballast
    assert refused
    assert stored
    ballast.unlink()
    assert_sound(root)


def test_deleting_works_on_a_full_disk(small_disk: Path) -> None:
    root = small_disk / "a"
    with make_archive(root) as archive:
        stored = store(archive, LARGE)
        fill(small_disk)
        archive.forget(stored.path)
        assert image_files(root) == set()
        assert store(archive, make_instance()).outcome is Outcome.NEW


def test_an_archive_on_a_full_disk_opens_so_that_room_can_be_made(small_disk: Path) -> None:
    root = small_disk / "a"
    with make_archive(root) as archive:
        stored = store(archive, LARGE)
    fill(small_disk)
    with make_archive(root) as archive:
        archive.recover()
        archive.forget(stored.path)
        assert store(archive, make_instance()).outcome is Outcome.NEW
    assert_sound(root)


def test_a_quota_on_file_size_is_out_of_resources_too(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with make_archive(tmp_path / "a") as archive:
        store(archive, make_instance())
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        try:
            with pytest.raises(OutOfResources, match="File too large"):
                store(archive, LARGE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert temporary_files(tmp_path / "a") == []
        assert store(archive, LARGE).outcome is Outcome.NEW
    assert_sound(tmp_path / "a")


def test_a_folder_that_cannot_be_used_is_named_with_the_uid(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutOfResources, match=f"{tmp_path / 'file' / 'a'}.*uid {os.geteuid()}"):
        Archive.open(tmp_path / "file" / "a")


def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    child = os.fork()
    if not child:
        refused = 1
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            Archive.open(tmp_path / "a")
        except OutOfResources as error:
            refused = 0 if f"uid {os.geteuid()}: Permission denied" in str(error) else 2
        finally:
            os._exit(refused)
    assert os.waitpid(child, 0)[1] == 0
    tmp_path.chmod(0o700)


def test_the_words_of_a_refusal_name_no_path(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive:
        store(archive, make_instance())
        archive._owner.close()
        (tmp_path / "a" / ".radnode" / "incoming").rmdir()
        with pytest.raises(OutOfResources) as caught:
            archive.receive(EXPLICIT, sop_class="1.2", sop_instance="1.3")
    assert str(tmp_path) not in str(caught.value)
