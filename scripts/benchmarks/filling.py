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

LEAST = 5000  # so many the questions find
_VERSION = "2"  # of what is stored; another one is another folder
_EPOCH, _STEP, _SENDERS = 1_700_000_000, 1000, 4
_ANY_NUMBER, _ANY_DATE = 9_999_999, "99991231"


@dataclass(frozen=True)
class Filled:
    """A server's folder, and how many instances are in it."""

    folder: Path
    instances: int


def fill(server: Server, instances: int, kept: Path, work: Path, minutes: float) -> Filled:
    """An archive of so many instances, or of as many as the server takes in that time. Raises Failed.

    radnode's is made anew in `work`; another's stays in `kept` for later runs.
    """
    if server is RADNODE:
        folder = work / f"find-{instances}"
        _insert(folder, instances)
        return Filled(folder, instances)
    folder = kept / f"find-{server.name}-{instances}-{minutes:g}min-{_VERSION}"
    done = folder / "filled"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        with serve(server, Site(folder, free_port(), is_filling=True), no_delay=True, kept=True) as running:
            stored = _store(running, instances, work, minutes)
        done.write_text(str(stored))
    return Filled(folder, int(done.read_text()))


def _store(running: Running, instances: int, work: Path, minutes: float) -> int:
    """How many were stored until all were, or the time was over."""
    folder, stored, deadline = work / "filling", 0, time.monotonic() + minutes * 60
    folder.mkdir()
    with progress(f"Filling {running.server.name}, {minutes:g} minutes at most,", total=instances) as advance:
        while stored < instances and (stored < LEAST or time.monotonic() < deadline):
            files = list(_written(folder, range(stored, min(stored + _STEP, instances))))
            push(running, files, _SENDERS, work, no_delay=True)
            stored += len(files)
            advance(stored)
    shutil.rmtree(folder)
    return stored


def _written(folder: Path, numbers: Sequence[int]) -> Iterator[Path]:
    for place, number in enumerate(numbers):
        path = folder / f"{place}.dcm"
        path.write_bytes(encoded(number))
        yield path


def values(number: int) -> dict[str, str]:
    """One instance a study: 500 of one day of 2020, 5,000 of that year, the rest of the years before."""
    day = f"{number % 12 + 1:02d}{number % 28 + 1:02d}"
    date = "20200101" if number < 500 else f"2020{max(day, '0102')}" if number < LEAST else f"{2010 + number % 10}{day}"
    return _values(f"{number:07d}", date)


def _values(number: str, date: str) -> dict[str, str]:
    study = f"{ROOT}.4.1{number}"
    return {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"{study}.1.1", "StudyDate": date, "StudyTime": "103000",
        "AccessionNumber": f"A{number}", "Modality": "CT", "StudyDescription": "CT CHEST W CONTRAST",
        "PatientName": f"BENCH^PATIENT{number}", "PatientID": f"F{number}", "PatientBirthDate": "19850315",
        "PatientSex": "F", "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "StudyID": number,
        "SeriesNumber": "1", "InstanceNumber": "1",
    }  # fmt: skip


def encoded(number: int) -> bytes:
    """The file with these values: one that was written properly, with another number and date in their places."""
    date = values(number)["StudyDate"]
    return _template().replace(b"%07d" % _ANY_NUMBER, b"%07d" % number).replace(_ANY_DATE.encode(), date.encode())


@cache
def _template() -> bytes:
    dataset, file = Dataset(), BytesIO()
    for keyword, value in _values(f"{_ANY_NUMBER:07d}", _ANY_DATE).items():
        setattr(dataset, keyword, value)
    write(dataset, file)
    return file.getvalue()


def _insert(folder: Path, instances: int) -> None:
    layout = Layout(Site(folder, 0).storage)
    layout.root.mkdir(parents=True)
    layout.prepare()
    with closing(Index(layout.index)) as index, progress("Filling radnode", total=instances) as advance:
        index.migrate()
        for first in range(0, instances, _STEP):
            with index.writing() as connection:
                for number in range(first, min(first + _STEP, instances)):
                    insert_row(connection, _header(values(number)), _facts(number), lambda _: None)
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


def _facts(number: int) -> FileFacts:
    return FileFacts(sha256(str(number).encode()).hexdigest(), 1000, (_EPOCH + number // 5) * 10**9)
