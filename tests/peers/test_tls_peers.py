"""Other people's programs over TLS: DCMTK's, OpenSSL's and pynetdicom, against radnode and radnode against them."""

import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pynetdicom import AE
from structlog.testing import capture_logs
from support.certificates import Certified, settings
from support.dimse_server import TITLE, Running, running, wait_until
from support.fake_archive import FakeArchive
from support.instances import make_instance, write_part10
from support.peers import free_port, require, run
from support.pynet import steady
from support.secured import World

from radnode.cli.main import main
from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.credentials import Credentials

FIND = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("certificates"))


@contextmanager
def serving(world: World, *, rsa: bool = False, **more: object) -> Iterator[tuple[Running, FakeArchive]]:
    archive = FakeArchive(rows=[{"StudyInstanceUID": "1.2.3"}])
    own = world.authority.sign("rsa-server", bits=2048) if rsa else world.authority.sign("server")
    with running(archive, credentials=Credentials(settings(own, world.authority.certificate, **more))) as server:
        yield server, archive


def secured(world: World, own: Certified) -> list[str]:
    return ["+tls", str(own.key), str(own.certificate), "+cf", str(world.authority.certificate)]


def to(server: Running) -> list[str]:
    return ["-aec", TITLE, "127.0.0.1", str(server.tls_port)]


def tls_files(own: Certified, world: World) -> list[str]:
    files = ["--tls.certificate_file", str(own.certificate), "--tls.key_file", str(own.key)]
    return [*files, "--tls.authorities_file", str(world.authority.certificate)]


@pytest.mark.parametrize("rsa", [False, True], ids=["ECDSA", "RSA"])
@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
def test_dcmtk_in_each_profile_of_today(world: World, tmp_path: Path, profile: str, rsa: bool) -> None:
    """Non-downgrading BCP 195, BCP 195, extended BCP 195; with our certificate required of each."""
    own = world.authority.sign("modality", bits=2048 if rsa else 0)
    words = [*secured(world, own), profile]
    files = [write_part10(make_instance(SOPInstanceUID=f"1.2.3.{one}"), tmp_path / f"{one}.dcm") for one in range(3)]
    with serving(world, rsa=rsa, client_certificates="required") as (server, archive):
        assert "Received Echo Response (Success)" in run("echoscu", "-v", *words, *to(server)).stdout
        output = run("storescu", "-v", *words, *to(server), *files).stdout
        assert output.count("Received Store Response (Success)") == 3
        output = run("findscu", "-v", *words, *FIND, *to(server)).stdout
        assert re.search(r"Find Response: 1 \(Pending", output)
    assert len(archive.objects) == 3


def test_dcmtk_without_a_certificate(world: World) -> None:
    words = ["+tla", "+cf", str(world.authority.certificate)]
    with serving(world) as (server, _):
        assert "Received Echo Response (Success)" in run("echoscu", "-v", *words, *to(server)).stdout
    with serving(world, client_certificates="required") as (server, _), capture_logs() as lines:
        assert run("echoscu", "-v", *words, *to(server), check=False).returncode != 0
        wait_until(lambda: lines)
    assert (lines[0]["how"], lines[0]["why"]) == ("tls handshake failed", "peer did not return a certificate")


def test_dcmtk_with_what_it_had_before_and_in_plain(world: World) -> None:
    """The AES profile of old negotiates neither forward secrecy nor authenticated encryption."""
    own = world.authority.sign("old-modality", bits=2048)
    with serving(world, rsa=True) as (server, _), capture_logs() as lines:
        old = run("echoscu", "-v", *secured(world, own), "+pa", *to(server), check=False)
        wait_until(lambda: lines)
        plain = run("echoscu", "-v", *to(server), check=False)
        wait_until(lambda: len(lines) == 2)
    assert old.returncode != 0
    assert plain.returncode != 0
    assert [line["how"] for line in lines] == ["tls handshake failed"] * 2
    assert lines[1]["why"] == "the peer does not speak TLS"


def test_a_client_that_renegotiates_ends_itself(world: World) -> None:
    """OpenSSL's client asks with an R for a renegotiation (TLS 1.2), is told no, and gives up."""
    with serving(world) as (server, _), capture_logs() as lines:
        command = [require("openssl"), "s_client", "-tls1_2", "-connect", f"127.0.0.1:{server.tls_port}"]
        done = subprocess.run(command, input="R\n", capture_output=True, text=True, timeout=60, check=False)
        wait_until(lambda: lines)
    assert "no renegotiation" in done.stderr
    assert [(line["event"], line["how"]) for line in lines] == [("association", "tls handshake failed")]


@contextmanager
def storescp(world: World, folder: Path, *words: str) -> Iterator[int]:
    """DCMTK's receiver over TLS; it wants certificates of its callers."""
    own = world.authority.sign("storescp")
    port = free_port()
    command = [require("storescp"), "-od", str(folder), *secured(world, own), *words, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: is_listening(port))
            assert process.poll() is None, "another program took the port"
            yield port
        finally:
            process.kill()


def is_listening(port: int) -> bool:
    table = Path("/proc/net/tcp").read_text()
    return any(f"{address}:{port:04X} 00000000:0000 0A" in table for address in ("0100007F", "00000000"))


def test_radnode_sends_to_dcmtk(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    received = tmp_path / "received"
    received.mkdir()
    for one in range(3):
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{one}"), tmp_path / f"{one}.dcm")
    files = [str(path) for path in sorted(tmp_path.glob("*.dcm"))]
    with storescp(world, received) as port:
        target = f"STORESCP@127.0.0.1:{port}"
        assert main(["echo", target, "--tls", *tls_files(world.authority.sign("sender"), world)]) == 0
        assert main(["send", target, "--tls", *tls_files(world.authority.sign("sender"), world), *files]) == 0
        printed = capsys.readouterr()
        assert ("3 of 3 stored" in printed.out, printed.err) == (True, "")
        assert main(["send", target, "--tls", *tls_files(world.foreign.sign("sender"), world), *files]) == 1
        complaint = capsys.readouterr().err
        assert complaint.count("\n") == 1
        assert complaint == "radnode: STORESCP: the peer ended TLS: unknown ca\n"
        assert main(["echo", target]) == 1
    assert len(list(received.iterdir())) == 3


def test_a_peer_of_the_settings_is_called_over_tls(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(world) as (server, _):
        peers = [{"title": TITLE, "host": "127.0.0.1", "port": server.tls_port, "tls": True}]
        monkeypatch.setenv("RADNODE_PEERS", json.dumps(peers))
        assert main(["echo", TITLE, "--tls.authorities_file", str(world.authority.certificate)]) == 0
        assert main(["echo", TITLE]) == 1
    assert "certificate verify failed" in capsys.readouterr().err


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_pynetdicom_over_tls(world: World, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=world.authority.certificate)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # our certificates have no key identifiers
    context.minimum_version = context.maximum_version = version
    own = world.authority.sign("pynetdicom")
    context.load_cert_chain(own.certificate, own.key)
    ae = AE("PYNET")
    ae.add_requested_context(VERIFICATION)
    with serving(world, client_certificates="required") as (server, _):
        started = time.monotonic()
        association = steady(
            ae.associate("127.0.0.1", server.tls_port, ae_title=TITLE, tls_args=(context, "127.0.0.1"))
        )
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()
        assert association.is_released
        assert time.monotonic() - started < 20
