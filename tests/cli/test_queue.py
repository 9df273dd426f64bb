"""`radnode queue`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.archives import store
from support.instances import STUDY, make_instance, write_part10

from radnode.archive.archive import Archive
from radnode.cli.main import main
from radnode.work.queue import Queue, State
from radnode.work.work_file import WorkFile

PEERS = json.dumps([{"title": "PACS", "host": "10.0.0.1", "port": 104}])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with Archive.open(tmp_path / "store") as archive:
        for number in range(3):
            store(archive, make_instance(SOPInstanceUID=f"1.2.3.{number}"))
    return tmp_path / "store"


def queue(root: Path, *words: str) -> int:
    return main(["queue", *words, "--archive.root", str(root), "--peers", PEERS])


def read(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    queue(root, *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_stored_objects_are_queued_shown_replayed_and_dropped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert queue(root, "add", "PACS", "--study", STUDY) == 0
    assert queue(root, "add", "PACS", "--instance", "1.2.3.1") == 0
    assert capsys.readouterr().out == "3 queued\n1 queued\n"
    with WorkFile.open(root / ".radnode" / "work.sqlite") as work:
        claimed = Queue(work).claim("PACS", 2e9, 10)
        for item in claimed:
            Queue(work).settle(item, State.DEAD, 2e9, error="A900 \x1b[31mno")
    assert queue(root, "list") == 0
    assert [line.split()[:4] for line in capsys.readouterr().out.splitlines()] == [
        ["destination", "waiting", "sending", "dead"],
        ["PACS", "0", "0", "3"],
    ]
    assert queue(root, "show") == 0
    table = capsys.readouterr().out
    assert table.count("\n") == 4
    assert "\x1b" not in table
    assert queue(root, "replay", str(claimed[0].id)) == 0
    assert queue(root, "drop", "--destination", "PACS") == 0
    assert capsys.readouterr().out == "1 replayed\n2 dropped\n"
    shown = read(root, capsys, "show", "--state", "waiting")["items"]
    assert [(row["sop_instance_uid"], row["tries"], row["rule"]) for row in shown] == [("1.2.3.0", 0, "")]
    assert read(root, capsys, "list")["destinations"][0]["waiting"] == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "NOBODY", "--study", "1.2"], "add NOBODY: must be the title of a peer"),
        (["add", "--study", "1.2"], "needs one peer"),
        (["add", "PACS"], "needs one of --study"),
        (["add", "PACS", "--study", "1.*"], "1.*: must be a UID"),
        (["drop"], "drop: which?"),
        (["replay"], "replay: which?"),
        (["drop", "first"], "first: must be IDs"),
        (["show", "--limit", "0"], "--limit 0"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    root: Path, words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert queue(root, *words) == 2
    assert why in capsys.readouterr().err


def test_nothing_to_decide_over_is_a_failure(root: Path) -> None:
    assert queue(root, "add", "PACS", "--study", "9.9") == 1
    assert queue(root, "drop", "--all") == 1


def test_an_import_is_sent_on_only_where_a_rule_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def take(number: int, sender: str) -> None:
        file = write_part10(make_instance(SOPInstanceUID=f"1.2.4.{number}"), root.parent / f"{number}.dcm")
        rules = json.dumps([{"name": "old ones", "from": [sender], "to": ["PACS"]}])
        words = ["--archive.root", str(root), "--peers", PEERS, "--rules", rules, "--processes", "1"]
        assert main(["import", str(file), *words]) == 0

    take(1, "*")
    take(2, "IMPORT")
    shown = read(root, capsys, "show", "--state", "waiting")["items"]
    assert [(row["sop_instance_uid"], row["rule"]) for row in shown] == [("1.2.4.2", "old ones")]


def test_a_rule_to_a_peer_that_nobody_knows_is_refused_at_start(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = json.dumps([{"name": "typo", "to": ["PASC"]}])
    assert main(["config", "--peers", PEERS, "--rules", rules]) == 2
    assert "rule typo sends to PASC, which must be a peer" in capsys.readouterr().err


def test_looking_at_the_queue_loads_no_dicom_at_all(root: Path) -> None:
    words = ["queue", "list", "--archive.root", str(root)]
    loaded = "{'pydicom', 'pynetdicom', 'aiohttp'} & set(sys.modules)"
    code = f"import sys; from radnode.cli.main import main; print(main({words!r}), {loaded})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "0 set()"
