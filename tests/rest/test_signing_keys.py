import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr
from support.rest import SECRET

from radnode.settings import AuthSettings
from radnode_http.signing_keys import BadKey, load_key
from radnode_http.tokens import mint

LOAD = """
import sys
from pathlib import Path
from radnode.settings import AuthSettings
from radnode_http.signing_keys import load_key
sys.stdin.read(1)
print(load_key(AuthSettings(), Path(sys.argv[1])))
"""


def public_pem(key: Any) -> bytes:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert isinstance(pem, bytes)
    return pem


def test_a_secret_is_made_once_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    private = tmp_path / ".radnode"
    secret = load_key(AuthSettings(), private)
    file = private / "jwt.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == secret == load_key(AuthSettings(), private)
    assert isinstance(secret, str)
    assert len(secret) >= 32
    assert [path.name for path in private.iterdir()] == ["jwt.secret"]


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOAD, str(tmp_path / ".radnode")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    secrets = {process.communicate()[0] for process in started}
    assert len(secrets) == 1
    assert len(secrets.pop().strip()) >= 32


def test_the_secret_of_the_settings_comes_first(tmp_path: Path) -> None:
    assert load_key(AuthSettings(secret=SecretStr(SECRET)), tmp_path) == SECRET
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"  \n", b"short", b"\xff" * 40])
def test_a_secret_file_that_holds_none_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "jwt.secret"
    file.write_bytes(content)
    with pytest.raises(BadKey, match=r"jwt\.secret"):
        load_key(AuthSettings(), tmp_path)
    assert file.read_bytes() == content


def test_a_key_that_is_none_of_a_secret_is_refused(tmp_path: Path) -> None:
    pem = public_pem(ec.generate_private_key(ec.SECP256R1())).decode()
    with pytest.raises(BadKey, match=r"auth\.secret"):
        load_key(AuthSettings(secret=SecretStr(pem)), tmp_path)


def unusable_keys() -> dict[str, bytes]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "empty": b"",
        "words": b"no key at all",
        "private": rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "another kind": public_pem(ec.generate_private_key(ec.SECP256R1())),
        "another curve": public_pem(ec.generate_private_key(ec.SECP384R1())),
    }


def test_a_public_key_is_looked_at_before_anybody_needs_it(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for name, content in unusable_keys().items():
        file.write_bytes(content)
        with pytest.raises(BadKey, match="holds no public key for RS256"):
            load_key(AuthSettings(algorithm="RS256", public_key_file=file), tmp_path)
        if name != "another kind":
            with pytest.raises(BadKey, match="holds no public key for ES256"):
                load_key(AuthSettings(algorithm="ES256", public_key_file=file), tmp_path)
    with pytest.raises(BadKey, match="cannot be read"):
        load_key(AuthSettings(algorithm="EdDSA", public_key_file=tmp_path / "nowhere.pem"), tmp_path)


def test_a_short_rsa_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(public_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    with pytest.raises(BadKey, match="at least 2048 bits"):
        load_key(AuthSettings(algorithm="RS256", public_key_file=file), tmp_path)


def test_a_minted_token_says_who_may_do_what_and_until_when() -> None:
    settings = AuthSettings(issuer="here", audience="there")
    token = mint(settings, SECRET, subject="frontend", scope="dicom:read  dicom:write", ttl=60)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="there", issuer="here")
    assert claims["sub"] == "frontend"
    assert claims["scope"] == "dicom:read dicom:write"
    assert claims["exp"] - claims["iat"] == 60
    assert set(
        jwt.decode(mint(AuthSettings(), SECRET, subject="x", scope="dicom:admin", ttl=1), SECRET, ["HS256"])
    ) == {
        "sub",
        "scope",
        "iat",
        "exp",
    }


@pytest.mark.parametrize(("scope", "ttl"), [("", 60), ("dicom:reed", 60), ("dicom:read root", 60), ("dicom:read", 0)])
def test_a_token_for_nothing_is_not_minted(scope: str, ttl: int) -> None:
    with pytest.raises(ValueError, match=r"scope|lifetime"):
        mint(AuthSettings(), SECRET, subject="x", scope=scope, ttl=ttl)


def test_who_has_no_private_key_mints_nothing(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(public_pem(ec.generate_private_key(ec.SECP256R1())))
    settings = AuthSettings(algorithm="ES256", public_key_file=file)
    with pytest.raises(BadKey, match="private key"):
        mint(settings, load_key(settings, tmp_path), subject="x", scope="dicom:read", ttl=60)
