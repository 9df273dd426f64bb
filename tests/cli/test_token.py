"""`radnode token`."""

import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from radnode.cli.main import main
from radnode.cli.refusal import Refused
from radnode.cli.verbs.mint import lifetime

SECRET = "0123456789abcdef0123456789abcdef"


def mint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["token", "--subject", "app", *words]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return out.strip()


def test_a_token_from_the_settings_secret(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--auth.secret", SECRET, "--auth.issuer", "us", "--auth.audience", "them"]
    token = mint(capsys, "--scope", "dicom:read dicom:write", "--ttl", "90s", *words)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="them", issuer="us")
    assert (claims["sub"], claims["scope"]) == ("app", "dicom:read dicom:write")
    assert claims["exp"] - claims["iat"] == 90


def test_a_token_from_the_kept_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = mint(capsys, "--archive.root", str(tmp_path / "store"))
    kept = tmp_path / "store" / ".radnode" / "jwt.secret"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert jwt.decode(token, kept.read_text(), algorithms=["HS256"])["scope"] == "dicom:read"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scope", "dicom:reed"], "--scope dicom:reed: "),
        (["--scope", ""], "--scope "),
        (["--subject", " "], "--subject: must name"),
        (["--ttl", "8w"], "--ttl 8w: must be a time such as 90s, 30m, 8h or 7d"),
    ],
)
def test_what_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--subject", "app", "--auth.secret", SECRET, *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"radnode: {said}")
    assert captured.out == ""


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("8h", 28800), ("7d", 604800), ("60", 60)])
def test_lifetimes(text: str, seconds: int) -> None:
    assert lifetime(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0h", "-1h", "1.5h", "8 h", "9999999999d", "\u0663h"])
def test_no_lifetimes(text: str) -> None:
    with pytest.raises(Refused):
        lifetime(text)


def test_making_a_token_loads_no_dicom_at_all() -> None:
    code = "import sys, radnode.cli.verbs.mint; print({'numpy', 'pydicom', 'pynetdicom', 'aiohttp'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
