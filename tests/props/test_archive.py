"""Any sequence of store, delete, crash and recovery leaves every row with its bytes, as a plain model says."""

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydicom import Dataset
from support.archives import assert_sound, counters, digest, image_files, store, superseded_files
from support.crashing import run_and_kill
from support.instances import encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.archive.stored import Outcome
from radnode.model.errors import NotFound
from radnode.model.file_path import FilePath

numbers, names, places = st.integers(0, 2), st.sampled_from(["A", "B", "C"]), st.integers(1, 2)


def instance(number: int, name: str, place: int) -> Dataset:
    return make_instance(
        SOPInstanceUID=f"1.2.{number}",
        PatientName=name,
        PatientID=f"P{place}",
        StudyInstanceUID=f"1.3.{place}",
        SeriesInstanceUID=f"1.4.{place}",
    )


def path_of(number: int, name: str, place: int) -> str:
    return f"studies/1.3.{place}/1.4.{place}/{digest(encode_dataset(instance(number, name, place)))[:32]}.dcm"


def bring(what: tuple[int, str, int], archive: Archive) -> None:
    store(archive, instance(*what))


def drop(path: FilePath, archive: Archive) -> None:
    archive.forget(path)


class Archiving(RuleBasedStateMachine):
    """The archive beside a model of it: what is current under each SOP Instance UID, and what it has superseded."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.root = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None, prefix="radnode-props-"))
        self.archive = Archive.open(self.root)
        self.current: dict[int, str] = {}
        self.superseded: dict[int, set[str]] = {}
        self.conflicts = 0

    def teardown(self) -> None:
        self.archive.close()
        shutil.rmtree(self.root)

    @rule(number=numbers, name=names, place=places)
    def store(self, number: int, name: str, place: int) -> None:
        stored = store(self.archive, instance(number, name, place))
        path = path_of(number, name, place)
        assert str(stored.path) == path
        before = self.current.get(number)
        assert stored.outcome is (
            Outcome.NEW if before is None else Outcome.SAME if before == path else Outcome.CONFLICT
        )
        self._model_store(number, path)

    @rule(number=numbers)
    def forget(self, number: int) -> None:
        if number in self.current:
            self.archive.forget(self._path(number))
            self._model_forget(number)

    @rule(number=numbers, name=names, place=places, step=st.integers(1, 60))
    def die_storing(self, number: int, name: str, place: int, step: int) -> None:
        run_and_kill(partial(Archive.open, self.root), partial(bring, (number, name, place)), step)
        self.archive.recover()
        path = path_of(number, name, place)
        if path in image_files(self.root):
            self._model_store(number, path)

    @rule(number=numbers, step=st.integers(1, 60))
    def die_forgetting(self, number: int, step: int) -> None:
        if number not in self.current:
            return
        run_and_kill(partial(Archive.open, self.root), partial(drop, self._path(number)), step)
        self.archive.recover()
        if self.current[number] not in image_files(self.root):
            self._model_forget(number)

    @rule()
    def open_again(self) -> None:
        self.archive.close()
        self.archive = Archive.open(self.root)

    @rule(number=numbers)
    def ask_for_superseded(self, number: int) -> None:
        for path in self.superseded.get(number, ()):
            study, series, name = path.removeprefix("studies/").removesuffix(".dcm").split("/")
            try:
                self.archive.locate(FilePath(study, series, name))  # type: ignore[arg-type] # checked by the archive
            except NotFound:
                continue
            raise AssertionError(path)

    @invariant()
    def files_rows_and_model_agree(self) -> None:
        assert_sound(self.root)
        assert image_files(self.root) == set(self.current.values())
        assert superseded_files(self.root) == {path for paths in self.superseded.values() for path in paths}
        assert counters(self.root)["conflicts"] == self.conflicts

    def _path(self, number: int) -> FilePath:
        study, series, name = self.current[number].removeprefix("studies/").removesuffix(".dcm").split("/")
        return FilePath(study, series, name)  # type: ignore[arg-type] # made of UIDs above

    def _model_store(self, number: int, path: str) -> None:
        before = self.current.get(number)
        if before not in (None, path):
            assert before is not None
            self.superseded.setdefault(number, set()).add(before)
            self.conflicts += 1
        self.superseded.get(number, set()).discard(path)
        self.current[number] = path

    def _model_forget(self, number: int) -> None:
        del self.current[number]
        self.superseded.pop(number, None)


Archiving.TestCase.settings = settings(
    max_examples=9, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestArchiving = Archiving.TestCase
