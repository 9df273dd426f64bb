"""Whatever was stored, replaced and deleted: the files alone give the same answers to every query."""

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from support.archives import assert_sound, make_archive, store
from support.instances import REMOVED, make_instance
from support.older_index import make_older

from radnode.archive.archive import Archive
from radnode.archive.check import Check
from radnode.archive.file_filter import FileFilter
from radnode.archive.reindexing import reindex
from radnode.model.attributes import ATTRIBUTES
from radnode.model.level import Level
from radnode.model.query import Query

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
texts = st.sampled_from([REMOVED, "", "A", "B"])


def requested(number: str) -> Dataset:
    item = Dataset()
    item.RequestedProcedureID = number
    return item


objects = st.fixed_dictionaries(
    {
        "SOPInstanceUID": st.sampled_from([f"1.2.{n}" for n in range(6)]),
        "StudyInstanceUID": st.sampled_from(["1.3.1", "1.3.2"]),
        "SeriesInstanceUID": st.sampled_from(["1.4.1", "1.4.2"]),
        "PatientID": st.sampled_from(["", "P1", "P1 ", "P2"]),
        "PatientName": texts,
        "PatientComments": texts,
        "StudyDescription": texts,
        "StudyDate": st.sampled_from([REMOVED, "", "20240101", "2024.01.02"]),
        "SeriesDescription": texts,
        "Modality": st.sampled_from([REMOVED, "CT", "MR"]),
        "TimezoneOffsetFromUTC": texts,
        "RequestAttributesSequence": st.sampled_from([REMOVED, [], [requested("1")], [requested("2"), requested("")]]),
        "ContentCreatorName": texts,
        "InstanceNumber": st.sampled_from(["1", "2"]),
    }
)
acts = st.lists(st.tuples(st.integers(0, 1), st.booleans(), objects), min_size=1, max_size=14)


@contextmanager
def clocks(seed: int) -> Iterator[None]:
    """Objects get their rows in another order than that in which they arrived, as with several workers."""
    chance, base = random.Random(seed), 1_700_000_000 * 10**9
    clock = SimpleNamespace(time_ns=lambda: base + chance.randrange(10**15))
    with patch("radnode.archive.receiving.time", clock):
        yield


Act = tuple[int, bool, dict[str, Any]]


def perform(archives: tuple[Archive, Archive], acts: list[Act]) -> None:
    """Store, and forget again what is not kept, in turns through two archives that know nothing of each other."""
    for which, keeps, values in acts:
        path = store(archives[which], make_instance(**values)).path
        if not keeps:
            archives[1 - which].forget(path)


def answers(archive: Archive) -> list[Any]:
    found: list[Any] = [
        sorted(sorted(answer.items()) for answer in archive.find(Query(level, (), ATTRIBUTES))) for level in Level
    ]
    return [*found, archive.list_files(FileFilter(), limit=1000, cursor=None)]


def rebuilt(root: Path) -> list[Any]:
    """The answers of an index that is made from the files alone."""
    for file in (root / ".radnode").glob("index.sqlite*"):
        file.unlink()
    check = Check(root)
    list(check.run(repair=True))
    assert check.report.mended
    with make_archive(root) as archive:
        return answers(archive)


@given(earlier=acts, later=acts, seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_an_index_that_was_read_again_gives_the_answers_of_a_new_one(
    earlier: list[Act], later: list[Act], seed: int
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="radnode-reindex-") as folder:
        root = Path(folder)
        with clocks(seed):
            with make_archive(root) as archive, make_archive(root) as other:
                perform((archive, other), earlier)
            make_older(root)
            with make_archive(root) as archive, make_archive(root) as other:
                steps = reindex(archive.layout, archive.index)
                next(steps, None)
                perform((archive, other), later)
                list(steps)
                assert archive.count_waiting() == 0
                found = answers(archive)
        assert_sound(root)
        assert rebuilt(root) == found


@given(acts=acts, seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_rebuilt_index_gives_the_same_answers(acts: list[Act], seed: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="radnode-rebuild-") as folder:
        root = Path(folder)
        with make_archive(root) as archive, make_archive(root) as other, clocks(seed):
            perform((archive, other), acts)
            before = answers(archive)
        assert_sound(root)
        assert rebuilt(root) == before
        assert_sound(root)
