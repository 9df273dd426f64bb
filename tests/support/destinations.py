"""Other people's programs that take objects, as processes of their own on free ports of the loopback."""

import json
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.node import wait_for
from support.peers import require


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def _program(words: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    """A program that listens on `port` once it is ready."""
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            wait_for(lambda: _answers(port), what=words[0], alive=lambda: process.poll() is None)
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def storescp(folder: Path, title: str, *options: str) -> Iterator[int]:
    """DCMTK's storescp, which writes the bytes that it gets below `folder`; its port."""
    folder.mkdir()
    port = free_port()
    words = [require("storescp"), "-aet", title, "-od", str(folder), "--bit-preserving", *options, str(port)]
    with _program(words, port, folder):
        yield port


@contextmanager
def dcmqrscp(folder: Path, title: str) -> Iterator[int]:
    """DCMTK's archive, with its files below `folder`/files; its port."""
    (folder / "files").mkdir(parents=True)
    port = free_port()
    config = folder / "dcmqrscp.cfg"
    table = f"AETable BEGIN\n{title} {folder / 'files'} RW (100, 1024mb) ANY\nAETable END\n"
    config.write_text(f"MaxPDUSize = 16384\nMaxAssociations = 16\n{table}")
    words = [require("dcmqrscp"), "-dhl", "-c", str(config), "--bit-preserving", str(port)]
    with _program(words, port, folder):
        yield port


class Orthanc:
    """A running Orthanc; `port` is its DICOM port, and `ask` speaks to its REST API."""

    def __init__(self, port: int, http_port: int) -> None:
        self.port = port
        self._http_port = http_port

    def ask(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """What it answers: JSON as values, anything else as bytes. With a body it is a POST, unless `method` says."""
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self._http_port}{path}"
        request = urllib.request.Request(url, data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content: bytes = answer.read()
            return json.loads(content) if answer.headers.get_content_type() == "application/json" else content


@contextmanager
def orthanc(folder: Path, title: str) -> Iterator[Orthanc]:
    """Orthanc with nothing in it."""
    folder.mkdir()
    port, http_port = free_port(), free_port()
    settings = {
        "Name": title, "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "index"),
        "HttpPort": http_port, "DicomPort": port, "DicomAet": title,
        "AuthenticationEnabled": False, "RemoteAccessAllowed": False, "Plugins": [], "ConcurrentJobs": 1,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with _program([require("Orthanc"), str(folder / "orthanc.json")], port, folder):
        wait_for(lambda: _answers(http_port), what="its REST API")
        yield Orthanc(port, http_port)
