"""DCMTK's tools where radnode has to say no: in a way that they understand, and without harm to the next one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dimse_server import Running, running
from support.fake_archive import FakeArchive
from support.instances import make_instance, write_part10
from support.peers import run


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        yield server


def to(server: Running) -> list[str]:
    return ["-aec", "RADNODE", "127.0.0.1", str(server.port)]


def test_dcmsend_tells_what_was_refused(server: Running, tmp_path: Path) -> None:
    write_part10(make_instance(SOPInstanceUID="1.2.3.4"), tmp_path / "good.dcm")
    write_part10(make_instance(SOPInstanceUID="1.2.3.5", SOPClassUID="1.2.3.4.5"), tmp_path / "unknown.dcm")
    report = tmp_path / "report.txt"
    files = (tmp_path / "good.dcm", tmp_path / "unknown.dcm")
    run("dcmsend", "-nh", "+crf", report, *to(server), *files, check=False)
    told = [line.partition(" : ")[2] for line in report.read_text().splitlines() if line.startswith("DIMSE Status")]
    assert told == ["0x0000 (Success)", "<no acceptable presentation context>"]


@pytest.mark.parametrize("limit", ["4096", "131072"])
def test_storescu_with_pdus_of_every_size(tmp_path: Path, limit: str) -> None:
    archive = FakeArchive()
    path = write_part10(make_instance(PixelData=bytes(400_000)), tmp_path / "a.dcm")
    with running(archive) as other:
        run("storescu", "--max-pdu", limit, "--max-send-pdu", limit, *to(other), path)
    (stored,) = archive.objects.values()
    assert path.read_bytes().endswith(stored)


def test_echoscu_with_many_contexts_and_repeats(server: Running) -> None:
    said = run("echoscu", "-v", "-ppc", "128", "-pts", "38", "--repeat", "20", *to(server)).stdout
    assert said.count("Received Echo Response (Success)") == 20


def test_tools_that_abort_leave_room_for_the_next(server: Running, tmp_path: Path) -> None:
    path = write_part10(make_instance(), tmp_path / "a.dcm")
    for _ in range(3):
        run("echoscu", "--abort", *to(server), check=False)
        run("storescu", "--abort", *to(server), path, check=False)
    assert "Success" in run("echoscu", "-v", *to(server)).stdout
