"""The hostile network's script: what it makes of numbers, and that its attacks reach a node."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.attacks import ATTACKS, Target, attacking
from benchmarks.hostile import main, table
from benchmarks.resisting import Beside, left_behind, verdict
from support.dimse_server import running, wait_until
from support.fake_archive import FakeArchive


def test_the_ratio_is_the_median_of_the_rounds_own() -> None:
    rounds = [Beside(100, 90, 7, 0), Beside(50, 50, 9, 0), Beside(200, 100, 8, 1)]
    found = verdict(rounds)
    assert (found.alone, found.beside, found.ratio, found.memory, found.left) == (100, 90, 0.9, 9, 1)
    line = table({ATTACKS[0]: replace(found, memory=250_000_000)}).splitlines()[-1]
    assert line == "| 500 silent TCP connections | 100 | 90.0 | 90% | 250 | 1 |"


def test_locks_in_incoming_are_not_left_behind_but_parts_are(tmp_path: Path) -> None:
    folder = tmp_path / ".radnode" / "incoming" / "owner"
    folder.mkdir(parents=True)
    folder.with_suffix(".lock").touch()
    assert left_behind(tmp_path, 0) == 0
    (folder / "x.part").touch()
    assert left_behind(tmp_path, 0) == 1


def test_an_unknown_attack_is_named() -> None:
    with pytest.raises(SystemExit, match="no such attack: nonsense"):
        main(["--attacks", "silent,nonsense"])


@pytest.mark.parametrize("name", ["claims", "vanish", "trickle", "promises"])
def test_attacks_reach_the_data_set(name: str) -> None:
    """Or they would show nothing."""
    archive = FakeArchive()
    attack = replace(next(one for one in ATTACKS if one.name == name), held=2 if name in {"trickle", "promises"} else 0)
    with running(archive) as server, attacking(attack, Target(server.port, server.port)):
        if name == "claims":
            with attack.act(Target(server.port, server.port)) as sock:
                assert sock.recv(100)[:1] == b"\7"  # the A-ABORT
        elif name == "promises":
            with attack.act(Target(server.port, server.port)) as sock:
                sock.shutdown(socket.SHUT_WR)
                assert sock.recv(100) == b""  # no A-ABORT: it was read on
        elif name == "vanish":
            wait_until(lambda: archive.aborted > 1)
        else:
            wait_until(lambda: archive.open == 2)
