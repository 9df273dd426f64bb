"""TLS as DICOM wants it (PS3.15 B.12: BCP 195, that is RFC 8996 and 9325), with the files that the settings name."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from radnode.dimse.upper.secure import SecureConnection
from radnode.dimse.upper.stopping import Stopping
from radnode.model.errors import RadnodeError
from radnode.settings import TlsSettings

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 4.2); those of TLS 1.3 all have both.

None with DHE: RFC 9325 4.1 advises against it, and PS3.15 B.13 forbids it where the length of its key cannot be set.
"""
ALPN = "dicom"
"""What is spoken inside, as IANA has it (RFC 7301, RFC 9325 3.7); who does not say it is served all the same."""
_SOON = timedelta(days=30)
_VERIFY = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_OTHER_KEY = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}
log = structlog.get_logger()


class BadCertificates(RadnodeError):
    """A file that TLS needs cannot be used; the text is one line that names the setting."""


class Credentials:
    """What the server shows and whom it believes, as the files last said it."""

    def __init__(self, settings: TlsSettings) -> None:
        """Read the files; BadCertificates where they are no good."""
        self._settings = settings
        self._context = self._read()

    def reload(self) -> bool:
        """Read the files again, for connections to come. Bad ones are told in the log and change nothing."""
        try:
            self._context = self._read()
        except BadCertificates as error:
            log.error("certificates_refused", why=str(error))  # noqa: TRY400 - no traceback: its words say it all
            return False
        return True

    def _read(self) -> ssl.SSLContext:
        context = server_context(self._settings)
        assert self._settings.certificate_file is not None
        end = _end_of(self._settings.certificate_file)
        told = {} if end is None else {"valid_until": f"{end:%Y-%m-%d}"}
        log.info("certificates_read", **told)
        if end is not None and end - datetime.now(UTC) < _SOON:
            log.warning("certificate_expires", **told)
        return context

    def connect(self, sock: socket.socket, stopping: Stopping) -> SecureConnection:
        """A connection over an accepted socket; OSError where the caller is gone already."""
        return SecureConnection.over(sock, self._context, stopping)


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """The acceptor's side; BadCertificates where a file is no good."""
    context = _profile(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # a ticket of one worker process would mean nothing to the next
    _show(context, settings)
    if settings.authorities_file is not None:
        _believe(context, settings.authorities_file)
    context.verify_mode = _VERIFY[settings.client_certificates]
    return context


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """The requestor's side; BadCertificates where a file is no good."""
    context = _profile(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = settings.check_hostname
    if settings.certificate_file is not None:
        _show(context, settings)
    if settings.authorities_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _believe(context, settings.authorities_file)
    return context


def _end_of(certificate: Path) -> datetime | None:
    """Until when a certificate is valid; None for one that OpenSSL reads and `cryptography` does not.

    Its refusals have no common base but Exception, and nothing depends on the answer but what is told.
    """
    from cryptography import x509  # noqa: PLC0415 - slow to load, and only servers need it

    try:
        return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc
    except Exception:  # noqa: BLE001
        return None


def _profile(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols([ALPN])
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a device's own certificate may stand among the authorities
    return context


def _show(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Let it show the certificate of the settings."""
    certificate, key = settings.certificate_file, settings.key_file
    assert certificate is not None  # the settings hold that
    _readable("certificate_file", certificate)
    name, path = ("certificate_file", certificate) if key is None else ("key_file", key)
    _readable(name, path)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except _Encrypted:
        raise BadCertificates(f"tls.{name} = {path}: the key is encrypted, must be one without a password") from None
    except ssl.SSLError as error:
        if not _has_certificates(certificate):
            name, path, why = "certificate_file", certificate, "must be a PEM file with a certificate"
        elif error.reason in _OTHER_KEY:
            why = f"is not the key of the certificate in {certificate}"
        elif error.reason and error.reason.endswith(("_TOO_SMALL", "_TOO_WEAK")):
            why = f"is too weak for RFC 9325 ({error.reason.replace('_', ' ').lower()})"
        else:
            why = "must be a PEM file with a private key"
        raise BadCertificates(f"tls.{name} = {path}: {why}") from error
    except OSError as error:  # one of them was there a moment ago
        _readable("certificate_file", certificate)
        raise _unreadable(name, path, error) from error


def _believe(context: ssl.SSLContext, authorities: Path) -> None:
    _readable("authorities_file", authorities)
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError as error:
        why = "must be a PEM file with certificates"
        raise BadCertificates(f"tls.authorities_file = {authorities}: {why}") from error
    except OSError as error:  # it was there a moment ago
        raise _unreadable("authorities_file", authorities, error) from error


def _readable(name: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise _unreadable(name, path, error) from error


def _unreadable(name: str, path: Path, error: OSError) -> BadCertificates:
    return BadCertificates(f"tls.{name} = {path}: cannot be read ({error.strerror})")


def _has_certificates(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except OSError:  # which is what SSLError is
        return False
    return True


class _Encrypted(Exception):
    """OpenSSL wants a password."""


def _no_password() -> NoReturn:
    raise _Encrypted
