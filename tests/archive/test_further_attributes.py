"""Attributes that are indexed because a setting says so: from the data set to a query over the network."""

import pickle
from itertools import islice
from pathlib import Path

import pytest
from support.archives import make_archive, rows, store
from support.dimse_server import peer_of, running
from support.instances import encode_part10, make_instance

from radnode.archive.archive import Archive
from radnode.archive.check import Check
from radnode.archive.describing import read_again
from radnode.archive.importing import import_paths
from radnode.archive.reindexing import reindex
from radnode.dimse.encoding import encode_elements
from radnode.dimse.identifier import parse_identifier
from radnode.dimse.scu import Caller, find
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.attribute_table import AttributeTable, table_of
from radnode.model.attributes import Attribute
from radnode.model.header import Header
from radnode.model.level import Level, Root
from radnode.model.query import Query, SingleValue, Wildcard
from radnode.model.uid import UID

AGENT = Attribute("ContrastBolusAgent", 0x00180010, "LO", Level.SERIES)
COMPOSER = Attribute("PersonName", 0x0040A123, "PN", Level.IMAGE)
WIDTH = Attribute("AcquisitionDuration", 0x00189073, "FD", Level.IMAGE)


def agents(archive: Archive, *keys: tuple[Attribute, SingleValue | Wildcard]) -> list[str]:
    return sorted(answer["ContrastBolusAgent"] for answer in archive.find(Query(Level.SERIES, keys, (AGENT,))))


def fill(archive: Archive) -> None:
    store(archive, make_instance(SOPInstanceUID="1.1", SeriesInstanceUID="1.7", ContrastBolusAgent="Jod"))
    store(archive, make_instance(SOPInstanceUID="1.2", SeriesInstanceUID="1.8", ContrastBolusAgent="Gadolinium"))
    store(archive, make_instance(SOPInstanceUID="1.3", SeriesInstanceUID="1.9"))


def test_what_is_added_at_first_is_indexed_like_any_other(tmp_path: Path) -> None:
    with Archive.open(tmp_path, further=(AGENT, COMPOSER, WIDTH)) as archive:
        assert archive.count_waiting() == 0
        fill(archive)
        store(archive, make_instance(SOPInstanceUID="1.4", PersonName="BACH^J", AcquisitionDuration=1.5))
        assert agents(archive) == ["", "", "Gadolinium", "Jod"]
        assert agents(archive, (AGENT, Wildcard("G*"))) == ["Gadolinium"]
        (found,) = archive.find(Query(Level.IMAGE, ((COMPOSER, SingleValue("bach^j")),), (COMPOSER, WIDTH)))
        assert found == {"PersonName": "BACH^J", "AcquisitionDuration": "1.5"}


def test_what_is_added_later_waits_until_it_is_read_again(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        fill(archive)
    with Archive.open(tmp_path, further=(AGENT,)) as archive:
        assert archive.count_waiting() > 0
        assert agents(archive) == ["", "", ""]
        list(reindex(archive.layout, archive.index))
        assert agents(archive, (AGENT, SingleValue("Jod"))) == ["Jod"]
        assert archive.count_waiting() == 0


def test_repair_adds_them_and_reads_again(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        fill(archive)
    check = Check(tmp_path, further=(AGENT,))
    list(check.run(repair=True))
    assert check.report.mended
    with make_archive(tmp_path) as archive:
        assert agents(archive) == ["", "Gadolinium", "Jod"]


def test_whoever_opens_it_later_knows_them(tmp_path: Path) -> None:
    Archive.open(tmp_path / "a", further=(AGENT,)).close()
    (tmp_path / "x.dcm").write_bytes(encode_part10(make_instance(ContrastBolusAgent="Jod")))
    list(import_paths(tmp_path / "a", [tmp_path / "x.dcm"], processes=1))
    with make_archive(tmp_path / "a") as archive:
        assert archive.table is table_of((AGENT,))
        assert agents(archive) == ["Jod"]
    with Archive.open(tmp_path / "a", further=(WIDTH,)) as archive:
        assert set(archive.table.further) == {AGENT, WIDTH}


def test_a_lost_index_is_made_again_with_them(tmp_path: Path) -> None:
    with Archive.open(tmp_path, further=(AGENT,)) as archive:
        fill(archive)
    for file in (tmp_path / ".radnode").glob("index.sqlite*"):
        file.unlink()
    list(Check(tmp_path, further=(AGENT,)).run(repair=True))
    with make_archive(tmp_path) as archive:
        assert agents(archive) == ["", "Gadolinium", "Jod"]


def test_a_peer_asks_for_them(tmp_path: Path) -> None:
    with Archive.open(tmp_path, further=(AGENT,)) as archive:
        fill(archive)
        with running(archive) as server:
            keys = {"ContrastBolusAgent": "*o*", "SeriesInstanceUID": ""}
            matches = [dict(match) for match in find(peer_of(server), Caller(), Level.SERIES, keys)]
    assert sorted(match["ContrastBolusAgent"] for match in matches) == ["Gadolinium", "Jod"]


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LITTLE_ENDIAN, UID("1.2.840.10008.1.2.1")])
def test_private_attributes_can_be_asked_for(tmp_path: Path, syntax: UID) -> None:
    private = Attribute("Tag0019100C", 0x0019100C, "IS", Level.IMAGE)
    dataset = make_instance()
    dataset.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    dataset.add_new(0x0019100C, "IS", "1000")
    keys = {0x00080052: ("CS", b"IMAGE "), 0x00190010: ("LO", b"SIEMENS MR HEADER "), 0x0019100C: ("IS", b"1000")}
    with Archive.open(tmp_path, further=(private,)) as archive:
        store(archive, dataset)
        identifier = parse_identifier(encode_elements(keys, syntax), syntax, Root.STUDY, table=archive.table)
        (found,) = archive.find(identifier.query)
    assert found["Tag0019100C"] == "1000"
    assert {one.tag for one in identifier.requested} == {0x00190010, 0x0019100C}


def test_another_process_has_the_same_table() -> None:
    table = table_of((AGENT,))
    assert pickle.loads(pickle.dumps(table)) is table


@pytest.mark.parametrize("further", [(), (AGENT,)])
def test_rows_say_how_they_were_described(tmp_path: Path, further: tuple[Attribute, ...]) -> None:
    with Archive.open(tmp_path, further=further) as archive:
        fill(archive)
    (number,) = {row["described_by"] for row in rows(tmp_path, "SELECT described_by FROM instances")}
    assert [row["number"] for row in rows(tmp_path, "SELECT number FROM fitted")] == [number]


def test_what_a_node_stores_that_knows_less_is_read_again_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it comes: while patients are read, and when all have been read."""
    monkeypatch.setattr("radnode.archive.reindexing._OBJECTS", 2)
    monkeypatch.setattr("radnode.archive.reindexing._PATIENTS", 1)
    numbers = iter(range(4, 12))

    def bring(number: int) -> None:
        uids = {"SOPInstanceUID": f"1.1.{number}", "SeriesInstanceUID": f"1.8.{number}"}
        store(node, make_instance(**uids, ContrastBolusAgent=f"No {number}"))

    def read_while_some_come(file: Path, table: AttributeTable) -> Header | None:
        for number in islice(numbers, 1):
            bring(number)
        return read_again(file, table)

    monkeypatch.setattr("radnode.archive.reindexing.read_again", read_while_some_come)
    with make_archive(tmp_path) as node:
        fill(node)
        with Archive.open(tmp_path, further=(AGENT,)) as archive:
            list(reindex(archive.layout, archive.index))
            list(reindex(archive.layout, archive.index))
            assert next(numbers, None) is None, "all have come"
            assert archive.count_waiting() == 0
            bring(12)
            assert archive.count_waiting() == 1
            list(reindex(archive.layout, archive.index))
            assert archive.count_waiting() == 0
            assert agents(archive) == sorted(["", "Gadolinium", "Jod", *(f"No {number}" for number in range(4, 13))])


def test_an_outdated_object_that_cannot_be_read_does_not_wait_for_ever(tmp_path: Path) -> None:
    with make_archive(tmp_path) as node, Archive.open(tmp_path, further=(AGENT,)) as archive:
        stored = store(node, make_instance(ContrastBolusAgent="Jod"))
        archive.layout.current(stored.path).write_bytes(b"broken")
        list(reindex(archive.layout, archive.index))
        assert archive.count_waiting() == 0
        assert agents(archive) == [""]
