"""A study as a zip archive: its bytes, its names, and what goes while it is sent."""

import asyncio
import re
import shutil
import subprocess
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from pydicom import dcmread
from support.archives import make_archive, store
from support.instances import REMOVED, STUDY, encode_part10, make_instance
from support.rest import Rest, until

from radnode.model.attributes import BY_KEYWORD
from radnode.model.level import Level
from radnode.model.query import Query, SingleValue
from radnode_http import blocking, packing, serving, zip_format

ZIP = f"/api/dicom/studies/{STUDY}/archive.zip"


async def stored(rest: Rest, number: int, series: str = "1.2.1", **more: Any) -> str:
    uids = {"SOPInstanceUID": f"{series}.{abs(number)}", "SeriesInstanceUID": series, "InstanceNumber": str(number)}
    return await rest.stored(encode_part10(make_instance(**{**uids, **more})))


async def fetched(rest: Rest, url: str = ZIP) -> bytes:
    async with rest.session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "application/zip"
        return await answer.read()


async def test_a_study_comes_whole_under_plain_names_and_twice_the_same(rest: Rest, tmp_path: Path) -> None:
    paths = [await stored(rest, number, PixelData=bytes([number]) * 2_200_000) for number in (12, 3)]
    paths.append(await stored(rest, 1, "1.2.2", SeriesNumber="7", Modality="../../MR"))
    paths.append(await stored(rest, 1, "1.2.3", SeriesNumber="7", Modality="", PatientName="DOE^JANE"))
    paths.append(await stored(rest, -4, "1.2.4", SeriesNumber=REMOVED, InstanceNumber="-4"))
    body = await fetched(rest)
    assert body == await fetched(rest)
    on_disk = {(tmp_path / "storage" / path).read_bytes() for path in paths}
    with ZipFile(BytesIO(body)) as found:
        assert found.testzip() is None
        assert {found.read(name) for name in found.namelist()} == on_disk
        assert {info.compress_type for info in found.infolist()} == {ZIP_STORED}
        assert {info.date_time for info in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(info.flag_bits for info in found.infolist())
        names = found.namelist()
    assert all(re.fullmatch(r"\d{3}_[A-Z]+(_\d)?/\d{5}_[0-9a-f]{8}\.dcm", name) for name in names)
    assert [name[:12] for name in names] == [
        "001_CT/00000",
        "002_CT/00003",
        "002_CT/00012",
        "007_OT/00001",
        "007_OT_4/000",
    ]
    assert b"DOE" not in b"".join(name.encode() for name in names)


async def test_other_programs_take_it_for_whole(rest: Rest, tmp_path: Path) -> None:
    for number in range(3):
        await stored(rest, number)
    file = tmp_path / "study.zip"
    await asyncio.to_thread(file.write_bytes, await fetched(rest))
    unzip = shutil.which("unzip")
    if unzip is None:
        pytest.skip("no unzip here")
    tested = await asyncio.to_thread(subprocess.run, [unzip, "-tq", str(file)], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


async def test_a_series_comes_alone(rest: Rest) -> None:
    await stored(rest, 1)
    await stored(rest, 2, "1.2.9")
    url = f"/api/dicom/studies/{STUDY}/series/1.2.9/archive.zip"
    with ZipFile(BytesIO(await fetched(rest, url))) as found:
        assert [dcmread(BytesIO(found.read(name))).SeriesInstanceUID for name in found.namelist()] == ["1.2.9"]
    async with rest.session.head(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="1.2.9.zip"'


async def test_what_there_is_not_is_not_found(rest: Rest) -> None:
    await stored(rest, 1)
    for study in ("1.2.3", "1..2", "x", "1*"):
        assert await rest.refused("GET", f"/api/dicom/studies/{study}/archive.zip", 404) == "DICOM study not found"
    url = "/api/dicom/studies/1.2.3/series/1.2.1/archive.zip"
    assert await rest.refused("GET", url, 404) == "DICOM series not found"
    await rest.refused("POST", ZIP, 405)


async def test_what_is_deleted_meanwhile_is_told_in_the_end(rest: Rest) -> None:
    sizes = dict.fromkeys(range(1, 10), 4_000_000)  # far more than the buffers of both sides hold
    paths = [await stored(rest, number, PixelData=bytes(size)) for number, size in sizes.items()]
    async with rest.session.get(ZIP) as answer:
        begin = await answer.content.readexactly(1000)
        async with rest.session.delete(f"/api/dicom/{paths[-1]}") as gone:
            assert gone.status == 200
        body = begin + await answer.read()
    with ZipFile(BytesIO(body)) as found:
        assert found.testzip() is None
        assert len(found.namelist()) == 9
        assert found.namelist()[-1] == packing.MISSING
        assert found.read(packing.MISSING).decode().splitlines()[1:] == [paths[-1]]


async def test_a_client_that_goes_away_ends_the_work(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        await stored(rest, number, PixelData=bytes(8_000_000))
    made, closed = [], []
    original = packing._parts

    def watched(*args: Any) -> Any:
        try:
            for part in original(*args):
                made.append(len(part))
                yield part
        finally:
            closed.append(True)

    monkeypatch.setattr(packing, "_parts", watched)
    head = f"GET {ZIP} HTTP/1.1\r\nHost: x\r\nAuthorization: {rest.session.headers['Authorization']}\r\n\r\n"
    async with rest.connected() as (reader, writer):
        writer.write(head.encode())
        await reader.readexactly(1000)
        writer.transport.abort()
    await until(lambda: closed)
    assert sum(made) < 24_000_000


async def test_many_downloads_leave_threads_to_others(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    await stored(rest, 1)
    begun, slow_disk = [], threading.Event()

    def waiting(*_: object) -> Any:
        begun.append(True)
        slow_disk.wait(20)
        yield b"PK"

    monkeypatch.setattr(packing, "_parts", waiting)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(serving.THREADS))
    downloads = [asyncio.create_task(fetched(rest)) for _ in range(serving.THREADS + 1)]
    try:
        await until(lambda: len(begun) >= blocking.AT_ONCE)
        async with asyncio.timeout(10), rest.session.get("/api/dicom/list") as answer:
            assert answer.status == 200
    finally:
        slow_disk.set()
    assert set(await asyncio.gather(*downloads)) == {b"PK"}


async def test_an_index_that_fails_in_the_middle_cuts_the_answer(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    await stored(rest, 1)

    def failing(*_: object) -> Any:
        yield b"PK"
        raise OSError

    monkeypatch.setattr(packing, "_parts", failing)
    head = f"GET {ZIP} HTTP/1.1\r\nHost: x\r\nAuthorization: {rest.session.headers['Authorization']}\r\n\r\n"
    answer = await rest.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"detail" not in answer
    assert not answer.partition(b"\r\n\r\n")[2].endswith(b"0\r\n\r\n")


def test_names_are_unique_whatever_objects_are_called(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        for number in range(3):
            store(archive, make_instance(SOPInstanceUID=f"1.2.{number}", InstanceNumber="1"))
        query = Query(Level.STUDY, ((BY_KEYWORD["StudyInstanceUID"], SingleValue(STUDY)),), ())
        names, told = packing.Names(), list(archive.retrieve(query).told())
        first = names.name(told[0])
        assert names.name(told[0]) == first.replace(told[0].holding.path.name[:8], told[0].holding.path.name)
        with closing(packing.packed(archive.retrieve(query), archive.layout)) as pieces:
            assert len(ZipFile(BytesIO(b"".join(pieces))).namelist()) == 3


def test_many_and_large_members_are_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    zipped, made = zip_format.ZipFormat(), bytearray()
    for number in range(70_000):
        made += zipped.before(f"{number}", 0, 0)
    with ZipFile(BytesIO(made + zipped.end())) as found:
        assert len(found.namelist()) == 70_000
    monkeypatch.setattr(zip_format, "_MAX_32", 5)
    zipped, made = zip_format.ZipFormat(), bytearray()
    for name, content in (("a", b"123456"), ("b", b"1234"), ("c", b"1234567")):
        made += zipped.before(name, len(content), zlib.crc32(content)) + content
    assert b"\x01\x00\x10\x00" + (6).to_bytes(8, "little") * 2 in made
    directory = zipped.end()
    assert directory.count(b"PK\x06\x06") == directory.count(b"PK\x06\x07") == 1


async def test_a_parameter_that_would_not_be_heeded_is_refused(rest: Rest) -> None:
    await stored(rest, 1)
    for url in (ZIP, ZIP.replace("archive.zip", "series/1.2.1/archive.zip")):
        assert await rest.refused("GET", f"{url}?deidentify=true", 400) == "Unknown parameter deidentify"
