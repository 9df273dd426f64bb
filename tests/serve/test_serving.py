"""The node as a whole: how it starts, what it says, how it ends."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.node import Node, radnode, run_all, wait_for


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node for all tests that leave it as it is; that it ends in order is looked at here."""
    with Node(tmp_path_factory.mktemp("serving") / "store", "--dicom.ae_title", "TESTNODE") as node:
        yield node
        assert node.stop() == 0
    assert not node.ready_file.exists()
    assert node.events()[-1]["event"] == "node_stopped"


def test_it_says_where_everything_is_and_then_that_it_is_ready(node: Node) -> None:
    ready = node.ready()
    assert node.process is not None
    assert set(ready) == {"dicom_port", "http_port", "pid"}
    assert ready["pid"] == node.process.pid
    lines = node.output()
    assert f"TESTNODE at 127.0.0.1:{ready['dicom_port']}" in "\n".join(lines)
    assert f"http://127.0.0.1:{ready['http_port']}/api/dicom" in "\n".join(lines)
    assert str(node.root) in "\n".join(lines)
    assert "token --subject" in "\n".join(lines)
    assert lines[-1] == f"ready: dicom 127.0.0.1:{ready['dicom_port']}, http 127.0.0.1:{ready['http_port']}"
    assert requests.get(f"{node.url}/healthz", timeout=10).status_code == 200
    socket.create_connection(("127.0.0.1", ready["dicom_port"]), 10).close()


def test_a_hangup_is_no_reason_to_end(node: Node) -> None:
    assert node.process is not None
    node.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "SIGHUP" in node.log_text(), what="the hangup in the log", alive=node.is_alive)
    assert requests.get(f"{node.url}/healthz", timeout=10).status_code == 200


def test_a_role_is_held_by_one_process(node: Node) -> None:
    second = radnode(
        "serve", "--dicom.port", "0", "--http.port", "0", "--archive.root", str(node.root), folder=node.root.parent
    )
    assert second.returncode == 1
    assert second.stderr == "radnode: Another process serves this archive as dicom\n"
    assert node.ready()
    assert node.is_alive()


def test_one_side_alone(tmp_path: Path) -> None:
    with Node(tmp_path / "store", "--only", "rest") as rest:
        assert rest.ready()["dicom_port"] is None
        assert not [name for name in rest.children().values() if name.startswith("dicom-")]
        with Node(tmp_path / "store", "--only", "dicom", "--dicom.workers", "1") as dicom:
            assert dicom.ready()["http_port"] is None
            assert requests.get(f"http://127.0.0.1:{port_in(rest)}/healthz", timeout=10).status_code == 200
            assert dicom.stop() == 0
        assert rest.stop() == 0


def port_in(node: Node) -> int:
    return int(node.output()[-1].rpartition(":")[2])


def test_without_an_archive_only_rest_is_there(tmp_path: Path) -> None:
    with Node(tmp_path / "store", DICOM_ENABLED="false") as node:
        assert node.ready()["dicom_port"] is None
        headers = {"Authorization": f"Bearer {node.token()}"}
        status = requests.get(f"{node.url}/api/dicom/status", headers=headers, timeout=10).json()
        assert status["enabled"] is False
        assert requests.get(f"{node.url}/api/dicom/list", headers=headers, timeout=10).status_code == 503
        assert node.stop() == 0


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = radnode("serve", "--dicom.port", str(port), "--http.port", "0", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"radnode: dicom.port = {port}: is in use by another program on 127.0.0.1\n"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with Node(tmp_path / "store", "--dicom.host", "::1", "--http.host", "::1", "--dicom.workers", "1") as node:
        port = node.ready()["http_port"]
        assert f"http [::1]:{port}" in node.output()[-1]
        assert requests.get(f"http://[::1]:{port}/healthz", timeout=10).status_code == 200
        assert node.stop() == 0


REFUSED = [
    (["--dicom.port", "99999"], "radnode: dicom.port = 99999: must be 0 to 65535 (from --dicom.port)"),
    (["--dicom.host", "0.0.0.0"], "radnode: dicom.host = '0.0.0.0' can be reached from other machines: list who may"),
    (["--dicom.host", "203.0.113.7", "--dicom.accept_unknown_peers"], "radnode: dicom.host = 203.0.113.7: must be an"),
    (
        ["--dicom.host", "no such host", "--dicom.accept_unknown_peers"],
        "radnode: dicom.host = no such host: must be an",
    ),
    (["--auth.secret", "short"], "radnode: auth.secret: must be at least 32 bytes long (from --auth.secret)"),
    (["--auth.algorithm", "ES256"], "radnode: auth.public_key_file: must name a PEM file with the public key"),
    (["--auth.algorithm", "ES256", "--auth.public_key_file", "none.pem"], "radnode: auth.public_key_file none.pem"),
    (["--archive.root", "file/below"], "radnode: archive.root = "),
    (["--only", "dicom", "--archive.enabled", "false"], "radnode: archive.enabled = False: must be true"),
    (["--only", "both"], "radnode: argument --only: invalid choice: 'both'"),
    (["--config", "none.toml"], "radnode: --config none.toml: cannot be read (No such file or directory)"),
    (
        ["--dicom.prot", "1"],
        "radnode: unknown option --dicom.prot; did you mean --dicom.port? (see ",
    ),
    (["extra"], "radnode: unknown argument extra"),
]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str, str]]:
    folder = tmp_path_factory.mktemp("refused")
    (folder / "file").touch()
    command_lines = [
        ["serve", "--http.port", "0", *(["--dicom.port", "0"] * ("--dicom.port" not in options)), *options]
        for options, _ in REFUSED
    ]
    return run_all(command_lines, folder)


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[" ".join(options) for options, _ in REFUSED])
def test_bad_settings_are_refused_in_one_line(refusals: list[tuple[int, str, str]], number: int) -> None:
    code, printed, complaint = refusals[number]
    assert code == 2, complaint
    assert printed == ""
    assert complaint.startswith(REFUSED[number][1])
    assert complaint.count("\n") == 1


def test_an_unusable_folder_is_refused_with_folder_and_uid(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = radnode("serve", "--archive.root", str(tmp_path / "file"), folder=tmp_path)
    assert done.returncode == 2
    assert str(tmp_path / "file") in done.stderr
    assert f"uid {os.geteuid()}" in done.stderr
