"""How quick the index answers: builds rows through the archive's own door for rows, asks, prints a table of medians.

    .venv/bin/python scripts/bench_index.py                       # 200,000 instances in 20,000 studies
    .venv/bin/python scripts/bench_index.py --studies 100000      # a million
    .venv/bin/python scripts/bench_index.py --keep /tmp/bench     # built once, asked again

No files are made: listing and finding look at the index alone.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path

from radnode.archive.cursor import Cursor
from radnode.archive.find import find
from radnode.archive.index import Index
from radnode.archive.layout import Layout
from radnode.archive.listing import FileFilter, list_files
from radnode.archive.rows import insert_row
from radnode.archive.statistics import read_statistics
from radnode.archive.stored import FileFacts
from radnode.model.attributes import BY_KEYWORD
from radnode.model.file_path import FilePath
from radnode.model.header import Header
from radnode.model.level import Level
from radnode.model.query import MatchingKey, Query, Range, SingleValue, Wildcard
from radnode.model.uid import UID

EPOCH = 1_700_000_000
FAMILIES = ("SMITH", "DOE", "MÜLLER", "ADAMS", "NGUYEN", "O'BRIEN", "GARCÍA", "YAMADA^TAROU=山田^太郎")
GIVEN = ("JOHN", "MARY", "ANNA", "JÖRG", "LI")
MODALITIES = ("CT", "CT", "CT", "MR", "MR", "DX", "CR", "US", "US", "RTDOSE")
ROUNDS = 15


def headers(studies: int) -> Iterator[tuple[Header, FileFacts]]:
    """Ten instances a study, two series, ten years of dates, arriving five a second in another order than dated."""
    chance = random.Random(7)
    number = 0
    for study in range(studies):
        date = f"{chance.randrange(2015, 2025)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
        modality = chance.choice(MODALITIES)
        name = f"{chance.choice(FAMILIES)}{chance.randrange(studies // 10)}^{chance.choice(GIVEN)}"
        values = {
            "PatientID": f"{study:08d}",
            "PatientName": name,
            "PatientBirthDate": "19700101",
            "PatientSex": "F",
            "StudyInstanceUID": f"1.2.826.0.1.3680043.10.543.{study}",
            "StudyDate": date,
            "StudyTime": "103000",
            "AccessionNumber": f"A{study}",
            "StudyDescription": "CHEST ABDOMEN PELVIS",
            "StudyID": str(study),
            "Modality": modality,
            "Manufacturer": "SIEMENS",
            "SeriesDescription": "AXIAL 5.0 B70F",
        }
        for place in range(10):
            number += 1
            uid = f"{values['StudyInstanceUID']}.{place // 5}"
            instance = {**values, "SeriesInstanceUID": uid, "SeriesNumber": str(place // 5), "Rows": "512"}
            yield (
                Header(
                    UID("1.2.840.10008.1.2.1"),
                    UID("1.2.840.10008.5.1.4.1.1.2"),
                    UID(f"{uid}.{place}"),
                    UID(uid),
                    UID(values["StudyInstanceUID"]),
                    values["PatientID"],
                    {**instance, "InstanceNumber": str(place), "SOPInstanceUID": f"{uid}.{place}"},
                ),
                FileFacts(sha256(str(number).encode()).hexdigest(), 526_000, (EPOCH + number // 5) * 10**9),
            )


def build(index: Index, studies: int) -> None:
    """Put the rows into the index, in transactions of a thousand."""
    began, total, done = time.monotonic(), studies * 10, 0
    source = headers(studies)
    while chunk := list(islice(source, 1000)):
        with index.writing() as connection:
            for header, facts in chunk:
                insert_row(connection, header, facts, lambda _: None)
        done += len(chunk)
        sys.stderr.write(f"\r{done:,} of {total:,} rows, {done / (time.monotonic() - began):,.0f} a second ")
        sys.stderr.flush()
    sys.stderr.write("\n")


def queries(studies: int) -> dict[str, Query]:
    """What is asked by C-FIND; the unlucky ones too."""
    middle = f"{studies // 2:08d}"

    def ask(level: Level, **keys: MatchingKey) -> Query:
        returned = ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "ModalitiesInStudy", "AccessionNumber")
        pairs = tuple((BY_KEYWORD[keyword], key) for keyword, key in keys.items())
        return Query(level, pairs, tuple(BY_KEYWORD[keyword] for keyword in returned))

    return {
        "STUDY, PatientID": ask(Level.STUDY, PatientID=SingleValue(middle)),
        "STUDY, AccessionNumber": ask(Level.STUDY, AccessionNumber=SingleValue(f"A{studies // 2}")),
        "STUDY, a week of StudyDate": ask(Level.STUDY, StudyDate=Range("20200301", "20200307")),
        "STUDY, PatientName=SMITH1*": ask(Level.STUDY, PatientName=Wildcard("SMITH1*")),
        "STUDY, PatientName=*SMITH*": ask(Level.STUDY, PatientName=Wildcard("*SMITH*")),
        "STUDY, PatientName=*nobody*": ask(Level.STUDY, PatientName=Wildcard("*nobody*")),
        "STUDY, PatientID=*7": ask(Level.STUDY, PatientID=Wildcard("*7")),
        "STUDY, ModalitiesInStudy=MR": ask(Level.STUDY, ModalitiesInStudy=SingleValue("MR")),
        "STUDY, ModalitiesInStudy=XX (none)": ask(Level.STUDY, ModalitiesInStudy=SingleValue("XX")),
        "STUDY, PatientName=S* and a day": ask(
            Level.STUDY, PatientName=Wildcard("S*"), StudyDate=Range("20200301", "20200301")
        ),
        "STUDY, PatientBirthDate (none)": ask(Level.STUDY, PatientBirthDate=SingleValue("19800101")),
        "SERIES, Modality=CT and a week": ask(
            Level.SERIES, Modality=SingleValue("CT"), StudyDate=Range("20200301", "20200307")
        ),
        "IMAGE, ten years of StudyDate": ask(Level.IMAGE, StudyDate=Range("20150101", "20241231")),
        "PATIENT, no key": ask(Level.PATIENT),
        "STUDY, no key": ask(Level.STUDY),
        "IMAGE, no key": ask(Level.IMAGE),
    }


FILTERS = {
    "no filter": FileFilter(),
    "patient_id": FileFilter(patient_id="00000077"),
    "patient_name=john smith": FileFilter(patient_name="john smith"),
    "patient_name=smith1*": FileFilter(patient_name="smith1*"),
    "modality=MR": FileFilter(modality="MR"),
    "modality=XR,RT": FileFilter(modality="XR,RT"),
    "a week of study dates": FileFilter(study_date_from="20200301", study_date_to="20200307"),
    "modality=CT and a week": FileFilter(modality="CT", study_date_from="20200301", study_date_to="20200307"),
    "a year of study dates": FileFilter(study_date_from="20200101", study_date_to="20201231"),
    "ten years of study dates": FileFilter(study_date_from="20150101"),
    "name, modality and dates": FileFilter(patient_name="a", modality="CT,MR", study_date_from="20160101"),
}


def median(act: Callable[[], object]) -> tuple[float, float]:
    """Median and worst of some rounds, in milliseconds, after one that does not count."""
    act()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), max(times)


def report(index: Index, studies: int) -> None:
    """Ask everything and print the tables."""
    print("| C-FIND | first answer, ms | worst of 15 | answers | all, s |\n|---|---|---|---|---|")
    for name, query in queries(studies).items():
        first, worst = median(lambda query=query: next(find(index, query), None))  # type: ignore[misc]
        began = time.perf_counter()
        answers = sum(1 for _ in find(index, query))
        print(f"| {name} | {first:.1f} | {worst:.1f} | {answers:,} | {time.perf_counter() - began:.2f} |", flush=True)
    path = FilePath(UID("1.2"), UID("1.3"), "0" * 32)
    late = Cursor(EPOCH + studies // 10, path).encode()  # 95 % of all files arrived since
    print("\n| List, 100 a page | first page, ms | last pages, ms | total |\n|---|---|---|---|")
    for name, wanted in FILTERS.items():
        first, _ = median(lambda wanted=wanted: list_files(index, wanted, limit=100, cursor=None))  # type: ignore[misc]
        last, _ = median(lambda wanted=wanted: list_files(index, wanted, limit=100, cursor=late))  # type: ignore[misc]
        total = list_files(index, wanted, limit=1, cursor=None).total
        print(f"| {name} | {first:.1f} | {last:.1f} | {total:,} |", flush=True)
    status, _ = median(lambda: read_statistics(index))
    print(f"| (statistics) | {status:.1f} | | |")


def main() -> None:
    """Build where there is nothing yet, then ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=20_000, help="ten instances each (default 20000)")
    parser.add_argument("--keep", type=Path, help="folder to build in, or that was built before")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-index-") as folder:
        layout = Layout((wanted.keep or Path(folder)).absolute())
        layout.prepare()
        with closing(Index(layout.index)) as index:
            index.migrate()
            if not read_statistics(index).files:
                build(index, wanted.studies)
            report(index, read_statistics(index).studies)


if __name__ == "__main__":
    main()
