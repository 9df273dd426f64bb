"""Archives to search in: radnode's filled through its own door for rows, any other by storing small objects."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from benchmarks.instances import ROOT, write
from benchmarks.programs import free_port
from benchmarks.pushing import push
from benchmarks.servers import RADNODE, Server, Site
from benchmarks.serving import Running, serve
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.rows import insert_row
from radnode.archive.stored import FileFacts
from radnode.cli.progress import progress
from radnode.model.header import Header
from radnode.model.uid import UID

_OF_2020 = 5000
LEAST = _OF_2020 + 325  # so many the questions find
_VERSION = "5"  # of what is stored; another one is another folder
_EPOCH, _STEP, _SENDERS = 1_700_000_000, 1000, 4
_ANY, _ANY_DATE = 9_999_999, "99991231"


@dataclass(frozen=True)
class Shape:
    """So many instances: of a few, in hardly more studies than are asked for; of many, ten a study."""

    instances: int

    @property
    def studies(self) -> int:
        """How many studies there are."""
        return max(min(self.instances, LEAST), self.instances // 10)


@dataclass(frozen=True)
class Filled:
    """A server's folder, and how many studies and instances are in it."""

    folder: Path
    studies: int
    instances: int


def fill(server: Server, instances: int, kept: Path, work: Path, minutes: float) -> Filled:
    """An archive of so many instances, or of as many as the server takes in that time, studies first. Raises Failed.

    radnode's is made anew in `work`; another's stays in `kept` for later runs.
    """
    shape = Shape(instances)
    if server is RADNODE:
        folder = work / f"find-{instances}"
        _insert(folder, shape)
        return Filled(folder, shape.studies, instances)
    folder = kept / f"find-{server.name}-{instances}-{minutes:g}min-{_VERSION}"
    done = folder / "filled"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        with serve(server, Site(folder, free_port(), is_filling=True), no_delay=True, kept=True) as running:
            stored = _store(running, shape, work, minutes)
        done.write_text(str(stored))
    stored = int(done.read_text())
    return Filled(folder, min(stored, shape.studies), stored)


def _store(running: Running, shape: Shape, work: Path, minutes: float) -> int:
    """How many were stored until all were, or the time was over."""
    folder, stored, deadline = work / "filling", 0, time.monotonic() + minutes * 60
    instances = shape.instances
    folder.mkdir()
    with progress(f"Filling {running.server.name}, {minutes:g} minutes at most,", total=instances) as advance:
        while stored < instances and (stored < LEAST or time.monotonic() < deadline):
            files = list(_written(folder, range(stored, min(stored + _STEP, instances)), shape.studies))
            push(running, files, _SENDERS, work, no_delay=True)
            stored += len(files)
            advance(stored)
    shutil.rmtree(folder)
    return stored


def _written(folder: Path, numbers: Sequence[int], studies: int) -> Iterator[Path]:
    """The first instances of all studies, then the second ones: what there is time for has the most studies."""
    for place, number in enumerate(numbers):
        path = folder / f"{place}.dcm"
        path.write_bytes(encoded(number % studies, number // studies))
        yield path


def values(study: int, place: int = 0) -> dict[str, str]:
    """An instance: 5,000 studies are of 2020, the next 325 of 2021, the rest of the years before."""
    day = f"{study % 12 + 1:02d}{study % 28 + 1:02d}"
    date = f"{2020 if study < _OF_2020 else 2021 if study < LEAST else 2010 + study % 10}{day}"
    return _values(f"{study:07d}", place, date)


def _values(number: str, place: int, date: str) -> dict[str, str]:
    study = f"{ROOT}.4.1{number}"
    return {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"{study}.1.{place}", "StudyDate": date, "StudyTime": "103000",
        "AccessionNumber": f"A{number}", "Modality": "CT", "StudyDescription": "CT CHEST W CONTRAST",
        "PatientName": f"BENCH^PATIENT{number}", "PatientID": f"F{number}", "PatientBirthDate": "19850315",
        "PatientSex": "F", "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "StudyID": number,
        "SeriesNumber": "1", "InstanceNumber": "1",
    }  # fmt: skip


def encoded(study: int, place: int = 0) -> bytes:
    """The file with these values: one that was written properly, with others in their places, as long as they were."""
    here = {b"%07d.1.9" % _ANY: b"%07d.1.%d" % (study, place), b"%07d" % _ANY: b"%07d" % study}
    here[_ANY_DATE.encode()] = values(study)["StudyDate"].encode()
    file = _template()
    for old, new in here.items():
        file = file.replace(old, new)
    return file


@cache
def _template() -> bytes:
    dataset, file = Dataset(), BytesIO()
    for keyword, value in _values(f"{_ANY:07d}", 9, _ANY_DATE).items():
        setattr(dataset, keyword, value)
    write(dataset, file)
    return file.getvalue()


def _insert(folder: Path, shape: Shape) -> None:
    layout = Layout(Site(folder, 0).storage)
    layout.root.mkdir(parents=True)
    layout.prepare()
    with closing(Index(layout.index)) as index, progress("Filling radnode", total=shape.instances) as advance:
        index.migrate()
        for first in range(0, shape.instances, _STEP):
            with index.writing() as connection:
                for number in range(first, min(first + _STEP, shape.instances)):
                    study, place = number % shape.studies, number // shape.studies
                    insert_row(connection, _header(values(study, place)), _facts(study, place), lambda _: None)
            advance(first + _STEP)


def _header(values: dict[str, str]) -> Header:
    return Header(
        UID(ExplicitVRLittleEndian),
        UID(values["SOPClassUID"]),
        UID(values["SOPInstanceUID"]),
        UID(values["SeriesInstanceUID"]),
        UID(values["StudyInstanceUID"]),
        values["PatientID"],
        values,
    )


def _facts(study: int, place: int) -> FileFacts:
    return FileFacts(sha256(f"{study} {place}".encode()).hexdigest(), 1000, (_EPOCH + study // 5) * 10**9)
