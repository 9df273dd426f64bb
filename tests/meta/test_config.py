"""The files in config/ against the code, both ways."""

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from radnode.cli.catalogue import TABLES, every_setting, keys_of
from radnode.cli.loading import load_settings
from radnode.dimse.access import refuse_start
from radnode.settings import Settings

CONFIG = Path(__file__).resolve().parents[2] / "config"


def lines_of(name: str) -> list[str]:
    return (CONFIG / name).read_text("utf-8").splitlines()


def test_the_file_gives_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(None, CONFIG / "radnode.toml", environment={}, folder=tmp_path)
    assert loaded.settings == Settings()


def test_every_setting_stands_in_the_file_below_one_line_of_why() -> None:
    lines = lines_of("radnode.toml")
    section, found = "", {}
    for before, line in pairwise(lines[: lines.index("# [[peers]]")]):
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.fullmatch(r"(# )?(\w+) =( .+)?", line):
            found[f"{section}.{match[2]}"] = (before.removeprefix("# "), bool(match[1]))
    settings = {name: setting for name, setting in every_setting().items() if name not in TABLES}
    assert found == {name: (setting.why, setting.field.default is None) for name, setting in settings.items()}


@pytest.mark.parametrize("table", TABLES)
def test_the_file_shows_every_key_of_a_table(table: str) -> None:
    block = "\n".join(lines_of("radnode.toml")).partition(f"# [[{table}]]\n")[2].partition("\n\n")[0]
    shown = "\n".join(line.removeprefix("# ") for line in block.splitlines())
    keys = keys_of(TABLES[table])
    TABLES[table].model_validate(tomllib.loads(shown))
    assert set(tomllib.loads(shown)) == set(keys)
    assert [key for key, field in keys.items() if (field.description or "-") not in shown] == []


def test_the_example_peers(tmp_path: Path) -> None:
    settings = load_settings(None, CONFIG / "peers.example.toml", environment={}, folder=tmp_path).settings
    assert [peer.title for peer in settings.peers] == ["CT01", "WORKSTATION1", "PACS"]


def test_the_image_listens_beyond_loopback_and_so_wants_peers(tmp_path: Path) -> None:
    settings = load_settings(None, CONFIG / "docker.toml", environment={}, folder=tmp_path).settings
    assert settings.archive.root == Path("/app/dicom_storage")
    assert refuse_start(settings.dicom, settings.peers)
    text = (CONFIG / "compose.yml").read_text("utf-8")
    peers = " ".join(re.findall(r"RADNODE_PEERS: >-\n((?:\s+[\[{].*\n)+)", text)[0].split())
    environment = {"RADNODE_PEERS": peers}
    assert len(json.loads(peers)) == 2
    settings = load_settings(None, CONFIG / "docker.toml", environment=environment, folder=tmp_path).settings
    assert refuse_start(settings.dicom, settings.peers) is None


def test_compose_sets_only_what_there_is() -> None:
    variables = set(re.findall(r"\bRADNODE_[A-Z_]+\b", (CONFIG / "compose.yml").read_text("utf-8")))
    assert variables <= {setting.variable for setting in every_setting().values()}
