"""The small parts below `radnode serve`."""

import json
import os
import socket
from pathlib import Path

import pytest

from radnode.cli import ready
from radnode.cli.backoff import ENOUGH, LONGEST_DELAY, STEADY, Backoff
from radnode.cli.ready import Ready
from radnode.cli.refusal import Refused
from radnode.cli.sockets import PortInUse, listen
from radnode.cli.storage import existing, prepare


def test_delays_grow_and_a_steady_run_forgives() -> None:
    backoff, delays = Backoff(), []
    for _ in range(ENOUGH - 1):
        backoff = backoff.after(lived=1.0)
        assert not backoff.is_hopeless
        delays.append(backoff.delay)
    assert delays == sorted(delays)
    assert delays[0] < 1
    assert backoff.after(lived=1.0).is_hopeless
    assert backoff.after(lived=1.0).delay <= LONGEST_DELAY
    assert backoff.after(lived=STEADY) == Backoff(deaths=1)


def test_ready_is_written_whole_and_withdrawn_by_its_owner(tmp_path: Path) -> None:
    ready.announce(tmp_path, Ready(1, 2, os.getpid()))
    assert json.loads((tmp_path / "ready.json").read_text()) == {"dicom_port": 1, "http_port": 2, "pid": os.getpid()}
    ready.withdraw(tmp_path)
    assert list(tmp_path.iterdir()) == []
    ready.announce(tmp_path, Ready(1, None, 1))
    ready.withdraw(tmp_path)
    assert ready.read(tmp_path) == Ready(1, None, 1)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ('{"dicom_port": 5, "http_port": null, "pid": 1}', False),
        ('{"dicom_port": null, "http_port": 5, "pid": 1}', True),
        ('{"dicom_port": null, "http_port": 5, "pid": 4194304}', False),
        ('{"dicom_port": null, "http_port": 5, "pid": 1, "dicom_tls_port": 7}', False),
        ('{"dicom_port": ', False),
        ("[]", False),
    ],
)
def test_a_stale_ready_file_is_removed(tmp_path: Path, text: str, stays: bool) -> None:
    """Process 1 is alive; this process holds the role dicom."""
    (tmp_path / "ready.json").write_text(text)
    (tmp_path / "ready.json.4194304").write_text("half")
    ready.clear_stale(tmp_path, dicom=True, rest=False)
    assert (tmp_path / "ready.json").exists() is stays
    assert not (tmp_path / "ready.json.4194304").exists()


def test_a_free_port_and_a_taken_one() -> None:
    with listen("127.0.0.1", 0, "dicom") as first:
        port = first.getsockname()[1]
        with pytest.raises(PortInUse, match=f"dicom.port = {port}: is in use"):
            listen("127.0.0.1", port, "dicom", patience=0)


def test_a_second_port_of_a_host_blames_the_setting_of_each() -> None:
    with pytest.raises(Refused, match=r"dicom\.host = 203\.0\.113\.7: must be an address of this machine"):
        listen("203.0.113.7", 0, "tls", host_of="dicom")
    with listen("127.0.0.1", 0, "dicom") as first:
        port = first.getsockname()[1]
        with pytest.raises(PortInUse, match=f"tls.port = {port}: is in use"):
            listen("127.0.0.1", port, "tls", host_of="dicom", patience=0)


def test_localhost_is_ipv4() -> None:
    with listen("localhost", 0, "http") as listening:
        assert listening.family == socket.AF_INET


def test_a_storage_folder_is_made(tmp_path: Path) -> None:
    root = prepare(tmp_path / "a" / "b")
    assert root.stat().st_mode & 0o777 == 0o750
    with pytest.raises(Refused, match="must be a folder that holds an archive"):
        existing(root)
    assert list(root.iterdir()) == []
