from pathlib import Path

import pydicom
import pytest
from support.rest import NO_SUCH_FILE, Rest, as_bearer, checked, make_token, rest_settings, serving

from radnode.sections.archive import ArchiveSettings
from radnode_http.answers.answer import StatusAnswer

REST_OF_IT = [
    ("POST", "/api/dicom/upload"),
    ("GET", "/api/dicom/list"),
    ("GET", f"/api/dicom/metadata/{NO_SUCH_FILE}"),
    ("GET", f"/api/dicom/image/{NO_SUCH_FILE}"),
    ("DELETE", f"/api/dicom/{NO_SUCH_FILE}"),
    ("POST", f"/api/dicom/clinical-summary/{NO_SUCH_FILE}"),
]


async def check(rest: Rest) -> None:
    async with rest.session.get("/api/dicom/status") as answer:
        status = await checked(answer, StatusAnswer)
    assert status.enabled is False
    assert status.pydicom_version == pydicom.__version__
    assert status.storage_info.model_dump() == {
        "total_files": 0,
        "total_size_mb": 0,
        "studies_count": 0,
        "series_count": 0,
    }
    for method, path in REST_OF_IT:
        assert await rest.refused(method, path, 503) == "DICOM handling is disabled"
        await rest.refused(method, path, 401, headers={"Authorization": ""})
        await rest.refused(method, path, 403, headers=as_bearer(make_token_of_another_kind(method, path)))


def make_token_of_another_kind(method: str, path: str) -> str:
    return make_token("dicom:write" if method in ("GET", "DELETE") or "summary" in path else "dicom:read")


async def test_a_disabled_archive_shows_its_status_and_nothing_else(tmp_path: Path) -> None:
    settings = rest_settings(tmp_path, archive=ArchiveSettings(root=tmp_path / "none", enabled=False))
    async with serving(None, settings) as rest:
        await check(rest)
        async with rest.session.get("/healthz") as answer:
            assert answer.status == 200
        assert await rest.refused("GET", "/readyz", 503) == "DICOM handling is disabled"
        assert await rest.refused("GET", "/api/dicom/nothing", 404) == "Not Found"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("size", "shown"), [(104857600, 100), (1048576, 1), (1572864, 1.5), (1000, 0.000954)])
async def test_the_size_limit_is_shown_in_megabytes(tmp_path: Path, size: int, shown: float) -> None:
    settings = rest_settings(tmp_path, max_file_size=size)
    async with serving(None, settings) as rest, rest.session.get("/api/dicom/status") as answer:
        assert (await answer.json())["max_file_size_mb"] == shown
