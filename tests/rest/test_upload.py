import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.instances import REMOVED, bundled, encode_dataset, encode_part10, make_instance
from support.rest import Rest, checked, detail_of, open_archive, rest_settings, serving

from radnode.archive.layout import Layout
from radnode.model.errors import OutOfResources
from radnode_http.answers.answer import MetadataAnswer, StatusAnswer, UploadAnswer

UPLOAD = "/api/dicom/upload"


def left_behind(root: Path) -> list[Path]:
    """What lies in incoming/ beside the owners' folders and locks."""
    return [path for path in (root / ".radnode" / "incoming").rglob("*") if path.suffix in (".part", ".trash")]


def stored_files(root: Path) -> list[Path]:
    return sorted((root / "studies").rglob("*.dcm"))


async def test_a_file_is_stored_and_described(rest: Rest, tmp_path: Path) -> None:
    dataset = make_instance()
    answer = await rest.upload(encode_part10(dataset), "CT_CHEST_001.dcm")
    assert list(await answer.json()) == ["success", "message", "file_path", "metadata"]
    uploaded = await checked(answer, UploadAnswer)
    assert uploaded.message == "DICOM file uploaded and parsed successfully"
    digest = hashlib.sha256(ExplicitVRLittleEndian.encode() + encode_dataset(dataset)).hexdigest()[:32]
    assert uploaded.file_path == f"studies/{dataset.StudyInstanceUID}/{dataset.SeriesInstanceUID}/{digest}.dcm"
    assert uploaded.metadata.patient.patient_name == "DOE^JOHN"
    assert stored_files(tmp_path / "storage") == [tmp_path / "storage" / uploaded.file_path]
    assert left_behind(tmp_path / "storage") == []
    async with rest.session.get(f"/api/dicom/metadata/{uploaded.file_path}") as again:
        assert (await checked(again, MetadataAnswer)).metadata == uploaded.metadata


async def test_the_metadata_is_the_guides(rest: Rest) -> None:
    answer = await rest.upload(encode_part10(make_instance(Rows=512, Columns=512)))
    metadata = (await answer.json())["metadata"]
    assert metadata["patient"] == {
        "patient_name": "DOE^JOHN",
        "patient_id": "12345678",
        "patient_birth_date": "19850315",
        "patient_sex": "M",
        "patient_age": "038Y",
    }
    assert metadata["study"]["referring_physician"] == "SMITH^JOHN^M"
    assert metadata["series"]["series_number"] == "2"
    assert metadata["series"]["body_part"] == "CHEST"
    image = metadata["image"]
    assert (image["rows"], image["columns"], image["bits_allocated"], image["bits_stored"]) == (512, 512, 16, 12)
    assert image["pixel_spacing"] == [0.6836, 0.6836]
    assert image["slice_thickness"] == "5.0"
    assert image["has_pixel_data"] is True
    assert metadata["equipment"] == {"manufacturer": "SIEMENS", "model": "SOMATOM Definition", "station_name": "CT01"}


async def test_the_same_object_again_is_the_same_file(rest: Rest, tmp_path: Path) -> None:
    explicit = make_instance()
    implicit = make_instance(ImplicitVRLittleEndian)
    first = await rest.stored(encode_part10(explicit))
    assert await rest.stored(encode_part10(explicit)) == first
    assert await rest.stored(encode_part10(implicit)) == first
    assert len(stored_files(tmp_path / "storage")) == 1


async def test_another_object_of_the_same_name_replaces_the_first_whose_path_is_gone(rest: Rest) -> None:
    first = await rest.stored(encode_part10(make_instance()))
    second = await rest.stored(encode_part10(make_instance(StudyDescription="corrected")))
    assert first != second
    await rest.refused("GET", f"/api/dicom/metadata/{first}", 404)
    async with rest.session.get(f"/api/dicom/metadata/{second}") as answer:
        assert (await answer.json())["metadata"]["study"]["study_description"] == "corrected"


@pytest.mark.parametrize(
    "options",
    [
        {"data": b""},
        {"data": b"anything", "headers": {"Content-Type": "application/dicom"}},
        {"json": {"file": "x"}},
        {"data": {"file": "x"}},
        {"data": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"no boundary", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"--x--\r\n", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"--x--\r\n", "headers": {"Content-Type": f"multipart/form-data; boundary={'x' * 71}"}},
        {"data": b"--x--\r\n", "headers": {"Content-Type": "multipart/mixed; boundary=x"}},
    ],
)
async def test_where_no_file_is_there_is_no_file(rest: Rest, options: dict[str, Any]) -> None:
    assert await rest.refused("POST", UPLOAD, 400, **options) == "No file uploaded"


async def test_a_form_without_the_file_is_no_file(rest: Rest) -> None:
    for name, filename in (("image", "x.dcm"), ("file", ""), ("file", None), ("File", "x.dcm"), ("", "x.dcm")):
        form = FormData(default_to_multipart=True)
        form.add_field(name, "anything at all", filename=filename)
        detail = await rest.refused("POST", UPLOAD, 400, data=form)
        assert detail == "No file uploaded", (name, filename)


def refused_files() -> dict[str, bytes]:
    whole = encode_part10(make_instance())
    return {
        "File has no DICOM": b"",
        "File has no": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "": whole[:200],
        "StudyInstanceUID": encode_part10(make_instance(StudyInstanceUID=REMOVED)),
        "SeriesInstanceUID": encode_part10(make_instance(SeriesInstanceUID="1.2/../3")),
        "SOPInstanceUID": whole.replace(b"543.1.1.1", b"543.1..11"),
        " ": whole[:-1],
    }


async def test_a_file_that_is_not_dicom_is_refused_with_the_reason(rest: Rest, tmp_path: Path) -> None:
    for why, file in refused_files().items():
        answer = await rest.upload(file)
        assert answer.status == 400
        detail = await detail_of(answer)
        assert detail.startswith("Invalid DICOM file: ")
        assert why in detail
        assert str(tmp_path) not in detail
    assert left_behind(tmp_path / "storage") == stored_files(tmp_path / "storage") == []


async def test_exactly_the_limit_passes_and_one_byte_more_does_not(tmp_path: Path) -> None:
    file = encode_part10(make_instance())
    async with open_archive(tmp_path) as archive:
        async with serving(archive, rest_settings(tmp_path, max_file_size=len(file))) as rest:
            assert (await rest.upload(file, name="a long name " * 20)).status == 200
        async with serving(archive, rest_settings(tmp_path, max_file_size=len(file) - 1)) as rest:
            answer = await rest.upload(file)
            assert answer.status == 413
            assert await detail_of(answer) == f"File size exceeds maximum allowed size ({len(file) - 1} bytes)"
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("size", "shown"), [(1048576, "1MB"), (1572864, "1.5MB"), (2000000, "1.91MB")])
async def test_the_limit_is_named_as_it_is_set(tmp_path: Path, size: int, shown: str) -> None:
    settings = rest_settings(tmp_path, max_file_size=size)
    async with open_archive(tmp_path) as archive, serving(archive, settings) as rest:
        answer = await rest.upload(encode_part10(make_instance(PixelData=bytes(size))))
        assert answer.status == 413
        assert await detail_of(answer) == f"File size exceeds maximum allowed size ({shown})"
        # The connection was given up in the middle of the body; the next one works.
        assert (await rest.upload(encode_part10(make_instance()))).status == 200


async def test_a_file_larger_than_aiohttps_own_limits_passes(rest: Rest, tmp_path: Path) -> None:
    dataset = make_instance(Rows=2048, Columns=2048, PixelData=bytes(range(256)) * (2048 * 2048 * 2 // 256))
    path = await rest.stored(encode_part10(dataset))
    assert (tmp_path / "storage" / path).read_bytes().endswith(encode_dataset(dataset))


async def test_other_fields_may_stand_around_the_file(rest: Rest) -> None:
    form = FormData()
    form.add_field("comment", "before" * 1000)
    form.add_field("attachment", b"x" * 1000, filename="other.dcm")
    form.add_field("file", encode_part10(make_instance()), filename="image.dcm")
    form.add_field("comment", "behind")
    assert (await rest.session.post(UPLOAD, data=form)).status == 200


async def test_a_real_file_of_each_kind_is_taken(rest: Rest) -> None:
    names = ("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "image_dfl.dcm", "ExplVR_BigEnd.dcm", "rtplan.dcm")
    for name in names:
        answer = await rest.upload(bundled(name).read_bytes(), name)
        assert (await checked(answer, UploadAnswer)).metadata.study.study_instance_uid, name
    async with rest.session.get("/api/dicom/status") as answer:
        assert (await checked(answer, StatusAnswer)).storage_info.total_files == len(names)


class Full:
    """An archive whose disk is full at the first write."""

    layout = Layout(Path("/nowhere"))

    def __init__(self) -> None:
        self.aborted = 0

    def receive_file(self, **_: object) -> "Full":
        return self

    def write(self, _: bytes) -> None:
        raise OutOfResources("No space left on device")

    def abort(self) -> None:
        self.aborted += 1


async def test_a_full_disk_is_507(tmp_path: Path) -> None:
    archive = Full()
    async with serving(archive, rest_settings(tmp_path)) as rest:
        answer = await rest.upload(encode_part10(make_instance()))
        assert answer.status == 507
        assert await detail_of(answer) == "No space left on device"
    assert archive.aborted == 1


async def test_an_upload_that_comes_in_pieces_is_put_together(rest: Rest) -> None:
    file = encode_part10(make_instance())
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + file + b"\r\n--x--\r\n"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 97):
            yield body[start : start + 97]
            await asyncio.sleep(0)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with rest.session.post(UPLOAD, data=pieces(), headers=headers) as answer:
        assert answer.status == 200


async def test_text_of_any_character_set_comes_out_as_unicode(rest: Rest) -> None:
    dataset: Dataset = make_instance(SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jürgen=山田^太郎")
    answer = await rest.upload(encode_part10(dataset))
    assert (await answer.json())["metadata"]["patient"]["patient_name"] == "Müller^Jürgen=山田^太郎"
