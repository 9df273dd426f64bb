"""The servers that are compared: how each is started on a fresh folder, and where it is installed at all."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.certificates import Certificate
from benchmarks.programs import find_program, free_port

MAX_PDU = 131072
"""What every server announces: radnode's default, and the most that DCMTK takes."""


DESTINATION = "DESTINATION"
GDCM_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancGdcm.so")
"""What Orthanc decodes JPEG 2000 with: Debian's package orthanc-gdcm."""


@dataclass(frozen=True)
class Site:
    """What a server is started with. `tls`: it speaks TLS at `port`, and asks its peers for no certificate.

    `is_filling`: what it stores is not measured, so that it need not wait for the disk. `destination`: the port of
    loopback at which it knows the AE title DESTINATION. `decodes`: with what it has for decoding JPEG 2000.
    """

    folder: Path
    port: int
    tls: Certificate | None = None
    is_filling: bool = False
    destination: int | None = None
    decodes: bool = False

    @property
    def storage(self) -> Path:
        """A folder in the folder."""
        return self.folder / "storage"


@dataclass(frozen=True)
class Server:
    """`prepare` writes what the server needs into its folder and gives the command that serves there."""

    name: str
    ae_title: str
    prepare: Callable[[Site], list[str]]
    is_installed: Callable[[], bool]
    speaks_tls: bool = False


def _radnode(site: Site) -> list[str]:
    site.storage.mkdir(exist_ok=True)
    where = ["--dicom.port", str(site.port)]
    if site.tls:
        certificate = ["--tls.certificate_file", str(site.tls.path), "--tls.key_file", str(site.tls.key)]
        where = ["--tls.port", str(site.port), "--tls.only", "true", *certificate]
    if site.destination:
        where += ["--peers", json.dumps([{"title": DESTINATION, "host": "127.0.0.1", "port": site.destination}])]
    return [sys.executable, "-m", "radnode", "serve", "--archive.root", str(site.storage), "--http.port", "0", *where]


def _orthanc(site: Site) -> list[str]:
    settings: dict[str, Any] = {
        "StorageDirectory": str(site.storage),
        "IndexDirectory": str(site.storage),
        "Plugins": [str(GDCM_PLUGIN)] if site.decodes and GDCM_PLUGIN.exists() else [],
        "HttpPort": free_port(),
        "DicomPort": site.port,
        "MaximumPduLength": MAX_PDU,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "SyncStorageArea": not site.is_filling,
    }
    if site.destination:
        settings["DicomModalities"] = {"destination": [DESTINATION, "127.0.0.1", site.destination]}
    if site.tls:
        settings |= {
            "DicomTlsEnabled": True,
            "DicomTlsCertificate": str(site.tls.path),
            "DicomTlsPrivateKey": str(site.tls.key),
            "DicomTlsTrustedCertificates": str(site.tls.path),
            "DicomTlsRemoteCertificateRequired": False,
        }
    path = site.folder / "orthanc.json"
    path.write_text(json.dumps(settings))
    return [find_program("Orthanc") or "Orthanc", str(path)]


def _dcmqrscp(site: Site) -> list[str]:
    site.storage.mkdir(exist_ok=True)
    table = f"AETable BEGIN\nDCMQRSCP {site.storage} RW (10000, 100gb) ANY\nAETable END\n"
    if site.destination:
        table = f"HostTable BEGIN\nto = ({DESTINATION}, 127.0.0.1, {site.destination})\nHostTable END\n{table}"
    path = site.folder / "dcmqrscp.cfg"
    path.write_text(f"MaxPDUSize = {MAX_PDU}\nMaxAssociations = 64\n{table}")
    return [find_program("dcmqrscp") or "dcmqrscp", "-dhl", "-c", str(path), str(site.port)]


def _storescp(site: Site) -> list[str]:
    site.storage.mkdir(exist_ok=True)
    tls = ["+tls", str(site.tls.key), str(site.tls.path), "-ic"] if site.tls else []
    where = ["-pdu", str(MAX_PDU), "-od", str(site.storage), str(site.port)]
    return [find_program("storescp") or "storescp", "--fork", "-dhl", *tls, *where]


def qrscp(python: str) -> Server:
    """pynetdicom's, run by an interpreter that has SQLAlchemy (radnode's own need not)."""

    def prepare(site: Site) -> list[str]:
        where = ["--instance-location", str(site.storage), "--database-location", str(site.folder / "index.sqlite")]
        options = ["--bind-address", "127.0.0.1", "--port", str(site.port), "--max-pdu", str(MAX_PDU), *where]
        return [python, "-m", "pynetdicom", "qrscp", "-q", *options]

    return Server("qrscp", "QRSCP", prepare, lambda: python != sys.executable or find_spec("sqlalchemy") is not None)


RADNODE = Server("radnode", "RADNODE", _radnode, lambda: True, speaks_tls=True)
ORTHANC = Server("Orthanc", "ORTHANC", _orthanc, lambda: find_program("Orthanc") is not None, speaks_tls=True)
DCMQRSCP = Server("dcmqrscp", "DCMQRSCP", _dcmqrscp, lambda: find_program("dcmqrscp") is not None)
STORESCP = Server("storescp", "STORESCP", _storescp, lambda: find_program("storescp") is not None, speaks_tls=True)
