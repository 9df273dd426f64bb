"""Files of TLS that change while they are read, or that not everything can read."""

import os
import ssl
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.certificates import Authority, settings

from radnode.dimse.credentials import Credentials
from radnode.settings import TlsSettings


@pytest.fixture
def files(tmp_path: Path) -> TlsSettings:
    authority = Authority(tmp_path)
    return settings(authority.sign("server"), authority.certificate)


@pytest.mark.parametrize("name", ["certificate_file", "key_file", "authorities_file"])
def test_a_file_that_goes_while_it_is_read_is_told_and_changes_nothing(files: TlsSettings, name: str) -> None:
    credentials = Credentials(files)
    path: Path = getattr(files, name)
    path.unlink()
    os.mkfifo(path)

    def vanish() -> None:
        with path.open("wb"):  # waits for a reader, who gets its end once the name is gone
            path.unlink()

    vanishing = threading.Thread(target=vanish, daemon=True)
    vanishing.start()
    with capture_logs() as lines:
        assert not credentials.reload()
    vanishing.join(10)
    (line,) = lines
    assert line["event"] == "certificates_refused"
    assert line["why"] == f"tls.{name} = {path}: cannot be read (No such file or directory)"


def test_a_certificate_whose_end_cannot_be_read_is_used(files: TlsSettings) -> None:
    """OpenSSL takes one of a version that does not exist."""
    assert files.certificate_file
    encoded = ssl.PEM_cert_to_DER_cert(files.certificate_file.read_text())
    odd = encoded.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020104"), 1)
    files.certificate_file.write_text(ssl.DER_cert_to_PEM_cert(odd))
    with capture_logs() as lines:
        assert Credentials(files).reload()
    assert lines == [{"event": "certificates_read", "log_level": "info"}] * 2
