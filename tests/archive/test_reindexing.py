"""Indexes that were filled when less was indexed: they open at once, and are read again beside a node that works."""

import sqlite3
from collections.abc import Generator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
from pydicom.dataset import Dataset
from support.archives import assert_sound, make_archive, rows, store
from support.crashing import run_and_kill
from support.instances import make_instance, put
from support.older_index import LATER, make_older

from radnode.archive.archive import Archive
from radnode.archive.check import Check, Kind, Progress
from radnode.archive.find import find
from radnode.archive.folding import VERSION, fold
from radnode.archive.index import Index
from radnode.archive.reindexing import reindex
from radnode.model.attributes import ATTRIBUTES, Attribute
from radnode.model.errors import OutOfResources
from radnode.model.file_path import FilePath
from radnode.model.level import Level
from radnode.model.query import Query
from radnode.model.uid import UID


def item_of(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        put(item, keyword, value)
    return item


def request(number: int) -> list[Dataset]:
    return [item_of(RequestedProcedureID=f"RP{number}", ScheduledProcedureStepID=f"SPS{number}")]


def object_of(number: int, **more: Any) -> Dataset:
    return make_instance(SOPInstanceUID=f"1.2.{number}", InstanceNumber=str(number), **more)


@pytest.fixture
def older(tmp_path: Path) -> list[Any]:
    """An older index of two studies; the answers before it grew old. What came second fills in what the first lacks."""
    objects = [
        object_of(1, RequestAttributesSequence=[]),
        object_of(2, RequestAttributesSequence=request(1), TimezoneOffsetFromUTC="+0100"),
        object_of(
            3, RequestAttributesSequence=request(2), ContentCreatorName="M\xfcller", SpecificCharacterSet="ISO_IR 100"
        ),
        object_of(4, StudyInstanceUID="1.7", SeriesInstanceUID="1.6", ProcedureCodeSequence=[item_of(CodeValue="A")]),
    ]
    with make_archive(tmp_path) as archive:
        for one in objects:
            store(archive, one)
        before = answers(archive)
    make_older(tmp_path)
    return before


def answers(archive: Archive) -> list[Any]:
    return [
        sorted(sorted(answer.items()) for answer in find(archive.index, Query(level, (), ATTRIBUTES)))
        for level in Level
    ]


def reindexed(archive: Archive) -> list[int]:
    return [step.done for step in reindex(archive.layout, archive.index)]


def path_of(root: Path, number: str) -> FilePath:
    sql = """
    SELECT t.StudyInstanceUID, e.SeriesInstanceUID, i.name FROM instances i
    JOIN series e ON e.id = i.series JOIN studies t ON t.id = e.study WHERE i.InstanceNumber = ?
    """
    (row,) = rows(root, sql, number)
    return FilePath(UID(row["StudyInstanceUID"]), UID(row["SeriesInstanceUID"]), row["name"])


def rebuilt(root: Path) -> list[Any]:
    for file in (root / ".radnode").glob("index.sqlite*"):
        file.unlink()
    list(Check(root).run(repair=True))
    with make_archive(root) as archive:
        return answers(archive)


def test_a_new_archive_waits_for_nothing(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, object_of(1))
        assert archive.count_waiting() == 0
        assert reindexed(archive) == []
    with make_archive(tmp_path) as archive:
        assert archive.count_waiting() == 0


def test_an_older_index_opens_and_says_what_it_said_until_it_is_read_again(tmp_path: Path, older: list[Any]) -> None:
    with make_archive(tmp_path) as archive:
        assert archive.count_waiting() == 4 + 1
        for level, said in zip(Level, answers(archive), strict=True):
            known = [[pair for pair in answer if pair[0] not in LATER] for answer in older[level]]
            assert sorted([pair for pair in answer if pair[0] not in LATER] for answer in said) == sorted(known)
        assert reindexed(archive)[-1] == 5
        assert archive.count_waiting() == 0
        assert answers(archive) == older
    assert_sound(tmp_path)
    assert rebuilt(tmp_path) == older


def test_check_tells_and_repair_reads_again(tmp_path: Path, older: list[Any]) -> None:
    plain = Check(tmp_path)
    list(plain.run())
    assert [finding.kind for finding in plain.report.findings] == [Kind.OUTDATED]
    assert "5 rows" in plain.report.findings[0].detail
    assert not plain.report.clean
    repair = Check(tmp_path)
    list(repair.run(repair=True))
    assert repair.report.mended
    again = Check(tmp_path)
    list(again.run())
    assert again.report.clean
    with make_archive(tmp_path) as archive:
        assert answers(archive) == older


def test_what_was_interrupted_goes_on_where_it_was(
    tmp_path: Path, older: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radnode.archive.reindexing._OBJECTS", 1)
    monkeypatch.setattr("radnode.archive.reindexing._PATIENTS", 1)
    left = []
    for _ in range(30):
        with make_archive(tmp_path) as archive:
            left.append(archive.count_waiting())
            with closing(cast("Generator[Progress]", reindex(archive.layout, archive.index))) as steps:
                list(islice(steps, 2))  # where it is, and one piece
    assert left[0] == 5
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    with make_archive(tmp_path) as archive:
        assert answers(archive) == older


def test_a_kill_at_any_step_loses_nothing(tmp_path: Path, older: list[Any]) -> None:
    def migrate_and_read_again(root: Path) -> None:
        with make_archive(root) as archive:
            list(reindex(archive.layout, archive.index))

    step = 1
    while not run_and_kill(lambda: tmp_path, migrate_and_read_again, step):
        migrate_and_read_again(tmp_path)
        with make_archive(tmp_path) as archive:
            assert archive.count_waiting() == 0
            assert answers(archive) == older
        make_older(tmp_path)
        step += 1
    assert step > 3
    with make_archive(tmp_path) as archive:
        assert answers(archive) == older


@pytest.mark.usefixtures("older")
def test_it_works_beside_a_node_that_stores_and_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radnode.archive.reindexing._OBJECTS", 2)
    monkeypatch.setattr("radnode.archive.reindexing._PATIENTS", 1)
    with make_archive(tmp_path) as archive, make_archive(tmp_path) as node:
        steps = reindex(archive.layout, archive.index)
        next(steps)
        store(node, object_of(5, RequestAttributesSequence=request(5), PhysiciansOfRecord="NEW"))
        next(steps)
        node.forget(path_of(tmp_path, "2"))
        for number, _ in enumerate(steps):
            store(node, object_of(10 + number, SeriesInstanceUID=f"1.9.{number}", TimezoneOffsetFromUTC="+0200"))
        assert archive.count_waiting() == 0
        found = answers(archive)
    assert_sound(tmp_path)
    assert rebuilt(tmp_path) == found


def test_names_fold_as_the_version_of_folding_says() -> None:
    """Where this fails, raise folding.VERSION with it: then the folded columns of every index are made again."""
    names = [
        "DOE^JOHN^^^",
        "M\xfcller^J\xfcrgen^^Dr.^=",
        "\uff39\uff21\uff2d\uff21=\u5c71\u7530",
        "Stra\xdfe\\ \u0391^ ",
    ]
    folded = ["doe^john", "muller^jurgen^^dr.", "yama=\u5c71\u7530", "strasse\\\u03b1"]
    assert (VERSION, [fold(name) for name in names]) == (1, folded)


def test_rows_of_those_who_know_less_wait_too(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, object_of(1, ContentLabel="A"))
    with closing(sqlite3.connect(tmp_path / ".radnode" / "index.sqlite")) as older, older:
        columns = "series, SOPInstanceUID, name, sha256, size, transfer_syntax, arrived"
        older.execute(f"INSERT INTO instances ({columns}) SELECT series, '9', 'n', 'd', 0, 't', 0 FROM instances")
    with make_archive(tmp_path) as archive:
        assert archive.count_waiting() > 0


def test_a_file_that_cannot_be_read_keeps_its_row(tmp_path: Path, older: list[Any]) -> None:
    (broken, *_) = sorted((tmp_path / "studies" / "1.7").rglob("*.dcm"))
    broken.write_bytes(b"broken")
    with make_archive(tmp_path) as archive:
        reindexed(archive)
        assert archive.count_waiting() == 0
        assert len(answers(archive)[Level.IMAGE]) == len(older[Level.IMAGE])


def test_other_attributes_meanwhile_end_it(tmp_path: Path, older: list[Any]) -> None:
    del older
    with make_archive(tmp_path) as archive:
        steps = reindex(archive.layout, archive.index)
        next(steps)
        further = Attribute("ContrastBolusAgent", 0x00180010, "LO", Level.SERIES)
        with closing(Index(archive.layout.index)) as other:
            other.migrate(further=(further,))
        with pytest.raises(OutOfResources, match="begin again"):
            list(steps)
