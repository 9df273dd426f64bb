"""The whole node with DICOM over TLS: where it says so, what it refuses, and new certificates without a restart."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.certificates import PASSWORD, Authority, Certified, settings
from support.node import Node, run_all, wait_for

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.credentials import client_context
from radnode.dimse.scu import Caller, CallFailed, echo
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.settings import Peer

TITLE = "RADNODE"
ECHO = [ProposedContext(1, VERIFICATION, ("1.2.840.10008.1.2",))]


def options(own: Certified, *more: str) -> list[str]:
    files = ["--tls.certificate_file", str(own.certificate), "--tls.key_file", str(own.key)]
    return ["--tls.port", "0", *files, "--dicom.workers", "2", "--log.level", "debug", *more]


def caller(authority: Authority) -> Caller:
    return Caller(timeout=20, tls=client_context(settings(None, authority.certificate)))


def peer(node: Node) -> Peer:
    return Peer(title=TITLE, host="127.0.0.1", port=node.ready()["dicom_tls_port"], tls=True)


def echoes(requested: Requested) -> bool:
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: VERIFICATION, Element.COMMAND_FIELD: Field.C_ECHO, Element.MESSAGE_ID: 1,
    }  # fmt: skip
    requested.messages.send(1, elements)
    return requested.response(Field.C_ECHO, 1).number(Element.STATUS) == 0


def install(made: Certified, live: Certified) -> None:
    """Put a certificate and its key where the node reads them."""
    live.certificate.write_bytes(made.certificate.read_bytes())
    live.key.write_bytes(made.key.read_bytes())


def workers(node: Node) -> set[int]:
    return {pid for pid, name in node.children().items() if name.startswith("dicom-")}


def said(node: Node, event: str, process: str = "") -> int:
    return sum(line["event"] == event and process in ("", line["process"]) for line in node.events())


def hang_up(node: Node) -> None:
    assert node.process is not None
    node.process.send_signal(signal.SIGHUP)


def believed_by_all(called: Peer, authority: Authority) -> bool:
    """Whether so many connections in a row were believed that every worker must have had one."""
    try:
        return all(echo(called, caller(authority)).status == 0 for _ in range(10))
    except CallFailed:
        return False


@pytest.fixture
def old(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "new", "new-authority")


@pytest.fixture
def live(old: Authority, tmp_path: Path) -> Certified:
    files = Certified(tmp_path / "live.pem", tmp_path / "live.key")
    install(old.sign("first"), files)
    return files


@pytest.fixture
def node(live: Certified, tmp_path: Path) -> Iterator[Node]:
    with Node(tmp_path / "store", *options(live)) as node:
        yield node
        assert node.stop() == 0
    assert "Traceback" not in node.log_text()


def test_new_certificates_are_in_force_after_a_hangup_and_nothing_restarts(
    node: Node, live: Certified, old: Authority, new: Authority
) -> None:
    before = workers(node)
    assert echo(peer(node), caller(old)).status == 0
    address = Address("127.0.0.1", peer(node).port, TITLE, "TESTS", caller(old).tls)
    with associate(address, ECHO) as established:
        install(new.sign("second"), live)
        assert echo(peer(node), caller(old)).status == 0  # files alone change nothing
        hang_up(node)
        wait_for(lambda: said(node, "certificates_read") == 4, what="the supervisor, twice, and both workers have read")
        assert believed_by_all(peer(node), new)
        with pytest.raises(CallFailed, match="certificate verify failed"):
            echo(peer(node), caller(old))
        assert echoes(established)
    assert workers(node) == before


def test_bad_new_certificates_change_nothing_also_not_for_workers_to_come(
    node: Node, live: Certified, old: Authority, new: Authority
) -> None:
    called = peer(node)  # ready.json is gone while no worker serves
    live.key.write_bytes(new.sign("other").key.read_bytes())
    hang_up(node)
    wait_for(lambda: said(node, "certificates_refused"), what="the refusal in the log")
    (refusal,) = [line for line in node.events() if line["event"] == "certificates_refused"]
    assert (refusal["level"], refusal["process"]) == ("error", "supervisor")
    assert refusal["why"].startswith(f"tls.key_file = {live.key}: is not the key of the certificate in ")
    before = workers(node)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(workers(node) - before) == 2, what="two new workers")
    wait_for(lambda: believed_by_all(called, old), what="the old certificate in the new workers")
    install(new.sign("second"), live)
    hang_up(node)
    wait_for(lambda: believed_by_all(called, new), what="the new certificate")


def test_it_says_where_it_speaks_tls_and_the_verbs_call_it_there(
    node: Node, old: Authority, new: Authority, tmp_path: Path
) -> None:
    ready = node.ready()
    assert set(ready) == {"dicom_port", "http_port", "pid", "dicom_tls_port"}
    place = f"127.0.0.1:{ready['dicom_tls_port']}"
    assert f"  DICOM    RADNODE at {place} over TLS" in node.output()
    assert f"dicom over tls {place}" in node.output()[-1]
    plain = Peer(title=TITLE, host="127.0.0.1", port=ready["dicom_port"])
    assert echo(plain, Caller(timeout=20)).status == 0
    trusting, foreign, without = (
        ["--tls.authorities_file", str(path)] for path in (old.certificate, new.certificate, "none.pem")
    )
    target = f"{TITLE}@{place}"
    answers = run_all(
        [
            ["echo", target, "--tls", *trusting],
            ["find", target, "--tls", *trusting, "-k", "PatientID=4711"],
            ["echo", target, "--tls", *foreign],
            ["echo", target, "--tls", *without],
        ],
        tmp_path,
    )
    assert [code for code, _, _ in answers] == [0, 0, 1, 2]
    assert [told.count("\n") for _, _, told in answers] == [0, 0, 1, 1]
    assert answers[2][2].startswith("radnode: RADNODE: certificate verify failed: ")
    assert answers[3][2] == "radnode: tls.authorities_file = none.pem: cannot be read (No such file or directory)\n"


def test_tls_alone(live: Certified, old: Authority, tmp_path: Path) -> None:
    with Node(tmp_path / "store", *options(live, "--tls.only", "--only", "dicom")) as node:
        assert node.ready()["dicom_port"] is None
        assert echo(peer(node), caller(old)).status == 0
        assert not [line for line in node.output() if "DICOM" in line and "over TLS" not in line]
        assert node.stop() == 0


def test_bad_settings_are_refused_in_one_line(old: Authority, tmp_path: Path) -> None:
    good, other = old.sign("good"), old.sign("other")
    locked = old.sign("locked", password=PASSWORD)
    taken = options(good, "--dicom.port", "4711", "--tls.port", "4711")
    refused = (
        (["--tls.port", "70000"], "tls.port = 70000: must be 0 to 65535 (from --tls.port)"),
        (["--tls.port", "2762"], "tls.certificate_file: must name a PEM file with the certificate, because tls.port"),
        (["--tls.only"], "tls.only = true: needs tls.port, or nothing would be served (from --tls.only)"),
        (["--tls.key_file", "key"], "tls.key_file = key: needs tls.certificate_file beside it"),
        (["--tls.client_certificates", "required"], "tls.client_certificates = required: needs tls.authorities_file"),
        (["--tls.client_certificates", "often"], "tls.client_certificates = often: must be one of none, optional, req"),
        (options(replace(good, certificate=tmp_path / "none")), f"tls.certificate_file = {tmp_path}/none: cannot be "),
        (options(replace(good, key=other.key)), f"tls.key_file = {other.key}: is not the key of the certificate in "),
        (options(locked), f"tls.key_file = {locked.key}: the key is encrypted, must be one without a password"),
        (taken, "tls.port = 4711: must be another one than dicom.port, or tls.only = true"),
    )
    answers = run_all([["serve", "--http.port", "0", *words] for words, _ in refused], tmp_path)
    for (words, told), (code, printed, complaint) in zip(refused, answers, strict=True):
        assert (code, printed) == (2, ""), words
        assert complaint.startswith(f"radnode: {told}")
        assert complaint.count("\n") == 1
    assert not (tmp_path / "dicom_storage").exists()
