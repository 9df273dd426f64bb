"""`kill -9`, of everything and of single processes."""

import os
import signal
from pathlib import Path

import requests
from pynetdicom import AE
from support.killing import rounds
from support.node import Node, wait_for
from support.pynet import steady


def test_nothing_acknowledged_is_lost_when_everything_is_killed(tmp_path: Path) -> None:
    """The long form is scripts/kill_test."""
    assert rounds(tmp_path / "store", count=2, instances=30) >= 2


def test_a_restart_at_once_waits_for_the_killed_nodes_children_and_takes_the_same_ports(tmp_path: Path) -> None:
    with Node(tmp_path / "store", "--dicom.workers", "1") as node:
        children = node.children()
        assert set(children.values()) >= {"dicom-1", "rest", "housekeeper"}
        port, url = node.dicom_port, node.url
        node.kill()
        assert node.ready_file.exists()
    options = ("--dicom.port", str(port), "--http.port", url.rpartition(":")[2], "--dicom.workers", "1")
    with Node(tmp_path / "store", *options) as again:
        assert not any(is_alive(pid) for pid, name in children.items() if name in {"dicom-1", "rest", "housekeeper"})
        assert (again.dicom_port, again.url) == (port, url)
        assert echo(port)
        assert again.stop() == 0


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    with Node(tmp_path / "store", "--dicom.workers", "1") as node:
        for name in ("dicom-1", "rest"):
            pid = child(node, name)
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: child(node, name) not in {0, pid}, what=f"another {name}", alive=node.is_alive)  # noqa: B023
            wait_for(lambda: node.ready().get("pid"), what="ready again", alive=node.is_alive)
        assert echo(node.dicom_port)
        assert requests.get(f"{node.url}/healthz", timeout=30).status_code == 200
        assert node.stop() == 0
    deaths = [event["child"] for event in node.events() if event["event"] == "child_died"]
    assert deaths == ["dicom-1", "rest"]


def child(node: Node, name: str) -> int:
    """The process that has this name; 0 while there is none."""
    return next((pid for pid, found in node.children().items() if found == name), 0)


def echo(port: int) -> bool:
    ae = AE(ae_title="ECHO")
    ae.add_requested_context("1.2.840.10008.1.1")
    association = steady(ae.associate("127.0.0.1", port, ae_title="RADNODE"))
    answered = association.is_established and association.send_c_echo().get("Status") == 0
    association.release()
    return bool(answered)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
