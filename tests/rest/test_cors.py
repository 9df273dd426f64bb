from pathlib import Path

from support.rest import rest_settings, serving

from radnode_http.endpoints.table import endpoints

APP = "https://app.example"
ASKING = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
    "Authorization": "",
}


async def test_an_app_of_a_listed_origin_may_read_answers_and_errors(tmp_path: Path) -> None:
    async with serving(None, rest_settings(tmp_path, cors_origins=(APP, "https://other.example"))) as rest:
        async with rest.session.options("/api/dicom/upload", headers={"Origin": APP, **ASKING}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == APP
            table = endpoints(rest_settings(tmp_path))
            asked = {header.name for endpoint in table for header in endpoint.asks}
            assert {"Authorization", "Content-Type", "If-None-Match", *asked} <= set(
                answer.headers["Access-Control-Allow-Headers"].split(", ")
            )
            methods = {method for endpoint in table for method in endpoint.methods}
            assert methods == set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        for path, status in (("/api/dicom/status", 200), ("/api/dicom/list", 503), ("/api/nothing", 404)):
            async with rest.session.get(path, headers={"Origin": APP}) as answer:
                assert answer.status == status
                assert answer.headers["Access-Control-Allow-Origin"] == APP
                exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
                assert {"X-Request-ID", "ETag", "Retry-After", "X-Render-Frame", "X-Render-VOI"} <= set(exposed)
                assert answer.headers["Vary"] == "Origin"
        async with rest.session.get("/api/dicom/list", headers={"Origin": APP, "Authorization": ""}) as answer:
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, APP)


async def test_an_app_of_another_origin_may_not(tmp_path: Path) -> None:
    async with serving(None, rest_settings(tmp_path, cors_origins=(APP,))) as rest:
        for origin in (
            "https://evil.example",
            "null",
            "https://app.example.evil",
            "http://app.example",
            "HTTPS://APP.EXAMPLE",
        ):
            for method in ("OPTIONS", "GET"):
                async with rest.session.request(
                    method, "/api/dicom/status", headers={"Origin": origin, **ASKING}
                ) as answer:
                    assert not [name for name in answer.headers if name.startswith("Access-Control-")]
                    assert answer.headers["Vary"] == "Origin"


async def test_any_origin_where_any_may(tmp_path: Path) -> None:
    settings, headers = rest_settings(tmp_path, cors_origins=("*",)), {"Origin": APP}
    async with serving(None, settings) as rest, rest.session.get("/api/dicom/status", headers=headers) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_without_origins_nothing_is_said_of_them(tmp_path: Path) -> None:
    async with serving(None, rest_settings(tmp_path)) as rest:
        async with rest.session.options("/api/dicom/list", headers={"Origin": APP, **ASKING}) as answer:
            assert answer.status == 204
            assert not [name for name in answer.headers if name.startswith("Access-Control-")]
        await rest.refused("OPTIONS", "/api/dicom/list", 405)
