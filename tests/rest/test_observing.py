import re
from pathlib import Path

import pytest
from support.instances import encode_part10, make_instance
from support.rest import Rest, as_bearer, make_token, rest_settings, serving

from radnode_http.metrics import observe_request

ADMIN = as_bearer(make_token("dicom:admin"))


async def sample(rest: Rest, name: str) -> float:
    async with rest.session.get("/metrics", headers=ADMIN) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


async def test_the_guides_metrics_have_the_guides_names(rest: Rest) -> None:
    uploads = await sample(rest, "dicom_uploads_total")
    parsed = await sample(rest, "dicom_parse_duration_seconds_count")
    await rest.stored(encode_part10(make_instance()))
    assert (await rest.upload(b"no DICOM")).status == 400
    assert await sample(rest, "dicom_uploads_total") == uploads + 1
    assert await sample(rest, "dicom_parse_duration_seconds_count") == parsed + 1
    assert await sample(rest, "dicom_parse_duration_seconds_sum") > 0


async def test_requests_are_counted_by_route_not_by_path(rest: Rest) -> None:
    name = 'radnode_http_requests_total{method="GET",route="/api/dicom/metadata/{file_path}",status="404"}'
    await rest.refused("GET", "/api/dicom/metadata/x", 404)
    before = await sample(rest, name)
    await rest.refused("GET", "/api/dicom/metadata/y", 404)
    assert await sample(rest, name) == before + 1


async def test_an_unheard_of_method_does_not_grow_the_labels(rest: Rest) -> None:
    observe_request("BREW", "unknown", 404, 0.1)
    assert await sample(rest, 'radnode_http_requests_total{method="other",route="unknown",status="404"}') >= 1


async def test_metrics_may_be_open(tmp_path: Path, rest: Rest) -> None:
    await rest.refused("GET", "/metrics", 401, headers={"Authorization": ""})
    await rest.refused("GET", "/metrics", 403)
    settings, nobody = rest_settings(tmp_path, open_metrics=True), {"Authorization": ""}
    async with serving(None, settings) as it, it.session.get("/metrics", headers=nobody) as answer:
        assert answer.status == 200


async def test_a_request_is_one_line_without_patient_path_or_query(
    rest: Rest, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    capsys.readouterr()
    async with rest.session.get(f"/api/dicom/metadata/{path}", headers={"X-Request-ID": "named"}) as answer:
        assert answer.status == 200
    async with rest.session.get("/api/dicom/list", params={"patient_id": "12345678", "patient_name": "DOE"}) as answer:
        assert answer.status == 200
    lines = [line for line in capsys.readouterr().out.splitlines() if " request " in line]
    assert len(lines) == 2
    assert "route=/api/dicom/metadata/{file_path}" in lines[0]
    assert "status=200" in lines[0]
    assert "request_id=named" in lines[0]
    assert "subject=tester" in lines[0]
    for word in ("12345678", "DOE", "1.2.826", path[-36:], "patient_id"):
        assert word not in "".join(lines)


async def test_a_subject_cannot_forge_lines(rest: Rest, capsys: pytest.CaptureFixture[str]) -> None:
    token = make_token(subject="evil\n2026 [info] request status=200 \x1b[31m" + "x" * 500)
    async with rest.session.get("/api/dicom/status", headers=as_bearer(token)) as answer:
        assert answer.status == 200
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "\x1b" not in lines[0]
    assert len(lines[0]) < 400
