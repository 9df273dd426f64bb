import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.rest import NO_SUCH_FILE, Rest, detail_of, rest_settings, serving

from radnode.archive.layout import Layout
from radnode.model.errors import NotFound, OutOfResources, RadnodeError

METHODS = {
    "/api/dicom/upload": "POST",
    "/api/dicom/list": "GET, HEAD",
    "/api/dicom/status": "GET, HEAD",
    f"/api/dicom/metadata/{NO_SUCH_FILE}": "GET, HEAD",
    f"/api/dicom/image/{NO_SUCH_FILE}": "GET, HEAD",
    f"/api/dicom/clinical-summary/{NO_SUCH_FILE}": "POST",
    f"/api/dicom/{NO_SUCH_FILE}": "DELETE",
    "/api/docs": "GET, HEAD",
    "/api/openapi.json": "GET, HEAD",
    "/healthz": "GET, HEAD",
    "/readyz": "GET, HEAD",
    "/metrics": "GET, HEAD",
}


class Failing:
    """An archive in which everything ends in one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise self.error

        return fail


async def test_a_wrong_method_is_405_and_says_which_are_right(lasting: Rest) -> None:
    for path, allowed in METHODS.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - set(allowed.split(", ")):
            async with lasting.session.request(method, path) as answer:
                assert (answer.status, answer.headers.get("Allow")) == (405, allowed), (method, path)
                assert await detail_of(answer) == "Method Not Allowed"


async def test_an_unknown_route_is_404(lasting: Rest) -> None:
    unknown = ("/", "/nothing", "/api", "/api/", "/api/dicom", "/api/dicom/", "/api/dicom/nothing", "/api/dicom/list/")
    for path in (*unknown, "/api/dicom/uploads", "/api/dicom/status/more", "/healthz/", "/apix"):
        assert await lasting.refused("GET", path, 404) == "Not Found", path


async def test_what_has_a_get_has_a_head(lasting: Rest) -> None:
    for path in ("/api/dicom/list", "/api/dicom/status", "/api/docs", "/healthz"):
        async with lasting.session.get(path) as full, lasting.session.head(path) as bare:
            assert bare.status == full.status == 200
            assert bare.headers["Content-Length"] == full.headers["Content-Length"]
            assert await bare.read() == b""
    async with lasting.session.head(f"/api/dicom/metadata/{NO_SUCH_FILE}") as answer:
        assert answer.status == 404


async def test_a_fault_says_nothing_but_the_name_of_the_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Failing(ValueError("DOE^JOHN in /app/dicom_storage/studies"))
    async with serving(archive, rest_settings(tmp_path)) as rest:
        async with rest.session.get("/api/dicom/list", headers={"X-Request-ID": "abc-123"}) as answer:
            assert answer.status == 500
            assert answer.headers["X-Request-ID"] == "abc-123"
            assert await detail_of(answer) == "Internal server error"
        async with rest.session.get("/healthz") as answer:
            assert answer.status == 200
    log = capsys.readouterr().out
    assert "request_failed" in log
    assert "ValueError" in log
    assert "abc-123" in log
    assert "DOE" not in log


@pytest.mark.parametrize(
    ("error", "method", "status"),
    [
        (OutOfResources("The index is locked"), "GET", 503),
        (OutOfResources("The disk is full"), "DELETE", 507),
        (NotFound("anything"), "GET", 404),
        (RadnodeError("unheard of: DOE^JOHN"), "GET", 500),
        (MemoryError(), "GET", 500),
    ],
)
async def test_each_named_error_has_its_status(tmp_path: Path, error: Exception, method: str, status: int) -> None:
    async with serving(Failing(error), rest_settings(tmp_path)) as rest:
        path = f"/api/dicom/{NO_SUCH_FILE}" if method == "DELETE" else f"/api/dicom/metadata/{NO_SUCH_FILE}"
        detail = await rest.refused(method, path, status)
        assert "DOE" not in detail
        assert detail == ("DICOM file not found" if status == 404 else detail)


async def test_a_request_is_named_by_its_client_only_in_plain_words(lasting: Rest) -> None:
    for wished in ("abc", "A-1.b_2", "x" * 64):
        async with lasting.session.get("/healthz", headers={"X-Request-ID": wished}) as answer:
            assert answer.headers["X-Request-ID"] == wished
    for wished in ("", "x" * 65, "a b", "a\tb", "<script>", "a;b", "ünïcode"):
        async with lasting.session.get("/healthz", headers={"X-Request-ID": wished}) as answer:
            assert answer.headers["X-Request-ID"] != wished
            assert len(answer.headers["X-Request-ID"]) == 16


async def test_a_connection_lives_on_behind_errors(lasting: Rest) -> None:
    head = b"HTTP/1.1\r\nHost: x\r\n"
    requests = (
        b"GET /nothing %b\r\n" % head,
        b"GET /api/dicom/list %b\r\n" % head,
        b"POST /api/dicom/upload %bContent-Length: 5\r\n\r\nabcde" % head,
        b"GET /healthz %bConnection: close\r\n\r\n" % head,
    )
    answers = (await lasting.raw(b"".join(requests))).split(b"HTTP/1.1 ")[1:]
    assert [int(answer[:3]) for answer in answers] == [404, 401, 401, 200]
    assert json.loads(answers[-1].partition(b"\r\n\r\n")[2]) == {"status": "ok"}


async def test_every_answer_is_guarded(lasting: Rest) -> None:
    for path in (
        "/api/dicom/list",
        "/api/dicom/status",
        "/nothing",
        f"/api/dicom/metadata/{NO_SUCH_FILE}",
        "/api/docs",
    ):
        async with lasting.session.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Request-ID"]
            cached = "no-cache" if path == "/api/docs" else "no-store"
            assert answer.headers["Cache-Control"] == cached
            assert "aiohttp" not in answer.headers["Server"]


async def test_when_the_archive_cannot_be_reached_the_node_is_not_ready_but_lives(tmp_path: Path) -> None:
    async with serving(Failing(OutOfResources("/secret/path is gone")), rest_settings(tmp_path)) as rest:
        assert await rest.refused("GET", "/readyz", 503) == "The archive cannot be reached"
        async with rest.session.get("/healthz") as answer:
            assert await answer.json() == {"status": "ok"}
    healthy = SimpleNamespace(statistics=lambda: None, layout=Layout(tmp_path))
    async with serving(healthy, rest_settings(tmp_path)) as rest, rest.session.get("/readyz") as answer:
        assert await answer.json() == {"status": "ready"}
