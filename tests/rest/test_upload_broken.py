import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from support.instances import encode_part10, make_instance
from support.rest import Rest, as_bearer, make_token, read_answer, rest_settings, serving, until

from radnode.archive.archive import Archive

DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a.dcm"\r\n'


def part(content: bytes, *, disposition: bytes = DISPOSITION, headers: bytes = b"") -> bytes:
    return b"--x\r\n" + disposition + headers + b"\r\n" + content + b"\r\n"


def head(length: int | None, *, kind: bytes = b"multipart/form-data; boundary=x", more: bytes = b"") -> bytes:
    size = b"Transfer-Encoding: chunked\r\n" if length is None else b"Content-Length: %d\r\n" % length
    token = b"Authorization: Bearer %b\r\n" % make_token().encode()
    return (
        b"POST /api/dicom/upload HTTP/1.1\r\nHost: x\r\n%bContent-Type: %b\r\n%b%b" % (token, kind, size, more)
        + b"\r\n"
    )


def request(body: bytes, **options: Any) -> bytes:
    return head(len(body), **{"more": b"Connection: close\r\n", **options}) + body


def incoming(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.suffix in (".part", ".dcm")]


def broken_bodies(file: bytes) -> dict[str, bytes]:
    end = b"--x--\r\n"
    return {
        "cut off in the file": part(file)[:-200],
        "cut off before the closing boundary": part(file),
        "cut off in the boundary": part(file) + b"--x",
        "cut off in the next part's headers": part(file) + b"--x\r\nContent-Dispo",
        "the boundary begins another word": part(file) + b"--xyz\r\n",
        "two files": part(file) + part(file) + end,
        "nested": part(b"", headers=b"Content-Type: multipart/mixed; boundary=y\r\n") + end,
        "nested without boundary": part(b"", headers=b"Content-Type: multipart/mixed\r\n") + end,
        "base64": part(file, headers=b"Content-Transfer-Encoding: base64\r\n") + end,
        "gzip": part(file, headers=b"Content-Encoding: gzip\r\n") + end,
        "too many headers": part(file, headers=b"X-A: b\r\n" * 500) + end,
        "a long header": part(file, headers=b"X-A: " + b"b" * 20000 + b"\r\n") + end,
        "a header that is none": part(file, headers=b"nonsense\r\n") + end,
        "control characters in a header": part(file, headers=b"X-A: \x00\x01\r\n") + end,
        "a charset that is none": b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n'
        + b"y" * 99
        + part(file)
        + end,
        "only a preamble": b"nothing\r\n" * 50,
    }


async def test_a_broken_body_is_400_and_leaves_nothing(rest: Rest, tmp_path: Path) -> None:
    for name, body in broken_bodies(encode_part10(make_instance())).items():
        status, answer = await rest.raw_status(request(body))
        assert status == 400, name
        assert list(answer) == ["detail"], name
        assert incoming(tmp_path) == [], name


async def test_broken_chunks_leave_nothing(rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radnode_http.bodies.PATIENCE", 0.5)  # aiohttp's parser does not tell the reader of the body
    body = part(encode_part10(make_instance()))
    chunk = b"%x\r\n%b\r\n" % (len(body), body)
    async with rest.connected() as (reader, writer):
        writer.write(head(None, more=b"Connection: close\r\n") + chunk)
        await until(lambda: incoming(tmp_path))
        writer.write(b"zz\r\nnonsense\r\n")
        status, answer = await read_answer(reader)
    assert (status, answer) == (408, {"detail": "The request body came too slowly"})
    assert incoming(tmp_path) == []


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"gzip, gzip"])
async def test_a_compressed_body_is_not_inflated(rest: Rest, encoding: bytes) -> None:
    more = b"Connection: close\r\nContent-Encoding: %b\r\n" % encoding
    status, answer = await rest.raw_status(request(part(encode_part10(make_instance())) + b"--x--\r\n", more=more))
    assert (status, answer) == (415, {"detail": "Content-Encoding is not supported"})


async def test_odd_names_are_kept_out_of_the_index(rest: Rest, tmp_path: Path) -> None:
    names = (b"\xff\xfe.dcm", b"../../etc/passwd", b"C:\\scans\\a.dcm", "Müller.dcm".encode(), b"x" * 4000, b'a\\"b')
    for name in names:
        disposition = b'Content-Disposition: form-data; name="file"; filename="%b"\r\n' % name
        body = part(encode_part10(make_instance()), disposition=disposition) + b"--x--\r\n"
        status, _ = await rest.raw_status(request(body))
        assert status == 200, name
    assert len(incoming(tmp_path)) == 1


async def test_a_client_that_goes_away_leaves_nothing(rest: Rest, tmp_path: Path) -> None:
    body = part(encode_part10(make_instance(PixelData=bytes(2**20))))
    async with rest.connected() as (reader, writer):
        writer.write(head(10**7) + body)
        await writer.drain()
        await until(lambda: incoming(tmp_path))
        writer.transport.abort()
        await until(lambda: not incoming(tmp_path))
        assert await reader.read() == b""
        async with rest.session.get("/api/dicom/status") as answer:
            assert (await answer.json())["storage_info"]["total_files"] == 0


async def test_a_refusal_can_be_read_while_the_body_still_comes(rest: Rest) -> None:
    async with rest.connected() as (reader, writer):
        beginning = part(b"no DICOM" * 2**17)
        writer.write(head(len(beginning) + 50 * 2**20) + beginning)
        status_line = await asyncio.wait_for(reader.readline(), 10)
        assert b" 400 " in status_line
        for _ in range(50):  # a client that does not look before it has sent everything
            writer.write(bytes(2**20))
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 20)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["detail"].startswith("Invalid DICOM file: ")
        assert b"Connection: close" in answer


async def test_fields_beside_the_file_are_limited(rest: Rest, tmp_path: Path) -> None:
    field = part(bytes(600 * 1024), disposition=b'Content-Disposition: form-data; name="comment"\r\n')
    file = part(encode_part10(make_instance()))
    empty = part(b"", disposition=b'Content-Disposition: form-data; name="comment"\r\n') * 1100
    for body in (field + field + file, file + field + field, empty + file):
        status, answer = await rest.raw_status(request(body + b"--x--\r\n"))
        assert (status, answer) == (413, {"detail": "Form fields exceed maximum allowed size (1MB)"})
    assert incoming(tmp_path) == []
    status, _ = await rest.raw_status(request(field + file + b"--x--\r\n"))
    assert status == 200


async def test_a_body_that_must_be_too_large_is_not_even_asked_for(rest: Rest) -> None:
    more = b"Expect: 100-continue\r\nConnection: close\r\n"
    status, answer = await rest.raw_status(head(200 * 2**20, more=more))
    assert (status, answer) == (413, {"detail": "File size exceeds maximum allowed size (100MB)"})


async def test_who_waits_to_be_asked_is_asked_once_the_request_is_fine(rest: Rest) -> None:
    body = part(encode_part10(make_instance())) + b"--x--\r\n"
    async with rest.connected() as (reader, writer):
        writer.write(head(len(body), more=b"Expect: 100-continue\r\nConnection: close\r\n"))
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_who_may_not_upload_is_not_asked_for_the_body(rest: Rest) -> None:
    for token, status in (("", 401), (make_token("dicom:read"), 403)):
        bearer = as_bearer(token)["Authorization"].encode()
        lines = b"Authorization: %b\r\nExpect: 100-continue\r\nContent-Length: 10\r\nConnection: close\r\n" % bearer
        answer = await rest.raw_status(b"POST /api/dicom/upload HTTP/1.1\r\nHost: x\r\n%b\r\n" % lines)
        assert answer[0] == status
    odd = request(b"", more=b"Expect: 200-maybe\r\nConnection: close\r\n")
    assert await rest.raw_status(odd) == (417, {"detail": "Unknown Expect"})


async def test_a_body_that_comes_too_slowly_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radnode_http.bodies.PATIENCE", 0.2)
    archive = await asyncio.to_thread(Archive.open, tmp_path)
    async with serving(archive, rest_settings(tmp_path)) as rest:
        status, answer = await rest.raw_status(head(10**6) + part(encode_part10(make_instance()))[:300])
        assert (status, answer) == (408, {"detail": "The request body came too slowly"})
        flags = f"/api/dicom/clinical-summary/studies/1/2/{'0' * 32}.dcm"
        lines = f"POST {flags} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {make_token()}\r\nContent-Length: 9\r\n\r\n"
        assert (await rest.raw_status(lines.encode() + b"{"))[0] == 408
    await asyncio.to_thread(archive.close)
    assert incoming(tmp_path) == []
