"""Archives to search in: radnode's filled through its own door for rows, any other by storing small objects."""

import shutil
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from benchmarks.instances import ROOT, VERSION, Kind, ensure
from benchmarks.pushing import push
from benchmarks.servers import RADNODE, Server
from benchmarks.serving import serve
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.rows import insert_row
from radnode.archive.stored import FileFacts
from radnode.cli.progress import progress
from radnode.model.header import Header
from radnode.model.uid import UID

_EPOCH, _STEP = 1_700_000_000, 1000


def fill(server: Server, instances: int, cache: Path, work: Path) -> Path:
    """The server's folder, filled now or by an earlier run."""
    folder = cache / f"find-{server.name}-{instances}-{VERSION}"
    done = folder / "filled"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if server is RADNODE:
            _insert(folder / "archive", instances)
        else:
            files = ensure(Kind("find", "small objects", _dataset, instances, 1), instances, cache)
            with serve(server, folder, no_delay=True) as running:
                push(running, files, 2, work, no_delay=True)
        done.touch()
    return folder


def _values(number: int) -> dict[str, str]:
    """One instance a study: 500 of one day of 2020, 5,000 of that year, the rest of the years before."""
    day = f"{number % 12 + 1:02d}{number % 28 + 1:02d}"
    date = "20200101" if number < 500 else f"2020{max(day, '0102')}" if number < 5000 else f"{2010 + number % 10}{day}"
    study = f"{ROOT}.4.{number}"
    return {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"{study}.1.1", "StudyDate": date, "StudyTime": "103000",
        "AccessionNumber": f"A{number:07d}", "Modality": "CT", "StudyDescription": "CT CHEST W CONTRAST",
        "PatientName": f"BENCH^PATIENT{number}", "PatientID": f"F{number:06d}", "PatientBirthDate": "19850315",
        "PatientSex": "F", "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "StudyID": str(number),
        "SeriesNumber": "1", "InstanceNumber": "1",
    }  # fmt: skip


def _dataset(number: int) -> Dataset:
    dataset = Dataset()
    for keyword, value in _values(number).items():
        setattr(dataset, keyword, value)
    return dataset


def _insert(root: Path, instances: int) -> None:
    root.mkdir()
    layout = Layout(root)
    layout.prepare()
    with closing(Index(layout.index)) as index, progress("Filling radnode", total=instances) as advance:
        index.migrate()
        for first in range(0, instances, _STEP):
            with index.writing() as connection:
                for number in range(first, min(first + _STEP, instances)):
                    insert_row(connection, _header(_values(number)), _facts(number), lambda _: None)
            advance(first)


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
