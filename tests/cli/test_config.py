"""`radnode config`."""

import json
import tomllib
from pathlib import Path

import pytest

from radnode.cli.loading import load_settings
from radnode.cli.main import main

SECRET = "0123456789abcdef0123456789abcdef"
PEERS = '[{"title": "WS1", "host": "10.1.2.3", "port": 11112, "allow": ["echo"]}]'


def test_what_it_prints_is_a_configuration_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    attributes = '[{"attribute": "ImageComments", "level": "IMAGE"}]'
    words = ["--dicom.port", "104", "--peers", PEERS, "--http.cors_origins", '["https://a.example"]']
    words += ["--archive.attributes", attributes]
    assert main(["config", *words]) == 0
    printed = tmp_path / "printed.toml"
    printed.write_text(capsys.readouterr().out)
    again = load_settings(None, printed, environment={}, folder=tmp_path).settings
    options = {"dicom.port": "104", "peers": PEERS, "http.cors_origins": '["https://a.example"]'}
    options["archive.attributes"] = attributes
    assert again == load_settings(options, environment={}, folder=tmp_path).settings


def test_it_says_where_a_value_came_from(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RADNODE_LOG__LEVEL", "debug")
    assert main(["config", "--dicom.accept_unknown_peers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'level = "debug"  # from RADNODE_LOG__LEVEL' in lines
    assert "accept_unknown_peers = true  # from --dicom.accept_unknown_peers" in lines


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_secrets_are_masked(form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--auth.secret", SECRET, *form]) == 0
    text = capsys.readouterr().out
    assert SECRET not in text
    assert "********" in text


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json", "--dicom.port", "104"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["dicom"]["port"] == 104
    assert tree["auth"]["secret"] is None
    assert tree["peers"] == []


def test_toml_is_toml(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["dicom"]["ae_title"] == "RADNODE"
