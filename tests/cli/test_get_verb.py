"""`radnode get` into the archive and into a folder, from a real node."""

import json
from pathlib import Path

import pytest
from support.archives import store
from support.dimse_server import running
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.cli.main import main

STUDY = "1.2.3.4"


def test_what_is_fetched_is_sent_on_as_if_the_peer_had_sent_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Archive.open(tmp_path / "pacs") as pacs, running(pacs) as server:
        for number in range(2):
            store(pacs, make_instance(StudyInstanceUID=STUDY, SOPInstanceUID=f"{STUDY}.{number}"))
        peers = [
            {"title": "RADNODE", "host": "127.0.0.1", "port": server.port},
            {"title": "WARD", "host": "127.0.0.1", "port": 1},
        ]
        rules = [{"name": "on", "from": "RADNODE", "to": ["WARD"]}]
        settings = [
            "--peers",
            json.dumps(peers),
            "--rules",
            json.dumps(rules),
            "--archive.root",
            str(tmp_path / "here"),
        ]
        assert main(["get", "RADNODE", f"StudyInstanceUID={STUDY}", *settings, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["completed"] == 2
        folder = tmp_path / "new" / "files"
        assert main(["get", "RADNODE", f"0020000D={STUDY}", *settings, "--into", str(folder)]) == 0
    assert len(list(folder.glob("*.dcm"))) == 2
    capsys.readouterr()
    assert main(["queue", "list", "--json", *settings]) == 0
    (waiting,) = json.loads(capsys.readouterr().out)["destinations"]
    assert (waiting["destination"], waiting["waiting"]) == ("WARD", 2)
    assert len(list((tmp_path / "here" / "studies").rglob("*.dcm"))) == 2
