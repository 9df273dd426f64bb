"""A whole node on a full disk: it goes on answering, and works again when there is room."""

from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.disks import fill, small_file_system
from support.instances import encode_part10, make_instance
from support.node import Node
from support.rest import NO_SUCH_FILE

SMALL = encode_part10(make_instance())
LARGE = encode_part10(make_instance(SOPInstanceUID="1.2.3.1", Rows=500, Columns=500, PixelData=bytes(500_000)))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_file_system(tmp_path / "archive") as folder:
        yield folder


def status(node: Node, token: str, method: str, path: str, body: bytes = b"") -> int:
    """The status of the answer; a connection that ends without one raises."""
    connection = HTTPConnection(urlsplit(node.url).netloc, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + body + b"\r\n--x--\r\n"
    connection.request(method, path, part if body else None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_what_was_never_asked_for_before_is_answered_on_a_full_disk(disk: Path) -> None:
    with Node(disk, "--dicom.workers", "1") as node:
        ask = partial(status, node, node.token())
        processes = sorted(node.children())
        assert ask("POST", "/api/dicom/upload", SMALL) == 200
        ballast = fill(disk)
        assert ask("POST", "/api/dicom/upload", LARGE) == 507
        for path in ("/readyz", "/healthz", "/metrics", "/api/docs", "/api/dicom/list", "/api/dicom/status"):
            assert ask("GET", path) == 200
        for kind in ("metadata", "image"):
            assert ask("GET", f"/api/dicom/{kind}/{NO_SUCH_FILE}") == 404
        for method in ("PUT", "PATCH", "OPTIONS", "DELETE"):
            assert ask(method, "/healthz") == 405
        ballast.unlink()
        assert ask("POST", "/api/dicom/upload", LARGE) == 200
        assert set(processes) <= set(node.children())
        assert node.stop() == 0


def test_a_node_starts_on_a_full_disk_and_leaves_no_metrics_behind(disk: Path) -> None:
    with Node(disk, "--dicom.workers", "1") as node:
        folder = (disk / ".radnode" / "metrics" / "dicom").resolve()
        assert any(folder.iterdir())
        node.kill()
    fill(disk)
    with Node(disk, "--dicom.workers", "1") as node:
        assert status(node, node.token(), "GET", "/api/dicom/list") == 200
        assert not folder.exists()
        folder = (disk / ".radnode" / "metrics" / "dicom").resolve()
        assert node.stop() == 0
    assert not folder.exists()
