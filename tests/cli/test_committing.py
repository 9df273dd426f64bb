"""`radnode send --commit` and `radnode commitments`, against a node and against nobody."""

import json
from pathlib import Path

from support.archives import make_archive
from support.commitments import instance
from support.dimse_server import running
from support.instances import make_instance, write_part10
from support.node import run_all

from radnode.archive.archive import Archive


def files(folder: Path, *numbers: int) -> list[Path]:
    folder.mkdir()
    return [
        write_part10(make_instance(SOPInstanceUID=instance(number)), folder / f"{number}.dcm") for number in numbers
    ]


def test_what_was_sent_is_committed_file_by_file(archive: Archive, tmp_path: Path) -> None:
    files(tmp_path / "in", 1, 2)
    words = ["send", "RADNODE@127.0.0.1:{}", "in", "--commit", "--archive.root", str(tmp_path / "none")]
    with running(archive) as server:
        words[1] = words[1].format(server.port)
        (plain, again) = run_all([words, [*words, "--json"]], tmp_path)
    assert plain == (0, "2 of 2 stored by RADNODE\n2 of 2 committed by RADNODE\n", "")
    told = json.loads(again[1])
    assert (told["stored"], told["committed"], told["not_committed"], len(told["transactions"])) == (2, 2, [], 1)


def test_what_is_not_committed_is_told_for_each_file_and_shown_as_open(tmp_path: Path) -> None:
    one, _ = files(tmp_path / "in", 1, 2)
    with make_archive(tmp_path / "peer") as other, make_archive(tmp_path / "own"), running(other) as server:
        own = ["--archive.root", str(tmp_path / "own")]
        send = ["send", f"RADNODE@127.0.0.1:{server.port}", "in", "--commit", *own, "--commit-wait"]
        show = ["commitments", *own]
        empty, bad, sent, shown, table = run_all([show, [*send, "-1"], [*send, "0"], [*show, "--json"], show], tmp_path)
    assert empty == (0, "", "radnode: no commitment is open or went wrong\n")
    assert bad[0] == 2
    assert "--commit-wait -1: must be 0 to 86400" in bad[2]
    assert sent[0] == 1
    assert f"{one.relative_to(tmp_path)}: not committed: not reported within 0 s\n" in sent[1]
    assert sent[1].endswith("0 of 2 committed by RADNODE\n")
    (row,) = json.loads(shown[1])["commitments"]
    assert (row["direction"], row["peer"], row["objects"], row["state"]) == ("asked of", "RADNODE", 2, "open")
    assert row["transaction"] in table[1]
