"""Both sides of TLS for tests: who believes whom, and sockets that speak it by hand."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Authority, settings
from support.dimse_server import TITLE, Running

from radnode.dimse.credentials import Credentials, client_context
from radnode.dimse.scu import Caller
from radnode.settings import Peer


@dataclass(frozen=True)
class World:
    """An authority that vouches for the server and its callers, and a foreign one."""

    authority: Authority
    foreign: Authority
    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "World":
        return cls(Authority(folder / "ours"), Authority(folder / "theirs", "stranger"), folder)

    def credentials(self, **more: object) -> Credentials:
        return Credentials(settings(self.authority.sign("server"), self.authority.certificate, **more))

    def caller(self, certificate: str = "", *, foreign: bool = False, days: int = 90, timeout: float = 5) -> Caller:
        """Someone who believes the authority, and shows a certificate if it has a name."""
        signer = self.foreign if foreign else self.authority
        own = signer.sign(certificate, days=days) if certificate else None
        return Caller(timeout=timeout, tls=client_context(settings(own, self.authority.certificate)))


def peer_of(server: Running, *, tls: bool = True, plain_port: bool = False, host: str = "127.0.0.1") -> Peer:
    """The server's port for TLS, or its other one."""
    return Peer(title=TITLE, host=host, port=server.port if plain_port else server.tls_port, tls=tls)


def careless(*, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, suites: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    """A client that takes whatever it gets, at most in this version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(suites)
    context.maximum_version = version
    return context


@contextmanager
def shaken(port: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[ssl.SSLSocket]:
    """A socket after its handshake; the end of the connection without a word of TLS is an error there."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.settimeout(10)
        context = careless(version=version)
        with context.wrap_socket(plain, suppress_ragged_eofs=False) as sock:
            yield sock


def client_hello() -> bytes:
    """How a handshake begins."""
    outgoing = ssl.MemoryBIO()
    beginning = careless().wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        beginning.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("it cannot be done already")
