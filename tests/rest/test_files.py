import asyncio
import json
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.instances import REMOVED, bundled, encode_part10, make_instance
from support.rest import (
    NO_SUCH_FILE,
    Rest,
    checked,
    make_token,
    open_archive,
    rest_settings,
    serving,
    serving_new_archive,
    until,
)

from radnode.instance.pictures.picture import Picture
from radnode_http.answers.answer import DeleteAnswer, MetadataAnswer, SummaryAnswer
from radnode_http.errors import Disconnected
from radnode_http.render_pool import RenderPool

GUIDE_SUMMARY = """PATIENT INFORMATION:
Name: DOE, JOHN
ID: 12345678
Age: 38Y
Sex: M

STUDY INFORMATION:
Exam: CT CHEST W CONTRAST
Date: November 6, 2025
Accession: A2025110601
Modality: CT

TECHNICAL PARAMETERS:
Manufacturer: SIEMENS SOMATOM Definition
Slice Thickness: 5.0 mm
Matrix: 512 x 512
Pixel Spacing: 0.68 x 0.68 mm"""


@pytest.fixture(scope="module")
async def pictures(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """A server that can make pictures."""
    async with serving_new_archive(tmp_path_factory.mktemp("pictures") / "storage", pool=RenderPool(1, 30)) as rest:
        yield rest


def guide_instance() -> bytes:
    return encode_part10(make_instance(Rows=512, Columns=512, PixelData=bytes(2 * 512 * 512)))


def summary_url(path: str) -> str:
    return f"/api/dicom/clinical-summary/{path}"


@pytest.mark.parametrize(
    "options", [{}, {"data": b""}, {"data": b" \r\n"}, {"json": {}}, {"json": {"include_study_info": True}}]
)
async def test_the_guides_summary_comes_out_byte_for_byte(rest: Rest, options: dict[str, Any]) -> None:
    path = await rest.stored(guide_instance())
    async with rest.session.post(summary_url(path), **options) as answer:
        made = await checked(answer, SummaryAnswer)
    assert made.summary == GUIDE_SUMMARY
    assert made.structured_data.patient["patient_name"] == "DOE^JOHN"
    assert made.structured_data.study["study_date"] == "20251106"
    assert made.structured_data.technical["manufacturer"] == "SIEMENS"


async def test_flags_leave_sections_out(rest: Rest) -> None:
    path = await rest.stored(guide_instance())
    sections = GUIDE_SUMMARY.split("\n\n")
    flags = ("include_patient_info", "include_study_info", "include_technical_params")
    for number in range(8):
        wanted = {name: bool(number >> bit & 1) for bit, name in enumerate(flags)}
        async with rest.session.post(summary_url(path), json=wanted) as answer:
            made = await checked(answer, SummaryAnswer)
        shown = [section for section, name in zip(sections, flags, strict=True) if wanted[name]]
        assert made.summary == "\n\n".join(shown)
        data = made.structured_data
        assert [bool(data.patient), bool(data.study), bool(data.technical)] == list(wanted.values())


async def test_what_is_no_object_of_flags_is_refused(rest: Rest) -> None:
    path = summary_url(await rest.stored(encode_part10(make_instance())))
    bad = [b"{", b"nonsense", b"[]", b"null", b"true", b"1", b'"x"', b"{} {}", b"\xff\xfe", b"[" * 60000, b"{'a': 1}"]
    values = ("null", "1", "0", '"true"', "[]", "{}", "NaN")
    bad += [b'{"include_patient_info": %b}' % value.encode() for value in values]
    bad.append(b'{"include_patient_infos": false}')
    for body in bad:
        assert await rest.refused("POST", path, 400, data=body)
    assert "include_study_info" in await rest.refused("POST", path, 400, json={"include_study_info": "no"})
    assert "bytes" in await rest.refused("POST", path, 413, data=b" " * 70000)


async def test_what_is_not_there_is_404_everywhere(rest: Rest) -> None:
    targets = (("GET", "metadata/"), ("GET", "image/"), ("POST", "clinical-summary/"), ("DELETE", ""))
    for method, prefix in targets:
        assert await rest.refused(method, f"/api/dicom/{prefix}{NO_SUCH_FILE}", 404) == "DICOM file not found"


async def test_a_deleted_file_is_gone_for_good(rest: Rest, tmp_path: Path) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    async with rest.session.delete(f"/api/dicom/{path}") as answer:
        assert (await checked(answer, DeleteAnswer)).message == "DICOM file deleted successfully"
    assert await rest.refused("DELETE", f"/api/dicom/{path}", 404) == "DICOM file not found"
    await rest.refused("GET", f"/api/dicom/metadata/{path}", 404)
    assert not (tmp_path / "storage" / path).exists()
    assert await rest.stored(encode_part10(make_instance())) == path


async def test_an_absent_attribute_is_null_and_an_empty_one_is_empty(rest: Rest) -> None:
    file = encode_part10(make_instance(PatientID=REMOVED, PatientName="", SliceThickness=REMOVED, PixelData=REMOVED))
    async with rest.session.get(f"/api/dicom/metadata/{await rest.stored(file)}") as answer:
        metadata = (await checked(answer, MetadataAnswer)).metadata
    assert metadata.patient.patient_id is None
    assert metadata.patient.patient_name == ""
    assert metadata.image.slice_thickness is None
    assert metadata.image.has_pixel_data is False


async def test_a_picture_is_made_in_either_format(pictures: Rest) -> None:
    url = f"/api/dicom/image/{await pictures.stored(bundled('CT_small.dcm').read_bytes())}"
    for query, kind in (
        ("", "png"),
        ("?format=png&quality=1", "png"),
        ("?format=jpeg", "jpeg"),
        ("?format=jpeg&quality=1", "jpeg"),
    ):
        async with pictures.session.get(url + query) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, f"image/{kind}")
            with Image.open(BytesIO(await answer.read())) as picture:
                assert (picture.format, picture.size) == (kind.upper(), (128, 128))
    async with pictures.session.head(url) as answer:
        assert answer.status == 200
        assert await answer.read() == b""


async def test_a_picture_that_cannot_be_made_says_why(pictures: Rest) -> None:
    without = await pictures.stored(encode_part10(make_instance(PixelData=REMOVED)))
    detail = await pictures.refused("GET", f"/api/dicom/image/{without}", 400)
    assert detail == "DICOM file does not contain pixel data"
    short = await pictures.stored(encode_part10(make_instance(SOPInstanceUID="1.2.3", PixelData=b"\0\0")))
    detail = await pictures.refused("GET", f"/api/dicom/image/{short}", 422)
    assert detail.startswith("Cannot convert pixel array to image: ")
    assert len(detail) > len("Cannot convert pixel array to image: ")


async def test_a_bad_parameter_of_the_picture_is_named(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    bad = ["format=gif", "format=PNG", "format=jpg", "format=", "quality=0", "quality=101", "quality=x", "quality="]
    for query in (*bad, "quality=5.5", "quality=-1", "format=png&format=png", "frames=1", "size=5"):
        status, answer = await rest.target("GET", f"/api/dicom/image/{path}?{query}")
        assert status == 400, query
        assert query.partition("=")[0] in answer["detail"]


async def test_a_client_that_has_gone_gets_no_picture_made(tmp_path: Path) -> None:
    class Watched(RenderPool):
        wanted: tuple[bool, ...] = ()

        async def render(self, *_: Any, **options: Any) -> Picture:
            is_wanted: Callable[[], bool] = options["is_wanted"]
            self.wanted = (is_wanted(),)
            client.transport.abort()
            await until(lambda: not is_wanted())
            self.wanted = (*self.wanted, is_wanted())
            raise Disconnected

    pool, root = Watched(0, 30), tmp_path / "storage"
    async with open_archive(root) as archive, serving(archive, rest_settings(root), pool=pool) as rest:
        path = await rest.stored(encode_part10(make_instance()))
        async with rest.connected() as (_, client):
            authorization = f"Authorization: Bearer {make_token()}"
            client.write(f"GET /api/dicom/image/{path} HTTP/1.1\r\nHost: x\r\n{authorization}\r\n\r\n".encode())
            await until(lambda: len(pool.wanted) == 2)
    assert pool.wanted == (True, False)


async def test_a_file_may_be_deleted_while_its_picture_is_made(pictures: Rest) -> None:
    for number in range(3):
        path = await pictures.stored(encode_part10(make_instance(SOPInstanceUID=f"1.2.{number}")))
        image, deleted = await asyncio.gather(
            pictures.session.get(f"/api/dicom/image/{path}"), pictures.session.delete(f"/api/dicom/{path}")
        )
        assert deleted.status == 200
        assert image.status in (200, 404)
        if image.status == 404:
            assert json.loads(await image.text()) == {"detail": "DICOM file not found"}
