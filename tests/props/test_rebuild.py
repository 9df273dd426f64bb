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
from support.archives import assert_sound, make_archive, store
from support.instances import REMOVED, make_instance

from radnode.archive.archive import Archive
from radnode.archive.check import Check
from radnode.archive.file_filter import FileFilter
from radnode.model.attributes import ATTRIBUTES
from radnode.model.level import Level
from radnode.model.query import Query

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
texts = st.sampled_from([REMOVED, "", "A", "B"])
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


@given(acts=acts, seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_rebuilt_index_gives_the_same_answers(acts: list[Act], seed: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="radnode-rebuild-") as folder:
        root = Path(folder)
        with make_archive(root) as archive, make_archive(root) as other, clocks(seed):
            perform((archive, other), acts)
            before = answers(archive)
        assert_sound(root)
        for file in (root / ".radnode").glob("index.sqlite*"):
            file.unlink()
        check = Check(root)
        list(check.run(repair=True))
        assert check.report.mended
        with make_archive(root) as archive:
            assert answers(archive) == before
        assert_sound(root)
