"""What holds for every endpoint, also for those that come later: tokens, scopes, methods, paths, parameters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.instances import encode_part10, make_instance
from support.rest import NO_SUCH_FILE, Rest, as_bearer, detail_of, make_token, rest_settings, serving

from radnode.sections.archive import ArchiveSettings
from radnode_http.endpoints.endpoint import Endpoint
from radnode_http.endpoints.table import endpoints

TABLE = endpoints(rest_settings(Path("storage")))
VALUES = {
    "{file_path}": NO_SUCH_FILE,
    "{study_uid}": "1.2.3",
    "{series_uid}": "1.2.3.4",
    "{sop_instance_uid}": "1.2.3.4.5",
    "{title}": "NOBODY",
    "{id}": "0" * 32,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ADMIN = as_bearer(make_token("dicom:admin"))
SCOPES = ("dicom:read", "dicom:write", "dicom:delete", "dicom:admin")
OF_FILES = [one for one in TABLE if "{file_path}" in one.path]
# What is wanted of a peer is looked at once there is such a peer.
ASKED = [one for one in TABLE if one.query is not None and "{title}" not in one.path]
GUARDED = [one for one in TABLE if one.scope is not None]


def filled(path: str, **values: str) -> str:
    for name, value in VALUES.items():
        path = path.replace(name, values.get(name.strip("{}"), value))
    assert "{" not in path, "a parameter that this test has no value for"
    return path


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def bodies(endpoint: Endpoint) -> dict[str, Any]:
    return {} if endpoint.body is None else {"json": {}}


@pytest.mark.parametrize("endpoint", GUARDED, ids=named)
async def test_it_needs_a_token_of_its_scope(lasting: Rest, endpoint: Endpoint) -> None:
    assert endpoint.scope is not None
    path = filled(endpoint.path)
    for method in endpoint.methods:
        for nobody in ({}, {"Authorization": "Basic eA=="}, as_bearer("x.y.z")):
            async with lasting.session.request(method, path, headers={"Authorization": "", **nobody}) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        for scope in SCOPES:
            token = as_bearer(make_token(scope))
            async with lasting.session.request(method, path, headers=token, **bodies(endpoint)) as answer:
                may = scope in (endpoint.scope.value, "dicom:admin")
                assert (answer.status not in (401, 403)) == may, scope
                if answer.status == 403 and method != "HEAD":
                    assert await detail_of(answer) == f"Scope {endpoint.scope.value} is required"


def paths() -> Iterator[tuple[str, str]]:
    """Every path with the methods that it has, as Allow names them."""
    for path in {one.path for one in TABLE}:
        methods = {method for one in TABLE if one.path == path for method in one.methods}
        yield path, ", ".join(sorted(methods))


@pytest.mark.parametrize(("path", "allowed"), sorted(paths()))
async def test_other_methods_are_405(lasting: Rest, path: str, allowed: str) -> None:
    for method in set(METHODS) - set(allowed.split(", ")):
        async with lasting.session.request(method, filled(path)) as answer:
            assert (answer.status, answer.headers.get("Allow")) == (405, allowed), method
            if method != "HEAD":
                assert await detail_of(answer) == "Method Not Allowed"


@pytest.mark.parametrize("endpoint", OF_FILES, ids=named)
async def test_a_file_that_is_not_there_is_404(lasting: Rest, endpoint: Endpoint) -> None:
    strange = ("nonsense", "..%2F..%2Fetc%2Fpasswd", ".radnode/jwt.secret", "studies/1.2/1.2.3", f"{NO_SUCH_FILE}%00")
    beside = ("studies/../etc", f"{NO_SUCH_FILE}/", f"/{NO_SUCH_FILE}", NO_SUCH_FILE.upper(), "studies%2F1.2%5C1.2.3")
    for path in (NO_SUCH_FILE, NO_SUCH_FILE.replace("/", "%2F"), *strange, *beside):
        status, answer = await lasting.target(endpoint.method, filled(endpoint.path, file_path=path))
        assert (status, answer) == (404, {"detail": "DICOM file not found"}), path


@pytest.mark.parametrize("endpoint", ASKED, ids=named)
async def test_parameters_that_are_unknown_or_repeated_are_named(rest: Rest, endpoint: Endpoint) -> None:
    assert endpoint.query is not None
    path = filled(endpoint.path, file_path=await rest.stored(encode_part10(make_instance())))
    for query, name in (("nonsense=1", "nonsense"), ("%C3%A4=1", "ä"), ("Limit=1", "Limit")):
        assert name in (await rest.refused(endpoint.method, f"{path}?{query}", 400, headers=ADMIN))
    for name in endpoint.query.model_fields:
        detail = await rest.refused(endpoint.method, f"{path}?{name}=1&{name}=1", 400, headers=ADMIN)
        assert detail == f"Parameter {name} is given more than once"


@pytest.mark.parametrize("endpoint", [one for one in GUARDED if one.needs_archive], ids=named)
async def test_without_an_archive_it_is_503(disabled: Rest, endpoint: Endpoint) -> None:
    detail = await disabled.refused(
        endpoint.method, filled(endpoint.path), 503, headers=as_bearer(make_token("dicom:admin"))
    )
    assert detail == "DICOM handling is disabled"


@pytest.fixture(scope="module")
async def disabled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("none")
    async with serving(None, rest_settings(root, archive=ArchiveSettings(root=root, enabled=False))) as it:
        yield it
