"""Several files in one upload, zip archives among them, by friends and by others."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData
from prometheus_client import REGISTRY
from support.instances import encode_part10, make_instance
from support.rest import Rest, as_bearer, checked, detail_of, make_token, open_archive, rest_settings, serving, until
from support.zips import ZIP_STORED, changed, nothing, overlapping, zipped

from radnode.archive.layout import Layout
from radnode.sections.bulk import BulkSettings
from radnode.settings import Settings
from radnode.work.queue_view import Selection, items
from radnode.work.work_file import WorkFile
from radnode_http.answers.bulk import UploadsAnswer

URL = "/api/dicom/upload-multiple"
Files = list[tuple[str, bytes]]


def file(number: int = 1, **more: Any) -> bytes:
    return encode_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}", **more))


async def sent(rest: Rest, files: Files, field: str = "files", url: str = URL) -> ClientResponse:
    form = FormData(quote_fields=False, default_to_multipart=True)
    for name, content in files:
        form.add_field(field, BytesIO(content), filename=name, content_type="application/dicom")
    return await rest.session.post(url, data=form)


async def results_of(rest: Rest, files: Files, **options: Any) -> UploadsAnswer:
    return await checked(await sent(rest, files, **options), UploadsAnswer)


async def errors_of(rest: Rest, *archives: bytes) -> list[str | None]:
    answer = await results_of(rest, [("a.zip", archive) for archive in archives])
    return [result.error for result in answer.results]


def left_over(root: Path) -> list[Path]:
    """Temporary files."""
    return [path for path in (root / ".radnode").rglob("*") if path.suffix in (".part", ".spool")]


def written(root: Path, *names: str) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and path.name in names]


def uploads() -> float:
    return REGISTRY.get_sample_value("dicom_uploads_total") or 0.0


async def test_each_file_has_its_own_result(rest: Rest, tmp_path: Path) -> None:
    before = uploads()
    files = [
        ("C:\\a\\1.dcm", file(1)),
        ("x\u202e.txt", b"nothing"),
        ("../../2", file(2)),
        ("e.dcm", b""),
        ("2", file(2)),
    ]
    answer = await results_of(rest, files)
    assert (answer.success, answer.count, answer.stored, answer.failed) == (False, 5, 3, 2)
    assert [result.file_name for result in answer.results] == ["1.dcm", "x.txt", "2", "e.dcm", "2"]
    assert [result.success for result in answer.results] == [True, False, True, False, True]
    assert answer.results[2].file_path == answer.results[4].file_path
    for result in answer.results:
        if result.success:
            async with rest.session.get(f"/api/dicom/metadata/{result.file_path}") as found:
                assert found.status == 200
        else:
            assert (result.error or "").startswith("Invalid DICOM file: ")
    assert uploads() - before == 3
    assert left_over(tmp_path / "storage") == []
    assert (await results_of(rest, [("1", file(3))], field="file")).success


async def test_a_zip_archive_is_opened_but_not_those_in_it(rest: Rest, tmp_path: Path) -> None:
    members = {
        "DICOMDIR": b"a table", "images/": b"", "images/IM1": file(1), "__MACOSX/images/IM1": b"x", "._IM1": b"x",
        "/etc/passwd": file(2),
        "images\\..\\..\\IM3.dcm": file(3), "inner.zip": zipped({"IM": file(4)}), "empty.dcm": b"", ".DS_Store": b"x",
    }  # fmt: skip
    for body in (zipped(members), zipped(members, ZIP_STORED)):
        answer = await results_of(rest, [("CD.zip", body)])
        names = ["IM1", "passwd", "IM3.dcm", "inner.zip", "empty.dcm"]
        assert [result.file_name for result in answer.results] == names
        assert [result.success for result in answer.results] == [True, True, True, False, False]
    async with rest.session.post(URL, data=zipped(members), headers={"Content-Type": "application/zip"}) as raw:
        assert (await checked(raw, UploadsAnswer)).stored == 3
    both = await results_of(rest, [("1", file(1)), ("a.zip", zipped({"b": file(5)})), ("2", file(2))])
    assert [result.file_name for result in both.results] == ["1", "b", "2"]
    assert written(tmp_path, "passwd", "IM1", "IM3.dcm") == []


async def test_a_file_that_begins_like_a_zip_archive_is_a_dicom_file(rest: Rest) -> None:
    answer = await results_of(rest, [("a", b"PK\x03\x04" + file(1)[4:])])
    assert answer.success


async def test_what_is_no_upload_is_refused_and_leaves_nothing(rest: Rest, tmp_path: Path) -> None:
    empty: tuple[dict[str, Any], ...] = (
        {},
        {"data": b""},
        {"json": {}},
        {"headers": {"Content-Type": "application/zip"}},
    )
    for options in empty:
        assert await rest.refused("POST", URL, 400, **options) == "No file uploaded"
    form = FormData(default_to_multipart=True)
    form.add_field("document", file(), filename="a.dcm")
    assert await rest.refused("POST", URL, 400, data=form) == "No file uploaded"
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + file(1) + b"\r\n--x\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert await rest.refused("POST", URL, 400, data=body, headers=headers) == "Broken multipart body"
    async with rest.session.get("/api/dicom/list") as answer:
        assert (await answer.json())["total"] == 0
    assert left_over(tmp_path / "storage") == []


async def test_damaged_and_odd_archives_are_told_of_by_name(rest: Rest) -> None:
    one = zipped({"a.dcm": file(1)})
    assert await errors_of(rest, changed(one, 8, b"\x01\x00")) == ["It is encrypted in the zip archive"]
    odd = "Its compression method in the zip archive (14) is not supported"
    assert await errors_of(rest, changed(one, 10, b"\x0e\x00")) == [odd]
    assert await errors_of(rest, changed(one, 16, b"\x00\x00\x00\x00")) == ["It is damaged in the zip archive"]
    assert await errors_of(rest, one[:-30]) == ["The zip archive is damaged"]
    assert await errors_of(rest, one[: len(one) // 2]) == ["The zip archive is damaged"]
    assert await errors_of(rest, zipped({}) + b"", zipped({"DICOMDIR": b"x"})) == ["The zip archive holds no files"] * 2
    mixed = zipped({"a": file(1), "b": file(2)})
    answer = await results_of(rest, [("m.zip", changed(mixed, 8, b"\x01\x00"))])
    assert [result.success for result in answer.results] == [False, True]


async def test_bombs_cost_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radnode.archive.zipped.FREE_OF_RATIO", 2_000_000)
    bulk = BulkSettings(max_files=1000, max_total_size=10_000_000, max_ratio=100)
    async with open_archive(tmp_path) as archive, serving(archive, rest_settings(tmp_path, bulk=bulk)) as rest:
        many = "The zip archive has too many members"
        assert await errors_of(rest, nothing(100_000), zipped(dict.fromkeys(map(str, range(1001)), b""))) == [many] * 2
        assert await errors_of(rest, overlapping(1000, 1000)) == ["Members of the zip archive overlap"]
        assert await errors_of(rest, overlapping(1000, 100_000)) == ["The zip archive becomes too large"]
        assert await errors_of(rest, zipped({"a": bytes(3_000_000)})) == ["The zip archive is compressed too much"]
        liar = changed(zipped({"a": bytes(1_500_000)}), 24, (1000).to_bytes(4, "little"))
        assert await errors_of(rest, liar) == ["It is damaged in the zip archive"]
        # Several archives share what one may have.
        answer = await results_of(rest, [(f"{number}.zip", zipped({"a": bytes(1_900_000)})) for number in range(6)])
        assert answer.results[-1].error == "The zip archive becomes too large"
        assert answer.stored == 0
    assert left_over(tmp_path) == []


async def test_limits_are_named(tmp_path: Path) -> None:
    bulk = BulkSettings(max_files=2, max_total_size=5000, max_spooled=8000)
    settings = rest_settings(tmp_path, max_file_size=2500, bulk=bulk)
    large = file(1, PixelData=bytes(4000))
    async with open_archive(tmp_path) as archive, serving(archive, settings) as rest:
        answer = await results_of(rest, [("large", large[:3000]), ("2", file(2))])
        assert [result.error for result in answer.results] == [
            "File size exceeds maximum allowed size (2500 bytes)", None
        ]  # fmt: skip
        assert (await errors_of(rest, zipped({"large": large})))[0] == answer.results[0].error
        for files, sentence in (
            ([("", file(1))] * 2 + [("a", b"x")] * 3, "Upload has more than 2 files"),
            ([("a", large), ("b", large)], "Upload exceeds maximum allowed size (5000 bytes)"),
        ):
            refused = await sent(rest, files)
            assert (refused.status, await detail_of(refused)) == (413, sentence)
        refused = await rest.session.post(URL, data=bytes(20_000), headers={"Content-Type": "application/zip"})
        assert (refused.status, await detail_of(refused)) == (413, "Upload exceeds maximum allowed size (5000 bytes)")
    assert left_over(tmp_path) == []


async def test_uploads_share_the_room_on_the_disk(tmp_path: Path) -> None:
    bulk = BulkSettings(max_total_size=3_000_000, max_spooled=1_000_000)
    async with open_archive(tmp_path) as archive, serving(archive, rest_settings(tmp_path, bulk=bulk)) as rest:
        refused = await sent(rest, [("a", file(1, PixelData=bytes(600_000))), ("b", file(2, PixelData=bytes(600_000)))])
        assert (refused.status, await detail_of(refused)) == (507, "Too much is waiting to be stored already")
        assert (await results_of(rest, [("a", file(1, PixelData=bytes(900_000)))])).success
        assert (await results_of(rest, [("a", file(2, PixelData=bytes(900_000)))])).success


async def test_an_upload_that_is_cut_leaves_nothing_beside_one_that_is_not(rest: Rest, tmp_path: Path) -> None:
    root = tmp_path / "storage"
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nAuthorization: {as_bearer(make_token())['Authorization']}\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n\r\n"
    begin = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + file(1) + bytes(600_000)
    async with rest.connected() as (_, writer):
        writer.write(head.encode() + begin)
        await until(lambda: any(path.stat().st_size for path in left_over(root)))
        assert (await results_of(rest, [("2", file(2))])).success
        writer.transport.abort()
    await until(lambda: not left_over(root))
    async with rest.session.get("/api/dicom/list") as answer:
        assert (await answer.json())["total"] == 1


async def test_rules_see_each_stored_file(tmp_path: Path) -> None:
    tree = rest_settings(tmp_path).model_dump()
    tree["peers"] = [{"title": "PACS", "host": "127.0.0.1", "port": 1}]
    tree["rules"] = [{"name": "uploads", "from": "REST", "to": "PACS"}]
    async with open_archive(tmp_path) as archive:
        work = await asyncio.to_thread(WorkFile.open, Layout(tmp_path).work)
        async with serving(archive, Settings.model_validate(tree), work=work) as rest:
            assert (await results_of(rest, [("a.zip", zipped({"1": file(1), "2": file(2)})), ("3", b"x")])).stored == 2
        assert len(await asyncio.to_thread(items, work, Selection(), 10)) == 2
        await asyncio.to_thread(work.close)
