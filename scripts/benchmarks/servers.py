"""The servers that are compared: how each is started on a fresh folder, and where it is installed at all."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.programs import find_program, free_port

MAX_PDU = 131072
"""What every server announces: radnode's default, and the most that DCMTK takes."""


@dataclass(frozen=True)
class Server:
    """`prepare` writes what the server needs into its folder and gives the command that serves at a port."""

    name: str
    ae_title: str
    prepare: Callable[[Path, int], list[str]]
    is_installed: Callable[[], bool]


def _radnode(folder: Path, port: int) -> list[str]:
    where = ["--archive.root", str(folder / "archive"), "--dicom.port", str(port), "--http.port", "0"]
    (folder / "archive").mkdir(exist_ok=True)
    return [sys.executable, "-m", "radnode", "serve", *where]


def _orthanc(folder: Path, port: int) -> list[str]:
    settings: dict[str, Any] = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [],
        "HttpPort": free_port(),
        "DicomPort": port,
        "MaximumPduLength": MAX_PDU,
        "DicomAlwaysAllowFind": True,
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings))
    return [find_program("Orthanc") or "Orthanc", str(path)]


def _dcmqrscp(folder: Path, port: int) -> list[str]:
    (folder / "storage").mkdir(exist_ok=True)
    table = f"AETable BEGIN\nDCMQRSCP {folder}/storage RW (10000, 100gb) ANY\nAETable END\n"
    path = folder / "dcmqrscp.cfg"
    path.write_text(f"MaxPDUSize = {MAX_PDU}\nMaxAssociations = 64\n{table}")
    return [find_program("dcmqrscp") or "dcmqrscp", "-dhl", "-c", str(path), str(port)]


def _storescp(folder: Path, port: int) -> list[str]:
    (folder / "storage").mkdir(exist_ok=True)
    where = ["-pdu", str(MAX_PDU), "-od", str(folder / "storage"), str(port)]
    return [find_program("storescp") or "storescp", "--fork", "-dhl", *where]


def qrscp(python: str) -> Server:
    """pynetdicom's, run by an interpreter that has SQLAlchemy (radnode's own need not)."""

    def prepare(folder: Path, port: int) -> list[str]:
        where = ["--instance-location", str(folder / "storage"), "--database-location", str(folder / "index.sqlite")]
        options = ["--bind-address", "127.0.0.1", "--port", str(port), "--max-pdu", str(MAX_PDU), *where]
        return [python, "-m", "pynetdicom", "qrscp", "-q", *options]

    return Server("qrscp", "QRSCP", prepare, lambda: python != sys.executable or find_spec("sqlalchemy") is not None)


RADNODE = Server("radnode", "RADNODE", _radnode, lambda: True)
ORTHANC = Server("Orthanc", "ORTHANC", _orthanc, lambda: find_program("Orthanc") is not None)
DCMQRSCP = Server("dcmqrscp", "DCMQRSCP", _dcmqrscp, lambda: find_program("dcmqrscp") is not None)
STORESCP = Server("storescp", "STORESCP", _storescp, lambda: find_program("storescp") is not None)
