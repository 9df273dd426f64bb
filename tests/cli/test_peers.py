"""`radnode peers`: what learn mode recorded, shown and made into a list of peers."""

import json
import stat
import tomllib
from collections.abc import Set
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from support.node import Node, wait_for

from radnode.cli.loading import load_settings
from radnode.cli.main import main
from radnode.cli.peers_file import peers_file
from radnode.dimse.access import allowed_services
from radnode.dimse.learning import read_record, record_of
from radnode.dimse.requestors import Record, Requestor
from radnode.dimse.scu import Caller, echo
from radnode.settings import DicomSettings, Peer

FIRST, LAST = datetime(2026, 5, 4, 3, 2, tzinfo=UTC), datetime(2026, 5, 6, 7, 8, tzinfo=UTC)


def requestor(
    title: str, address: str, associations: int = 3, used: frozenset[str] = frozenset(), reason: str = ""
) -> Requestor:
    asked = frozenset({"store", "echo", "other"})
    return Requestor(
        title, address, "RADNODE", FIRST, LAST, associations, 0 if associations else 7, asked, used, reason
    )


CT = requestor("CT01", "10.1.2.10", used=frozenset({"store"}))
SEVERAL = [requestor("ECHOSCU", f"10.1.2.{number}", associations=number) for number in (17, 30)]
REJECTED = requestor("WHO", "10.9.9.9", associations=0, reason="calling AE title not recognised")
EVIL = requestor('A"?[[peers]]?title', "fe80::1")
BACKSLASH = requestor("A\\xff", "10.0.0.1")


def kept(*found: Requestor) -> list[Peer]:
    """The peers that stand in a file made of these."""
    peers = tomllib.loads(peers_file(found, {})).get("peers", [])
    return [Peer.model_validate(peer) for peer in peers]


def recorded(root: Path, *found: Requestor) -> Path:
    folder = root / ".radnode"
    folder.mkdir(parents=True)
    (folder / "requestors.json").write_bytes(TypeAdapter(Record).dump_json(Record(found, 4)))
    return root


def test_a_caller_becomes_a_peer_that_may_what_it_asked_for() -> None:
    (peer,) = kept(CT)
    assert (peer.title, peer.host, peer.port, peer.allow) == ("CT01", "10.1.2.10", 104, ("echo", "store"))
    text = peers_file([CT], {})
    assert '# "CT01" at 10.1.2.10, calling "RADNODE": 3 associations, 0 rejected' in text
    assert "first 2026-05-04 03:02, last 2026-05-06 07:08 UTC" in text
    assert "was served store" in text


def test_a_title_stands_once_with_a_hint_at_the_network_that_holds_all_its_addresses() -> None:
    (peer,) = kept(*SEVERAL)
    assert peer.host == "10.1.2.30"
    assert '"10.1.2.16/28"' in peers_file(SEVERAL, {})
    assert "one host can stand here." in peers_file([*SEVERAL, requestor("ECHOSCU", "fe80::1")], {})
    assert "one host can stand here." in peers_file([*SEVERAL, requestor("ECHOSCU", "192.168.0.1")], {})


def test_who_was_rejected_each_time_is_a_comment() -> None:
    assert kept(REJECTED) == []
    text = peers_file([REJECTED], {})
    assert '# title = "WHO"\n' in text
    assert "rejected the last time: calling AE title not recognised" in text


def test_who_is_listed_is_not_listed_again() -> None:
    text = peers_file([CT], {"CT01": "10.1.2.99"})
    assert tomllib.loads(text) == {}
    assert "listed already, at 10.1.2.99" in text


@pytest.mark.parametrize("title", ["", "A\\xff", "MUCH TOO LONG A TITLE", " PADDED", "\x7f", "é", "a\nb"])
def test_what_is_no_title_is_told_and_not_listed(title: str) -> None:
    text = peers_file([requestor(title, "10.0.0.1")], {})
    assert tomllib.loads(text) == {}
    assert "that is no AE title" in text


def test_words_of_a_caller_stay_words() -> None:
    (peer,) = kept(requestor('"?[[peers]]', "fe80::1"))
    assert peer.title == '"?[[peers]]'
    assert kept(EVIL) == []


def test_the_file_is_read_as_settings_and_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, file = recorded(tmp_path / "store", CT, *SEVERAL, REJECTED, EVIL, BACKSLASH), tmp_path / "peers.toml"
    assert main(["peers", "--archive.root", str(root), "--write", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    settings = load_settings(None, file, environment={}, folder=tmp_path).settings
    assert [peer.title for peer in settings.peers] == ["CT01", "ECHOSCU"]
    before = file.read_text()
    capsys.readouterr()
    assert main(["peers", "--archive.root", str(root), "--write", str(file)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == before
    assert main(["peers", "--archive.root", str(root), "--toml"]) == 0
    assert capsys.readouterr().out == before


def test_the_record_as_lines_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = recorded(tmp_path / "store", CT, REJECTED)
    assert main(["peers", "--archive.root", str(root)]) == 0
    out, err = capsys.readouterr()
    head, first, second = out.splitlines()
    assert head.split()[:3] == ["title", "address", "called"]
    assert first.split()[:7] == ["CT01", "10.1.2.10", "RADNODE", "3", "0", "echo,other,store", "store"]
    assert second.split()[:5] == ["WHO", "10.9.9.9", "RADNODE", "0", "7"]
    assert "no room for others, 4 times" in err
    assert main(["peers", "--archive.root", str(root), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["dropped"] == 4
    assert document["requestors"][0] | {"first": "", "last": ""} == {
        "title": "CT01", "address": "10.1.2.10", "called": "RADNODE", "associations": 3, "rejections": 0,
        "asked": ["echo", "other", "store"], "used": ["store"], "first": "", "last": "", "reason": "", "listed": False,
    }  # fmt: skip


def test_nothing_recorded_and_a_broken_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".radnode").mkdir()
    assert main(["peers", "--archive.root", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "radnode: no callers are recorded (dicom.learn is false)\n")
    (tmp_path / ".radnode" / "requestors.json").write_text("{")
    assert main(["peers", "--archive.root", str(tmp_path)]) == 2
    assert "no record" in capsys.readouterr().err


def test_from_an_open_node_to_a_list_of_peers(tmp_path: Path) -> None:
    """The way that the manual describes, with a whole node: learn, write, review, close."""
    root = tmp_path / "store"
    with Node(root, "--dicom.learn", "true", "--dicom.workers", "2") as node:
        peer = Peer(title="RADNODE", host="127.0.0.1", port=node.dicom_port)
        assert echo(peer, Caller("WS1")).status == 0
        wait_for(lambda: read_record(record_of(root)).requestors, what="the caller is recorded while the node serves")
        assert main(["peers", "--archive.root", str(root), "--write", str(tmp_path / "peers.toml")]) == 0
    peers = load_settings(None, tmp_path / "peers.toml", environment={}, folder=tmp_path).settings.peers
    closed = DicomSettings(host="0.0.0.0")
    services: Set[str] | None = allowed_services("WS1", "127.0.0.1", closed, peers)
    assert services == {"echo"}
    assert allowed_services("WS2", "127.0.0.1", closed, peers) is None
