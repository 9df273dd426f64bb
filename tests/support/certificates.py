"""Certificates made for one test: an authority, and what it signs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from radnode.settings import TlsSettings

PASSWORD = b"a password"


@dataclass(frozen=True)
class Certified:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; its own stands in `certificate`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = folder / f"{name}.pem"
        self._write(self.certificate, self._build(self._name, self._key.public_key(), is_authority=True))

    def sign(
        self, name: str, *, host: str = "127.0.0.1", days: int = 90, bits: int = 0, password: bytes | None = None
    ) -> Certified:
        """A certificate for `host`, that ends in `days` (which may be over); an RSA key of `bits`, or one for ECDSA."""
        key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = Certified(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        self._write(made.certificate, self._build(subject, key.public_key(), host=host, days=days))
        secrecy = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        formats = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        made.key.write_bytes(key.private_bytes(*formats, secrecy))
        return made

    def _build(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        *,
        is_authority: bool = False,
        host: str = "127.0.0.1",
        days: int = 90,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        try:
            place: x509.GeneralName = x509.IPAddress(ip_address(host))
        except ValueError:
            place = x509.DNSName(host)
        return (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([place]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def settings(own: Certified | None, believed: Path | None = None, **more: object) -> TlsSettings:
    """The settings of a server or client that shows `own` and believes `believed`."""
    files = {} if own is None else {"port": 0, "certificate_file": own.certificate, "key_file": own.key}
    return TlsSettings.model_validate(files | {"authorities_file": believed} | more)
