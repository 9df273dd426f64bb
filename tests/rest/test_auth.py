import asyncio
import json
import time
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr
from support.rest import NO_SUCH_FILE, SECRET, Rest, as_bearer, detail_of, make_token, rest_settings, serving

from radnode.settings import AuthSettings
from radnode_http.auth import Verifier
from radnode_http.errors import Refusal

LIST = "/api/dicom/list"
SOON = 600


def signed(claims: Mapping[str, Any], key: Any = SECRET, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers or None)


def claims(**changes: Any) -> dict[str, Any]:
    made = {"sub": "someone", "scope": "dicom:read", "exp": int(time.time()) + SOON, **changes}
    return {name: value for name, value in made.items() if value is not None}


async def test_a_good_token_lets_in(lasting: Rest) -> None:
    async with lasting.session.get(LIST, headers=as_bearer(signed(claims()))) as answer:
        assert answer.status == 200


async def test_the_scheme_has_no_case(lasting: Rest) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        async with lasting.session.get(LIST, headers={"Authorization": f"{scheme}  {signed(claims())}"}) as answer:
            assert answer.status == 200, scheme


async def test_what_is_no_token_is_refused(lasting: Rest) -> None:
    bare = signed(claims())
    odd = ("", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", bare, "Bearer a.b.c", "Bearer \xff", "Bearer " + "x" * 9000)
    for header in odd:
        async with lasting.session.get(LIST, headers={"Authorization": header}) as answer:
            assert answer.status == 401, header
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert await detail_of(answer)


async def test_no_token_and_two_tokens_are_refused(lasting: Rest) -> None:
    head = f"GET {LIST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    line = f"Authorization: Bearer {signed(claims())}\r\n"
    assert (await lasting.raw_status(f"{head}\r\n".encode()))[0] == 401
    assert (await lasting.raw_status(f"{head}{line}{line}\r\n".encode()))[0] == 401
    assert (await lasting.raw_status(f"{head}{line}\r\n".encode()))[0] == 200


def bad_tokens() -> list[str]:
    return [
        signed(claims(exp=None)),
        signed(claims(exp=int(time.time()) - 31)),
        signed(claims(exp="soon")),
        signed(claims(exp=[1])),
        signed(claims(exp=float("inf"))),
        signed(claims(nbf=int(time.time()) + 90)),
        signed(claims(), key="another secret that is long enough for HS256"),
        signed(claims(), algorithm="HS512"),
        signed(claims(), key=None, algorithm="none"),
        signed(claims())[:-4] + "AAAA",
        signed(claims()).rpartition(".")[0] + ".",
    ]


async def test_a_bad_token_is_refused(lasting: Rest) -> None:
    for token in bad_tokens():
        async with lasting.session.get(LIST, headers=as_bearer(token)) as answer:
            assert answer.status == 401, token
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert await detail_of(answer) in ("Invalid token", "Token has expired")


async def test_clocks_may_differ_and_unset_claims_are_not_checked(lasting: Rest) -> None:
    now = int(time.time())
    fine: tuple[dict[str, Any], ...] = (
        {"exp": now - 20},
        {"nbf": now + 20},
        {"iat": now + 900},
        {"sub": None},
        {"aud": "somebody else", "iss": "anybody"},
        {"aud": ["a", "b"]},
    )
    for changes in fine:
        async with lasting.session.get(LIST, headers=as_bearer(signed(claims(**changes)))) as answer:
            assert answer.status == 200, changes


async def test_a_token_that_was_good_ends_in_time(lasting: Rest) -> None:
    headers = as_bearer(signed(claims(exp=int(time.time()) - 28)))
    answered = set()
    async with asyncio.timeout(10):
        while 401 not in answered:
            async with lasting.session.get(LIST, headers=headers) as answer:
                answered.add(answer.status)
            await asyncio.sleep(0.1)
    assert answered == {200, 401}


async def test_one_token_is_never_taken_for_another(lasting: Rest) -> None:
    good = signed(claims())
    for _ in range(2):
        for token, status in ((good, 200), (f"{good[:-4]}AAAA", 401), (signed(claims(scope="dicom:write")), 403)):
            async with lasting.session.get(LIST, headers=as_bearer(token)) as answer:
                assert answer.status == status


def test_few_good_tokens_are_remembered_and_no_bad_one() -> None:
    verifier = Verifier(SECRET, AuthSettings(secret=SecretStr(SECRET)))
    for number in range(600):
        token = signed(claims(sub=f"{number}"))
        for _ in range(2):
            assert verifier.caller(token).subject == f"{number}"
            with pytest.raises(Refusal):
                verifier.caller(f"{token[:-6]}AAAAAA")
    assert 0 < len(verifier._remembered) <= 256
    assert not any(token.endswith("AAAAAA") for token in verifier._remembered)


async def test_issuer_and_audience_are_checked_where_set(tmp_path: Path) -> None:
    auth = AuthSettings(secret=SecretStr(SECRET), issuer="hospital", audience="radnode")
    settings = rest_settings(tmp_path, auth=auth)
    tried: list[tuple[dict[str, Any], int]] = [
        ({"iss": "hospital", "aud": "radnode"}, 200),
        ({"iss": "hospital", "aud": ["other", "radnode"]}, 200),
        ({"iss": "hospital"}, 401),
        ({"aud": "radnode"}, 401),
        ({"iss": "clinic", "aud": "radnode"}, 401),
        ({"iss": "hospital", "aud": "other"}, 401),
        ({"iss": ["hospital"], "aud": {"radnode": 1}}, 401),
    ]
    async with serving(None, settings) as rest:
        for changes, status in tried:
            token = jwt.PyJWS().encode(  # PyJWT itself will not sign claims of odd types
                json.dumps(claims(**changes)).encode(), SECRET, algorithm="HS256"
            )
            async with rest.session.get("/api/dicom/status", headers=as_bearer(token)) as answer:
                assert answer.status == status, changes


KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_public_keys_check_tokens(tmp_path: Path, algorithm: str) -> None:
    public = KEYS[algorithm].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file = tmp_path / "public.pem"
    file.write_bytes(public)
    settings = rest_settings(tmp_path, auth=AuthSettings(algorithm=algorithm, public_key_file=file))
    private = KEYS[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # The classic confusion: the public key's text taken for an HMAC secret.
    confused = jwt.PyJWS().encode(b"{}", "x" * 64, algorithm="HS256")
    async with serving(None, settings) as rest:
        for token, status in ((signed(claims(), private, algorithm), 200), (signed(claims()), 401), (confused, 401)):
            async with rest.session.get("/api/dicom/status", headers=as_bearer(token)) as answer:
                assert answer.status == status


NEEDED = [
    ("GET", "/api/dicom/list", "dicom:read"),
    ("GET", "/api/dicom/status", "dicom:read"),
    ("HEAD", "/api/dicom/status", "dicom:read"),
    ("GET", f"/api/dicom/metadata/{NO_SUCH_FILE}", "dicom:read"),
    ("GET", f"/api/dicom/image/{NO_SUCH_FILE}", "dicom:read"),
    ("POST", f"/api/dicom/clinical-summary/{NO_SUCH_FILE}", "dicom:read"),
    ("POST", "/api/dicom/upload", "dicom:write"),
    ("DELETE", f"/api/dicom/{NO_SUCH_FILE}", "dicom:delete"),
    ("GET", "/metrics", "dicom:admin"),
]
SCOPES = ("dicom:read", "dicom:write", "dicom:delete", "dicom:admin")


async def test_each_endpoint_needs_its_scope(lasting: Rest) -> None:
    for (method, path, needed), scope in product(NEEDED, SCOPES):
        async with lasting.session.request(method, path, headers=as_bearer(make_token(scope))) as answer:
            allowed = scope in (needed, "dicom:admin")
            assert (answer.status != 403) == allowed, (method, path, scope)
            assert answer.status in (200, 400, 404) or not allowed


async def test_a_scope_is_one_of_the_words(lasting: Rest) -> None:
    for scope in (None, "", "dicom", "DICOM:READ", "dicom:read,dicom:write", ["dicom:read"], 7, "x dicom:readx"):
        assert "dicom:read" in await lasting.refused("GET", LIST, 403, headers=as_bearer(signed(claims(scope=scope))))
    async with lasting.session.get(LIST, headers=as_bearer(signed(claims(scope="other  dicom:read")))) as answer:
        assert answer.status == 200


HIDDEN = [
    *((method, path) for method, path, _ in NEEDED),
    ("GET", "/api"),
    ("GET", "/api/"),
    ("GET", "/api/nothing"),
    ("GET", "/api/dicom"),
    ("GET", "/api/dicom/nothing"),
    ("DELETE", "/api/dicom/list"),
    ("PUT", "/api/dicom/list"),
    ("OPTIONS", "/api/dicom/list"),
    ("TRACE", "/api/dicom/list"),
    ("GET", "/%61pi/dicom/list"),
    ("GET", "/api/dicom/list?limit=nonsense"),
    ("GET", "/api/dicom/metadata/%2e%2e%2fetc%2fpasswd"),
]


async def test_without_a_token_nothing_else_is_said(lasting: Rest) -> None:
    for method, path in HIDDEN:
        answer = await lasting.raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 401 "), (method, path)
        assert b"\r\nWWW-Authenticate: Bearer\r\n" in answer


async def test_open_paths_need_no_token(lasting: Rest) -> None:
    for path in ("/api/docs", "/api/openapi.json", "/healthz", "/readyz"):
        async with lasting.session.get(path, headers={"Authorization": "Bearer nonsense"}) as answer:
            assert answer.status == 200, path
