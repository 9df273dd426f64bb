"""Sentences of the contract that no other test says: through a running application, as its clients see them."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED, encode_part10, make_instance
from support.pictures import item
from support.rest import Rest, rest_settings, serving, serving_new_archive

from radnode.archive.layout import Layout
from radnode_http.render_pool import RenderPool


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Rest]:
    async with serving_new_archive(tmp_path / "storage", pool=RenderPool(1, 30)) as rest:
        yield rest


def named(number: int, **overrides: Any) -> Dataset:
    study, series = f"1.2.{number % 3}", f"1.2.{number % 3}.{number % 5}"
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": f"1.2.3.{number}"}
    return make_instance(**{**uids, **overrides})


async def got(rest: Rest, url: str, method: str = "GET", **options: Any) -> Any:
    async with rest.session.request(method, url, **options) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_files_of_one_second_are_listed_by_path_on_pages_of_any_size(rest: Rest) -> None:
    stored = {await rest.stored(encode_part10(named(number))) for number in range(12)}
    everything = (await got(rest, "/api/dicom/list"))["files"]
    order = sorted(everything, key=lambda file: file["file_path"])
    order.sort(key=lambda file: file["uploaded_at"], reverse=True)
    assert everything == order
    assert {file["file_path"] for file in everything} == stored
    for limit in (1, 5, 11, 12):
        seen, cursor = [], ""
        while cursor is not None:
            page = await got(rest, "/api/dicom/list", params={"limit": limit, "cursor": cursor})
            seen += page["files"]
            cursor = page["next"]
        assert seen == everything


async def test_a_name_is_found_however_it_is_asked_for(rest: Rest) -> None:
    name = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Jürgen=山田^太郎", "PatientID": "Ä 1"}
    await rest.stored(encode_part10(named(1, **name)))
    found = (
        "muller",
        "M%C3%9CLLER",
        "j%C3%BCrgen+m%C3%BCller",
        "mu%CC%88ller",
        "%E5%B1%B1%E7%94%B0",
        "m%3Fller%5E*",
        "%C3%BCll",
    )
    missed = ("mueller", "%FF", "m%FCller", "m%25", "m_ller", "%27%20OR%201=1--", "%F0%9F%98%80")
    for wanted, count in (*((one, 1) for one in found), *((one, 0) for one in missed)):
        status, answer = await rest.target("GET", f"/api/dicom/list?patient_name={wanted}")
        assert (status, answer["count"]) == (200, count), wanted
    assert (await got(rest, f"/api/dicom/list?patient_id={quote('Ä 1')}"))["count"] == 1
    assert (await got(rest, f"/api/dicom/list?patient_id={quote('ä 1')}"))["count"] == 0


async def test_the_status_counts_what_is_there(rest: Rest, tmp_path: Path) -> None:
    paths = [await rest.stored(encode_part10(named(number, PixelData=bytes(200_000)))) for number in range(7)]
    await rest.stored(encode_part10(named(3, PixelData=bytes(200_000))))  # the same again
    for count in (7, 6):
        sizes = sum((tmp_path / "storage" / path).stat().st_size for path in paths[:count])
        info = (await got(rest, "/api/dicom/status"))["storage_info"]
        assert info["total_files"] == count
        assert info["total_size_mb"] == pytest.approx(sizes / 2**20, abs=0.001)
        assert info["studies_count"] == 3
        series = {path.rpartition("/")[0] for path in paths[:count]}
        assert info["series_count"] == len(series)
        await got(rest, f"/api/dicom/{paths[6]}" if count == 7 else f"/api/dicom/{paths[0]}", "DELETE")


async def test_the_status_says_how_the_node_is_set_up(rest: Rest, tmp_path: Path) -> None:
    status = await got(rest, "/api/dicom/status")
    keys = ["enabled", "storage_dir", "max_file_size_mb", "supported_formats", "pydicom_version", "storage_info"]
    assert list(status) == keys
    assert (status["enabled"], status["max_file_size_mb"]) == (True, 100)
    assert status["storage_dir"] == str(tmp_path / "storage")
    assert status["supported_formats"] == [".dcm", ".dicom"]


async def test_deleting_takes_the_older_versions_with_it(rest: Rest, tmp_path: Path) -> None:
    old = await rest.stored(encode_part10(make_instance()))
    new = await rest.stored(encode_part10(make_instance(StudyDescription="corrected")))
    superseded = tmp_path / "storage" / ".radnode" / "superseded"
    assert list(superseded.rglob("*.dcm"))
    assert await rest.refused("DELETE", f"/api/dicom/{old}", 404) == "DICOM file not found"
    await got(rest, f"/api/dicom/{new}", "DELETE")
    assert not list(superseded.rglob("*.dcm"))


LINES: list[tuple[dict[str, Any], str]] = [
    ({"PatientAge": "006M"}, "Age: 6M"),
    ({"PatientAge": "000D"}, "Age: 0D"),
    ({"PatientAge": "38"}, "Age: 38"),
    ({"PatientAge": "ABC"}, "Age: ABC"),
    ({"StudyDate": "2025.11.06"}, "Date: November 6, 2025"),
    ({"StudyDate": "2025"}, "Date: 2025"),
    ({"StudyDate": "20251399"}, "Date: 20251399"),
    ({"PixelSpacing": ["0.5", "0.5"]}, "Pixel Spacing: 0.50 x 0.50 mm"),
    ({"PixelSpacing": ["1", "1"]}, "Pixel Spacing: 1.00 x 1.00 mm"),
    ({"SliceThickness": "1.250000"}, "Slice Thickness: 1.250000 mm"),
    ({"SliceThickness": "5.000000e+00"}, "Slice Thickness: 5.0 mm"),
    ({"Manufacturer": REMOVED}, "Manufacturer: SOMATOM Definition"),
    ({"ManufacturerModelName": ""}, "Manufacturer: SIEMENS"),
    ({"PatientName": "DOE^JOHN^M^DR^JR"}, "Name: DOE, JOHN M"),
    ({"PatientName": "=山田^太郎", "SpecificCharacterSet": "ISO_IR 192"}, "Name: 山田, 太郎"),
    ({"StudyDescription": "CHEST\r\nPATIENT INFORMATION:\x07x"}, "Exam: CHEST PATIENT INFORMATION: x"),
    ({"StudyDescription": "A" * 200}, f"Exam: {'A' * 128}"),
    ({"AccessionNumber": "A1\\A2"}, "Accession: A1, A2"),
]


async def test_each_line_of_a_summary_comes_from_the_file_as_the_contract_says(rest: Rest) -> None:
    for overrides, line in LINES:
        path = await rest.stored(encode_part10(make_instance(**overrides)))
        summary = (await got(rest, f"/api/dicom/clinical-summary/{path}", "POST"))["summary"]
        assert line in summary.split("\n"), (overrides, summary)
        assert "\n\n\n" not in summary
        assert summary == summary.strip()


async def test_what_has_no_value_has_no_line_and_an_empty_section_no_heading(rest: Rest) -> None:
    keywords = ("PatientName", "PatientID", "PatientAge", "PatientSex", "StudyDate", "PixelSpacing")
    nothing: dict[str, Any] = dict.fromkeys(keywords, REMOVED)
    path = await rest.stored(encode_part10(make_instance(**nothing)))
    answer = await got(rest, f"/api/dicom/clinical-summary/{path}", "POST", json={"include_technical_params": False})
    assert answer["summary"] == "STUDY INFORMATION:\nExam: CT CHEST W CONTRAST\nAccession: A2025110601\nModality: CT"
    assert answer["structured_data"]["patient"]["patient_name"] is None
    assert answer["structured_data"]["technical"] == {}


async def test_measures_of_enhanced_images_come_from_the_functional_groups(rest: Rest) -> None:
    measures = item(PixelMeasuresSequence=[item(PixelSpacing=["0.25", "0.5"], SliceThickness="2.50")])
    own: dict[str, Any] = {"PixelSpacing": REMOVED, "SliceThickness": REMOVED}
    path = await rest.stored(encode_part10(make_instance(**own, SharedFunctionalGroupsSequence=[measures])))
    image = (await got(rest, f"/api/dicom/metadata/{path}"))["metadata"]["image"]
    assert (image["pixel_spacing"], image["slice_thickness"]) == ([0.25, 0.5], "2.50")


async def test_pixel_data_of_any_kind_counts_unless_it_is_empty(rest: Rest) -> None:
    kinds: list[tuple[dict[str, Any], bool]] = [
        ({"PixelData": b""}, False),
        ({"PixelData": REMOVED}, False),
        ({"PixelData": REMOVED, "FloatPixelData": bytes(16)}, True),
        ({"PixelData": REMOVED, "DoubleFloatPixelData": bytes(16)}, True),
    ]
    for overrides, expected in kinds:
        path = await rest.stored(encode_part10(make_instance(**overrides)))
        image = (await got(rest, f"/api/dicom/metadata/{path}"))["metadata"]["image"]
        assert image["has_pixel_data"] is expected, overrides


async def test_the_head_of_an_answer_is_the_answers(shown: Rest) -> None:
    path = await shown.stored(encode_part10(make_instance()))
    queries = ("", "?format=jpeg", "?format=jpeg&quality=1")
    pictures = (f"/api/dicom/image/{path}{query}" for query in queries)
    for url in ("/api/dicom/list", f"/api/dicom/metadata/{path}", *pictures):
        async with shown.session.get(url) as full, shown.session.head(url) as bare:
            assert bare.status == full.status == 200
            assert bare.headers["Content-Type"] == full.headers["Content-Type"]
            assert int(bare.headers["Content-Length"]) == len(await full.read()) > 0
            assert await bare.read() == b""


async def test_edges_of_a_pictures_parameters(shown: Rest) -> None:
    path = await shown.stored(encode_part10(make_instance()))
    edges = {"1": 200, "100": 200, "001": 200, "0": 400, "101": 400}
    for quality, status in edges.items():
        assert (await shown.session.get(f"/api/dicom/image/{path}?format=jpeg&quality={quality}")).status == status
    for query in ("format=PNG", "format=", "quality=", "quality=%2B5", "quality=1e1", "quality=%D9%A5", "quality=5%00"):
        name = query.partition("=")[0]
        assert name in await shown.refused("GET", f"/api/dicom/image/{path}?{query}", 400), query


async def test_the_limit_of_uploads_is_the_settings(tmp_path: Path) -> None:
    head = "POST /api/dicom/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x"
    async with serving(SimpleNamespace(layout=Layout(tmp_path)), rest_settings(tmp_path)) as rest:
        bearer = rest.session.headers["Authorization"]
        request = f"{head}\r\nAuthorization: {bearer}\r\nContent-Length: 107000000\r\n\r\n".encode()
        assert await rest.raw_status(request) == (
            413,
            {"detail": "File size exceeds maximum allowed size (100MB)"},
        )
