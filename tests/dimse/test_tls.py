"""DICOM over TLS, as server and as client: what goes through, and what is refused and with which words."""

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from support.certificates import PASSWORD, settings
from support.dimse_server import CT, EXPLICIT, TITLE, proposals, running, store_command, wait_until
from support.fake_archive import FakeArchive
from support.instances import make_instance, write_part10
from support.secured import World, careless, peer_of

from radnode.dimse.credentials import BadCertificates, Credentials, client_context, server_context
from radnode.dimse.scu import Caller, CallFailed, echo, find, send
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Address, associate
from radnode.model.level import Level
from radnode.settings import DicomSettings, Peer, TlsSettings

STORE = proposals((CT, (EXPLICIT,)))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def endings(lines: list[EventDict]) -> list[EventDict]:
    return [line for line in lines if line["event"] == "association"]


@pytest.mark.parametrize("demand", ["none", "optional", "required"])
def test_every_service_works_over_tls(world: World, tmp_path: Path, lines: list[EventDict], demand: str) -> None:
    archive = FakeArchive(rows=[{"StudyInstanceUID": "1.2.3"}])
    files = [write_part10(make_instance(SOPInstanceUID=f"1.2.3.{one}"), tmp_path / f"{one}.dcm") for one in range(3)]
    caller = world.caller("client")
    with running(archive, credentials=world.credentials(client_certificates=demand)) as server:
        assert echo(peer_of(server), caller).status == 0
        assert all(sent.is_stored for sent in send(peer_of(server), caller, files))
        (match,) = find(peer_of(server), caller, Level.STUDY, {"StudyInstanceUID": ""})
        assert match["StudyInstanceUID"] == "1.2.3"
        assert echo(peer_of(server, tls=False, plain_port=True), Caller()).status == 0
    assert len(archive.objects) == 3
    secured = [line.get("tls") for line in endings(lines)]
    assert secured == ["TLSv1.3"] * 3 + [None]
    verified = [line.get("client_certificate") for line in endings(lines)]
    assert verified == ([None] * 4 if demand == "none" else ["verified"] * 3 + [None])
    assert "CN=" not in str(lines)


def test_objects_of_every_size_arrive_unchanged(world: World) -> None:
    """Records of TLS have 16 KiB, our buffer holds a PDU: neither may show."""
    archive = FakeArchive()
    with running(archive, credentials=world.credentials()) as server:
        address = Address("127.0.0.1", server.tls_port, TITLE, "TESTS", world.caller().tls)
        with associate(address, STORE) as requested:
            for number, size in enumerate((0, 2, 16384, 131072, 3_000_000)):
                data = os.urandom(size)
                requested.messages.send(1, store_command(f"1.2.{number}"), data)
                assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
                assert archive.objects[f"1.2.{number}"] == data


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        ({}, "peer did not return a certificate"),
        ({"certificate": "unknown", "foreign": True}, "unable to get local issuer certificate"),
        ({"certificate": "expired", "days": -1}, "certificate has expired"),
    ],
)
def test_a_caller_without_a_good_certificate_is_refused_where_one_is_required(
    world: World, lines: list[EventDict], certificate: dict[str, object], told: str
) -> None:
    with running(FakeArchive(), credentials=world.credentials(client_certificates="required")) as server:
        with pytest.raises(CallFailed, match="the peer ended TLS: "):
            echo(peer_of(server), world.caller(**certificate))  # type: ignore[arg-type]
        wait_until(lambda: endings(lines))
    (line,) = endings(lines)
    assert line["how"] == "tls handshake failed"
    assert told in line["why"]


def test_a_bad_certificate_is_refused_where_it_is_optional(world: World, lines: list[EventDict]) -> None:
    with running(FakeArchive(), credentials=world.credentials(client_certificates="optional")) as server:
        with pytest.raises(CallFailed, match="unknown ca"):
            echo(peer_of(server), world.caller("unknown", foreign=True))
        assert echo(peer_of(server), world.caller()).status == 0


def test_a_certificate_gives_no_rights_that_peers_do_not_give(world: World) -> None:
    credentials = world.credentials(client_certificates="required")
    known = (Peer(title="KNOWN", host="127.0.0.1", port=104, allow=("store",)),)
    with running(FakeArchive(), dicom=DicomSettings(host="0.0.0.0"), peers=known, credentials=credentials) as server:
        with pytest.raises(CallFailed, match="calling AE title not recognised"):
            echo(peer_of(server), world.caller("client"))
        with pytest.raises(CallFailed, match="does not accept"):
            echo(peer_of(server), replace(world.caller("client"), ae_title="KNOWN"))


def test_a_device_can_be_believed_without_its_authority(world: World) -> None:
    device = world.foreign.sign("device")
    pinned = settings(world.authority.sign("server"), device.certificate, client_certificates="required")
    other = world.foreign.sign("other")
    with running(FakeArchive(), credentials=Credentials(pinned)) as server:
        for own, is_believed in ((device, True), (other, False)):
            caller = Caller(timeout=5, tls=client_context(settings(own, world.authority.certificate)))
            if is_believed:
                assert echo(peer_of(server), caller).status == 0
            else:
                with pytest.raises(CallFailed, match="unknown ca"):
                    echo(peer_of(server), caller)


def test_the_caller_says_why_it_does_not_believe_the_server(world: World, lines: list[EventDict]) -> None:
    strangers = Caller(timeout=5, tls=client_context(settings(None, world.foreign.certificate)))
    unchecked = client_context(settings(None, world.authority.certificate, check_hostname=False))
    with running(FakeArchive(), credentials=world.credentials()) as server:
        with pytest.raises(CallFailed, match="RADNODE: certificate verify failed: "):
            echo(peer_of(server), strangers)
        with pytest.raises(CallFailed, match="Hostname mismatch, certificate is not valid for 'localhost'"):
            echo(peer_of(server, host="localhost"), world.caller())
        assert echo(peer_of(server, host="localhost"), Caller(tls=unchecked)).status == 0
        wait_until(lambda: len(endings(lines)) == 3)
    assert {line["how"] for line in endings(lines) if "why" in line} == {"tls handshake failed"}


def test_plain_and_tls_are_told_apart(world: World, lines: list[EventDict]) -> None:
    with running(FakeArchive(), credentials=world.credentials()) as server:
        with pytest.raises(CallFailed, match="the peer does not speak TLS"):
            echo(peer_of(server, plain_port=True), world.caller())
        wait_until(lambda: endings(lines))
        with pytest.raises(CallFailed, match="RADNODE: closed by the peer"):
            echo(peer_of(server, tls=False), Caller(timeout=5))
        with pytest.raises(CallFailed, match="is to be called over TLS"):
            echo(peer_of(server), Caller(timeout=5))
        wait_until(lambda: len(endings(lines)) == 2)
    assert [(line["how"], line["why"]) for line in endings(lines)] == [
        ("protocol error", "TLS where it is not spoken"),
        ("tls handshake failed", "the peer does not speak TLS"),
    ]


@pytest.mark.parametrize("garbage", [b"\xff" * 1000, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", bytes(5)])
def test_garbage_is_one_line(world: World, lines: list[EventDict], garbage: bytes) -> None:
    with running(FakeArchive(), credentials=world.credentials()) as server:
        with socket.create_connection(("127.0.0.1", server.tls_port)) as sock:
            sock.settimeout(10)
            sock.sendall(garbage)
            while sock.recv(1000):
                pass
        wait_until(lambda: endings(lines))
        assert echo(peer_of(server), world.caller()).status == 0
    assert [line["how"] for line in endings(lines)] == ["tls handshake failed", "released"]
    assert {line["event"] for line in lines} == {"certificates_read", "association", "operation"}


def old(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = careless()
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.minimum_version = context.maximum_version = version
    return context


def of_tls_1_2(suites: str) -> ssl.SSLContext:
    return careless(version=ssl.TLSVersion.TLSv1_2, suites=suites)


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (old(ssl.TLSVersion.TLSv1), "unsupported protocol"),
        (old(ssl.TLSVersion.TLSv1_1), "unsupported protocol"),
        (of_tls_1_2("ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0"), "no shared cipher"),
        (of_tls_1_2("kRSA:@SECLEVEL=0"), "no shared cipher"),
        (of_tls_1_2("DHE:!kECDHE:@SECLEVEL=0"), "no shared cipher"),
    ],
    ids=["TLS 1.0", "TLS 1.1", "CBC", "key transport", "DHE"],
)
def test_what_is_too_weak_is_refused(world: World, lines: list[EventDict], context: ssl.SSLContext, told: str) -> None:
    with running(FakeArchive(), credentials=world.credentials()) as server:
        with pytest.raises(CallFailed, match=r"the peer ended TLS: (protocol version|handshake failure)"):
            echo(peer_of(server), Caller(timeout=5, tls=context))
        wait_until(lambda: endings(lines))
    (line,) = endings(lines)
    assert (line["how"], line["why"]) == ("tls handshake failed", told)


def test_the_profile(world: World) -> None:
    """RFC 9325: TLS 1.2 and 1.3, forward secrecy and authenticated encryption, and the server chooses."""
    own = settings(world.authority.sign("server"), world.authority.certificate)
    for context in (server_context(own), client_context(own)):
        suites = [suite["name"] for suite in context.get_ciphers()]
        assert all(name.startswith(("TLS_", "ECDHE-")) for name in suites)
        assert all("GCM" in name or "POLY1305" in name for name in suites)
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.options & ssl.OP_NO_COMPRESSION
        assert context.options & ssl.OP_NO_RENEGOTIATION
    with running(FakeArchive(), credentials=world.credentials()) as server:
        for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"):
            assert echo(peer_of(server), Caller(tls=of_tls_1_2(suite))).status == 0


def test_the_port_says_what_it_speaks_and_gives_no_tickets(world: World) -> None:
    context = careless()
    context.set_alpn_protocols(["h2", "dicom"])
    with running(FakeArchive(), credentials=world.credentials()) as server:
        for latest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.maximum_version = latest
            with socket.create_connection(("127.0.0.1", server.tls_port)) as plain:
                plain.settimeout(10)
                with context.wrap_socket(plain) as sock:
                    assert sock.selected_alpn_protocol() == "dicom"
                    sock.sendall(b"what is no PDU")
                    assert sock.recv(100)[0] == 7
                    assert sock.session is None or not sock.session.has_ticket


@pytest.mark.parametrize(("days", "is_told"), [(60, False), (10, True), (-1, True)])
def test_a_certificate_that_ends_soon_is_told(
    world: World, lines: list[EventDict], days: int, *, is_told: bool
) -> None:
    Credentials(settings(world.authority.sign("server", days=days)))
    assert [line["event"] for line in lines] == ["certificates_read"] + ["certificate_expires"] * is_told
    assert len({line["valid_until"] for line in lines}) == 1


def test_bad_files_are_told_by_the_name_of_their_setting(world: World) -> None:
    good, other = world.authority.sign("good"), world.authority.sign("other")
    locked = world.authority.sign("locked", password=PASSWORD)
    small = world.authority.sign("small", bits=1024)
    text = world.folder / "text.pem"
    text.write_text("no certificate")
    missing = world.folder / "missing.pem"
    for certificate, key, authorities, told in (
        (missing, good.key, None, f"tls.certificate_file = {missing}: cannot be read (No such file or directory)"),
        (good.certificate, missing, None, f"tls.key_file = {missing}: cannot be read (No such file or directory)"),
        (good.certificate, good.key, missing, f"tls.authorities_file = {missing}: cannot be read (No such file or "),
        (world.folder, good.key, None, f"tls.certificate_file = {world.folder}: cannot be read (Is a directory)"),
        (text, good.key, None, f"tls.certificate_file = {text}: must be a PEM file with a certificate"),
        (good.certificate, text, None, f"tls.key_file = {text}: must be a PEM file with a private key"),
        (good.certificate, None, None, f"tls.certificate_file = {good.certificate}: must be a PEM file with a private"),
        (good.certificate, good.key, text, f"tls.authorities_file = {text}: must be a PEM file with certificates"),
        (good.certificate, other.key, None, f"tls.key_file = {other.key}: is not the key of the certificate in "),
        (locked.certificate, locked.key, None, f"tls.key_file = {locked.key}: the key is encrypted, must be one "),
        (small.certificate, small.key, None, "is too weak for RFC 9325"),
    ):
        files = TlsSettings(port=0, certificate_file=certificate, key_file=key, authorities_file=authorities)
        with pytest.raises(BadCertificates) as refused:
            Credentials(files)
        assert told in str(refused.value)
        assert "\n" not in str(refused.value)


def test_certificate_and_key_may_stand_in_one_file(world: World) -> None:
    own = world.authority.sign("both", bits=2048)
    both = world.folder / "both-in-one.pem"
    both.write_bytes(own.key.read_bytes() + own.certificate.read_bytes())
    with running(FakeArchive(), credentials=Credentials(TlsSettings(port=0, certificate_file=both))) as server:
        assert echo(peer_of(server), world.caller()).status == 0
