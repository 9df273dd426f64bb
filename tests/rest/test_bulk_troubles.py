"""Uploads in bulk in bad times: a full disk, slow senders, two at once."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import FormData
from support.disks import fill, small_file_system
from support.instances import encode_part10, make_instance
from support.rest import Rest, as_bearer, detail_of, make_token, open_archive, read_answer, rest_settings, serving
from support.zips import ZIP_STORED, zipped

from radnode.archive.layout import Layout
from radnode.work.work_file import WorkFile

URLS = ("/api/dicom/upload-multiple", "/api/dicom/upload-async")


def file(number: int = 1, size: int = 384) -> bytes:
    return encode_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}", PixelData=bytes(size)))


def form(*files: bytes) -> FormData:
    found = FormData()
    for content in files:
        found.add_field("files", content, filename="a.dcm")
    return found


def left_over(root: Path) -> list[Path]:
    """Temporary files, and those of jobs."""
    found = [path for path in (root / ".radnode").rglob("*") if path.suffix in (".part", ".spool")]
    return found + list((root / ".radnode" / "uploads").glob("*"))


async def test_a_full_disk_is_507_and_leaves_nothing(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk") as disk:
        root = disk / "a"
        async with open_archive(root) as archive:
            work = await asyncio.to_thread(WorkFile.open, Layout(root).work)
            async with serving(archive, rest_settings(root), work=work) as rest:
                ballast = await asyncio.to_thread(fill, disk)
                for url in URLS:
                    async with rest.session.post(url, data=form(file(1, 300_000))) as answer:
                        assert (answer.status, await detail_of(answer)) == (
                            507, "Cannot store: No space left on device"
                        )  # fmt: skip
                    assert left_over(root) == []
                ballast.unlink()
                for url, status in zip(URLS, (200, 202), strict=True):
                    async with rest.session.post(url, data=form(file(1, 300_000))) as answer:
                        assert answer.status == status
            await asyncio.to_thread(work.close)


@pytest.mark.parametrize("kind", ["application/zip", "multipart/form-data; boundary=x"])
async def test_a_body_that_comes_too_slowly_is_408(
    rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("radnode_http.bodies.PATIENCE", 0.3)
    head = f"POST {URLS[0]} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 100000\r\n"
    head += f"Authorization: {as_bearer(make_token())['Authorization']}\r\nConnection: close\r\n\r\n"
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + file(1)
    async with rest.connected() as (reader, writer):
        writer.write(head.encode() + (begin if "boundary" in kind else b"PK\x03\x04"))
        assert await read_answer(reader) == (408, {"detail": "The request body came too slowly"})
    assert left_over(tmp_path / "storage") == []


async def test_the_same_files_at_once_are_stored_once(rest: Rest, tmp_path: Path) -> None:
    body = zipped({str(number): file(number) for number in range(20)}, ZIP_STORED)

    async def send() -> list[str]:
        async with rest.session.post(URLS[0], data=body, headers={"Content-Type": "application/zip"}) as answer:
            return [one["file_path"] for one in (await answer.json())["results"]]

    first, *others = await asyncio.gather(*(send() for _ in range(4)))
    assert others == [first] * 3
    async with rest.session.get("/api/dicom/list") as answer:
        assert (await answer.json())["total"] == len(set(first)) == 20


async def test_jobs_need_the_scope_and_the_work_file(rest: Rest) -> None:
    for url in URLS:
        reading = as_bearer(make_token("dicom:read"))
        assert (
            await rest.refused("POST", url, 403, data=form(file()), headers=reading) == "Scope dicom:write is required"
        )
    assert await rest.refused("POST", URLS[1], 503, data=form(file())) == "DICOM handling is disabled"
