"""Rows of new objects that several threads bring at once: one transaction, and each one's own outcome."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.archives import EXPLICIT, assert_sound, counters, image_files, make_archive, rows, store, temporary_files
from support.instances import REMOVED, encode_dataset, make_instance
from support.node import wait_for

from radnode.archive.archive import Archive
from radnode.archive.receiving import Receiving
from radnode.archive.stored import Outcome
from radnode.model.errors import OutOfResources


def receive(archive: Archive, number: int) -> Receiving:
    dataset = make_instance(SOPInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.3.{number}")
    receiving = archive.receive(EXPLICIT, sop_class=dataset.SOPClassUID, sop_instance=dataset.SOPInstanceUID)
    receiving.write(encode_dataset(dataset))
    return receiving


@contextmanager
def together(archive: Archive, objects: list[Receiving]) -> Iterator[list[Outcome | OutOfResources]]:
    """Commit them in threads that cannot write before the block has ended; then the outcomes are in the list."""
    outcomes: list[Outcome | OutOfResources] = []

    def commit(receiving: Receiving) -> None:
        with receiving:
            try:
                outcomes.append(receiving.commit().outcome)
            except OutOfResources as error:
                outcomes.append(error)

    threads = [threading.Thread(target=commit, args=(receiving,)) for receiving in objects]
    with ExitStack() as stack:
        for thread in threads:
            stack.callback(thread.join)
        with archive.index.writing():
            for thread in threads:
                thread.start()
            wait_for(lambda: len(image_files(archive.layout.root)) == len(objects), what="the files")
            yield outcomes


def test_all_get_their_rows(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        with together(archive, [receive(archive, number) for number in range(8)]) as outcomes:
            assert outcomes == []
        assert outcomes == [Outcome.NEW] * 8
    assert counters(tmp_path)["files"] == 8
    assert_sound(tmp_path)


def test_whoever_fails_fails_alone(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        objects = [receive(archive, number) for number in range(5)]
        with together(archive, objects) as outcomes:
            victim = next((tmp_path / "studies").glob("*/1.3.3/*.dcm"))
            for name in (tmp_path / ".radnode" / "incoming").glob("*/*.part"):
                if name.samefile(victim):
                    name.unlink()
            victim.unlink()
            victim.parent.rmdir()
        assert sorted(isinstance(outcome, OutOfResources) for outcome in outcomes) == [False] * 4 + [True]
    assert counters(tmp_path)["files"] == 4
    assert_sound(tmp_path)


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        for number in range(3):
            archive.forget(store(archive, make_instance(SOPInstanceUID=f"1.2.{number}")).path)
        store(archive, make_instance())
    assert len(image_files(tmp_path)) == 1
    assert_sound(tmp_path)


def test_more_series_than_folders_are_kept_open(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        for number in [*range(70), *range(70)]:
            store(archive, make_instance(SOPInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.3.{number}"))
    assert counters(tmp_path)["series"] == 70
    assert_sound(tmp_path)


@pytest.mark.parametrize("by_another", [False, True])
def test_what_was_taken_back_is_said_again(tmp_path: Path, by_another: bool) -> None:
    """The second object's words count only after the first one, which said the same, has gone."""
    full = {"StudyDescription": "CHEST"}
    with make_archive(tmp_path) as archive, make_archive(tmp_path) as other:
        store(archive, make_instance(SOPInstanceUID="1.2.1", StudyDescription=REMOVED))
        first = store(archive, make_instance(SOPInstanceUID="1.2.2", **full))
        (other if by_another else archive).forget(first.path)
        assert rows(tmp_path, "SELECT StudyDescription FROM studies") == [{"StudyDescription": None}]
        store(archive, make_instance(SOPInstanceUID="1.2.3", **full))
    assert rows(tmp_path, "SELECT StudyDescription FROM studies") == [{"StudyDescription": "CHEST"}]
    assert_sound(tmp_path)


def test_a_folder_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    """The open folder is another one then than that of the path."""
    with make_archive(tmp_path) as archive:
        first = store(archive, make_instance(SOPInstanceUID="1.2.1")).path
        (tmp_path / str(first)).parent.rename(tmp_path / "moved")
        for number in (2, 3):
            stored = store(archive, make_instance(SOPInstanceUID=f"1.2.{number}")).path
            assert (tmp_path / str(stored)).stat().st_nlink == (
                2 if number == 2 else 1
            )  # the first try's link moved too
    assert temporary_files(tmp_path) == []
