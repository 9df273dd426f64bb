"""Stored files as they are: whole, in ranges, under conditions, and by those who go away."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from support.instances import encode_part10, make_instance
from support.rest import Rest, serving_new_archive, until

from radnode_http import streaming

RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=10-19": (10, 20),
    "bytes=100-": (100, None),
    "bytes=-7": (-7, None),
    "bytes=-99999999": (0, None),
    "bytes= 5-99999999999999999999 ": (5, None),
    "BYTES=3-3": (3, 4),
}
IGNORED = ("bytes=5-4", "bytes=", "bytes=a-b", "lines=1-2", "bytes=0-0,5-6", "bytes=1-2-3", "5-6", "bytes=" + "9" * 99)
UNSATISFIABLE = ("bytes=99999999-", "bytes=-0", "bytes=9999999-99999999", "bytes=" + "9" * 60 + "-")


async def stored(rest: Rest, tmp_path: Path, size: int = 384) -> tuple[str, bytes]:
    """The URL of a file that was uploaded, and its bytes on the disk."""
    path = await rest.stored(encode_part10(make_instance(PixelData=bytes(range(256)) * (size // 256 + 1))))
    content = await asyncio.to_thread((tmp_path / "storage" / path).read_bytes)
    return f"/api/dicom/file/{path}", content


async def test_a_file_comes_byte_for_byte_and_says_what_it_is(rest: Rest, tmp_path: Path) -> None:
    url, content = await stored(rest, tmp_path, 3_000_000)
    async with rest.session.get(url, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert await answer.read() == content
        assert (answer.status, answer.content_type) == (200, "application/dicom")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{url[-36:]}"'
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["ETag"].startswith(f'"{url[-36:-4]}-')
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        told = dict(answer.headers)
    async with rest.session.head(url, headers={"Range": "bytes=0-1"}) as answer:
        assert answer.status == 200
        assert {name: answer.headers[name] for name in told if name not in ("Date", "X-Request-ID")} == {
            name: value for name, value in told.items() if name not in ("Date", "X-Request-ID")
        }
        assert await answer.read() == b""


async def test_ranges_are_those_of_rfc_9110(rest: Rest, tmp_path: Path) -> None:
    url, content = await stored(rest, tmp_path, 600_000)
    for wanted, (first, end) in RANGES.items():
        async with rest.session.get(url, headers={"Range": wanted}) as answer:
            part = await answer.read()
            assert (answer.status, part) == (206, content[first:end]), wanted
            start = content.index(part) if len(part) > 20 else len(content[:first])
            assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    for wanted in IGNORED:
        async with rest.session.get(url, headers={"Range": wanted}) as answer:
            assert (answer.status, await answer.read()) == (200, content), wanted
            assert "Content-Range" not in answer.headers
    for wanted in UNSATISFIABLE:
        async with rest.session.get(url, headers={"Range": wanted}) as answer:
            assert answer.status == 416, wanted
            assert answer.headers["Content-Range"] == f"bytes */{len(content)}"
            assert await answer.json() == {"detail": "The file has no such range"}


async def test_conditions_are_judged(rest: Rest, tmp_path: Path) -> None:
    url, content = await stored(rest, tmp_path)
    async with rest.session.head(url) as answer:
        tag, date = answer.headers["ETag"], answer.headers["Last-Modified"]
    past, future = "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    never = f"Sat, 01 Jan {'9' * 30} 00:00:00 GMT"
    for status, headers in (
        (304, {"If-None-Match": tag}),
        (304, {"If-None-Match": f'"a", W/{tag}'}),
        (304, {"If-None-Match": "*", "Range": "bytes=0-1"}),
        (304, {"If-Modified-Since": date}),
        (200, {"If-Modified-Since": past}),
        (200, {"If-None-Match": '"other"', "If-Modified-Since": future}),
        (412, {"If-Match": '"other"'}),
        (412, {"If-Match": f"W/{tag}"}),
        (412, {"If-Unmodified-Since": past}),
        (200, {"If-Match": tag, "If-Unmodified-Since": past}),
        (206, {"Range": "bytes=0-1", "If-Range": tag}),
        (206, {"Range": "bytes=0-1", "If-Range": date}),
        (200, {"Range": "bytes=0-1", "If-Range": f"W/{tag}"}),
        (200, {"Range": "bytes=0-1", "If-Range": past}),
        (200, {"Range": "bytes=0-1", "If-Range": "yesterday"}),
        (200, {"Range": "bytes=0-1", "If-Range": never}),
        (200, {"If-Modified-Since": never}),
        (200, {"If-Unmodified-Since": never}),
        (200, {"If-None-Match": '"*"'}),
        (412, {"If-Match": '"*"'}),
    ):
        async with rest.session.get(url, headers=headers) as answer:
            assert answer.status == status, headers
            body = await answer.read()
            if status == 304:
                assert (body, answer.headers["ETag"]) == (b"", tag)
                assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
            elif status == 200:
                assert body == content


async def test_no_file_is_of_tomorrow_where_the_clock_was_set_back(rest: Rest, tmp_path: Path) -> None:
    url, _ = await stored(rest, tmp_path)
    tomorrow = time.time() + 86400
    await asyncio.to_thread(os.utime, tmp_path / "storage" / url.removeprefix("/api/dicom/file/"), (tomorrow, tomorrow))
    async with rest.session.get(url) as answer:
        told = (parsedate_to_datetime(answer.headers[name]) for name in ("Last-Modified", "Date"))
        assert next(told) <= next(told)


async def test_only_what_the_index_knows_is_opened(rest: Rest, tmp_path: Path) -> None:
    url, _ = await stored(rest, tmp_path)
    beside = tmp_path / "storage" / Path(url.removeprefix("/api/dicom/file/")).parent / f"{'0' * 32}.dcm"
    await asyncio.to_thread(beside.write_bytes, b"nobody knows it")
    for target in (f"{url[:-36]}{'0' * 32}.dcm", f"{url[:-36]}../x.dcm", "/api/dicom/file/.radnode/jwt.secret"):
        for method in ("GET", "HEAD"):
            async with rest.session.request(method, target) as answer:
                assert answer.status == 404
        assert await rest.refused("GET", target, 404) == "DICOM file not found"


async def test_a_file_that_is_deleted_while_it_is_sent_stays_whole(rest: Rest, tmp_path: Path) -> None:
    url, content = await stored(rest, tmp_path, 16_000_000)
    async with rest.session.get(url) as answer:
        begin = await answer.content.readexactly(1000)
        async with rest.session.delete(url.replace("/file/", "/")) as gone:
            assert gone.status == 200
        assert begin + await answer.read() == content
    assert await rest.refused("GET", url, 404) == "DICOM file not found"


async def test_who_does_not_read_is_let_go(rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = await stored(rest, tmp_path, 32_000_000)
    before = let_go()
    monkeypatch.setattr(streaming, "STALL", 0.3)
    authorization = rest.session.headers["Authorization"]
    head = f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n"
    async with rest.connected() as (reader, writer):
        writer.write(head.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: let_go() == before + 1)


def let_go() -> float:
    labels = {"method": "GET", "route": "/api/dicom/file/{file_path}", "status": "499"}
    return REGISTRY.get_sample_value("radnode_http_requests_total", labels) or 0.0


async def test_a_node_that_stops_cuts_what_would_take_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PARTING", 0.1)
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as clients:
        async with serving_new_archive(tmp_path / "storage") as rest:
            url, content = await stored(rest, tmp_path, 32_000_000)
            reader, writer = await clients.enter_async_context(rest.connected())
            head = f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: {rest.session.headers['Authorization']}\r\n\r\n"
            writer.write(head.encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            begun = loop.time()
        assert loop.time() - begun < 4  # the server would have waited for five seconds
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(len(content))
