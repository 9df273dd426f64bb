import asyncio
import io
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from support.disks import fill, small_file_system
from support.instances import REMOVED, bundled, encode_part10, make_instance
from support.rest import NO_SUCH_FILE, Rest, as_bearer, make_token, serving_new_archive

from radnode_http.views.deidentify import PLACES

WORDS = (b"DOE^JOHN", b"12345678", b"SMITH", b"20251106", b"1.2.826.0.1.3680043.10.543", b"A2025110601")


async def post(rest: Rest, path: str, body: Any = None, **more: Any) -> tuple[int, bytes, Any]:
    data = None if body is None else json.dumps(body)
    answer = await rest.session.post(f"/api/dicom/deidentify/{path}", data=data, **more)
    return answer.status, await answer.read(), answer.headers


async def detail(rest: Rest, path: str, body: Any) -> tuple[int, str]:
    status, raw, _ = await post(rest, path, body)
    return status, json.loads(raw)["detail"]


def read(file: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(file))


async def test_the_answer_is_a_file_without_the_patient(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    status, file, headers = await post(rest, path)
    assert status == 200
    assert headers["Content-Type"] == "application/dicom"
    new = read(file)
    assert headers["Content-Disposition"] == f'attachment; filename="{new.SOPInstanceUID}.dcm"'
    assert "X-Deidentify-Warnings" not in headers
    assert [word for word in WORDS if word in file] == []
    assert new.PixelData == make_instance().PixelData
    assert (await post(rest, path))[1] == file


async def test_options_and_pseudonyms(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    wanted = {
        "dates": "modify",
        "retain_patient_characteristics": True,
        "patient_id": "CASE-7",
        "clean_descriptors": True,
    }
    new = read((await post(rest, path, wanted))[1])
    assert (new.PatientID, new.PatientName, new.PatientAge, new.PatientSex) == ("CASE-7", "CASE-7", "038Y", "M")
    assert new.StudyDescription == "CT CHEST W CONTRAST"
    assert new.StudyDate == new.SeriesDate != "20251106"
    assert new.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [item.CodeValue for item in new.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113105", "113107", "113108"]


async def test_store_puts_it_into_the_archive_beside_the_original(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    status, raw, _ = await post(rest, path, {"store": True})
    said = json.loads(raw)
    assert (status, said["success"], said["warnings"]) == (200, True, [])
    assert said["file_path"] != path
    for one, name in ((path, "DOE^JOHN"), (said["file_path"], read((await post(rest, path))[1]).PatientName)):
        answer = await rest.session.get(f"/api/dicom/metadata/{one}")
        assert (await answer.json())["metadata"]["patient"]["patient_name"] == name
    assert json.loads((await post(rest, path, {"store": True}))[1]) == said


async def test_storing_needs_the_scope_to_write(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    reader = as_bearer(make_token("dicom:read"))
    assert (await post(rest, path, headers=reader))[0] == 200
    assert (await post(rest, path, {"store": True}, headers=reader))[0] == 403
    assert (await post(rest, path, headers=as_bearer(make_token("dicom:write"))))[0] == 403


async def test_what_shows_the_patient_is_refused_unless_accepted(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance(SOPInstanceUID="1.2.3.1", BurnedInAnnotation="YES")))
    status, why = await detail(rest, path, {})
    assert (status, why) == (
        422,
        "Cannot de-identify: its pixels have burned-in annotation, which is not removed; accept_burned_in copies it",
    )
    status, _, headers = await post(rest, path, {"accept_burned_in": True})
    assert (status, headers["X-Deidentify-Warnings"]) == (200, "burned-in-annotation-accepted")


async def test_what_may_show_the_patient_comes_with_a_warning(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance(SOPInstanceUID="1.2.3.2", Modality="US")))
    status, _, headers = await post(rest, path)
    assert (status, headers["X-Deidentify-Warnings"]) == (200, "burned-in-annotation-possible")
    said = json.loads((await post(rest, path, {"store": True}))[1])
    assert said["warnings"] == ["burned-in-annotation-possible"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"retain_all": True}, "Unknown field retain_all"),
        ({"store": "yes"}, "Field store must be true or false"),
        ({"dates": "shift"}, "Field dates must be remove, modify or keep"),
        ({"dates": ["keep"]}, "Field dates must be remove, modify or keep"),
        (
            {"patient_id": "A\\B"},
            "Field patient_id must be printable ASCII without a backslash, at most 64 characters",
        ),
        ({"patient_name": 7}, "Field patient_name must be a text"),
        ([], "Request body must be a JSON object"),
        (
            {"store": True, "retain_uids": True},
            "Field store must not be true with retain_uids, since the original would be replaced",
        ),
    ],
)
async def test_bad_options_are_named(rest: Rest, body: Any, why: str) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    assert await detail(rest, path, body) == (400, why)


async def test_what_there_is_not_and_other_methods(rest: Rest) -> None:
    assert (await post(rest, NO_SUCH_FILE))[0] == 404
    assert (await post(rest, "../../etc/passwd"))[0] == 404
    assert (await rest.session.get(f"/api/dicom/deidentify/{NO_SUCH_FILE}")).status == 405


async def test_the_key_is_made_once_and_only_for_its_owner(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    await post(rest, path)
    key = rest.archive.layout.private / "deid.secret"
    before = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    await post(rest, path)
    assert key.read_text() == before


async def test_an_object_that_cannot_be_read_to_its_end_is_refused(rest: Rest) -> None:
    item = make_instance(SOPInstanceUID="1.2.3.3", PixelData=REMOVED)
    for _ in range(70):
        outer = Dataset()
        outer.ReferencedSeriesSequence = [item]
        item = outer
    deep = make_instance(SOPInstanceUID="1.2.3.3", ReferencedSeriesSequence=[item])
    path = await rest.stored(encode_part10(deep))
    assert await detail(rest, path, {}) == (422, "Cannot de-identify: sequences are nested deeper than 64")


async def test_a_bundled_file_without_words_of_its_patient(rest: Rest) -> None:
    original = bundled("examples_ybr_color.dcm").read_bytes()
    status, file, headers = await post(rest, await rest.stored(original))
    assert status == 200
    assert "burned-in-annotation-possible" in headers.get("X-Deidentify-Warnings", "")
    assert read(file).PixelData == read(original).PixelData


async def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "small") as small:
        async with serving_new_archive(small / "storage") as rest:
            image = make_instance(Rows=300, Columns=300, PixelData=bytes(2 * 300 * 300))
            path = await rest.stored(encode_part10(image))
            assert (await post(rest, path))[0] == 200
            ballast = fill(small)
            status, why = await detail(rest, path, {})
            assert (status, why) == (507, "Cannot store: No space left on device")
            ballast.unlink()
            assert (await post(rest, path))[0] == 200


async def test_more_at_a_time_than_there_is_room_for_are_asked_to_come_again(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance(Rows=2000, Columns=2000, PixelData=bytes(2 * 2000 * 2000))))
    asked = (
        f"POST /api/dicom/deidentify/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
        f"Authorization: {as_bearer(make_token())['Authorization']}\r\n\r\n"
    )
    async with AsyncExitStack() as stack:
        for _ in range(PLACES):  # none of them takes its answer
            reader, writer = await stack.enter_async_context(rest.connected())
            writer.write(asked.encode())
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        status, raw, headers = await post(rest, path)
        assert (status, headers["Retry-After"]) == (503, "2")
        assert json.loads(raw)["detail"] == "too many files are being de-identified"
        assert (await rest.session.get(f"/api/dicom/metadata/{path}")).status == 200
    async with asyncio.timeout(20):
        while (status := (await post(rest, path))[0]) == 503:  # until the others are noticed to be gone
            pass
    assert status == 200
