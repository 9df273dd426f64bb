import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

import pytest
from support.rest import as_bearer, make_token, rest_settings

from radnode.archive.layout import Layout
from radnode_http import serving
from radnode_http.app import build_app
from radnode_http.blocking import to_its_end
from radnode_http.render_pool import RenderPool


@contextmanager
def served(archive: Any, root: Path) -> Iterator[tuple[int, threading.Event, threading.Thread]]:
    """serve_app in a thread on a bound socket: its port, what stops it, and the thread."""
    stop, ready = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = build_app(archive, rest_settings(root), pool=RenderPool(0, 30))
        thread = threading.Thread(target=serving.serve_app, args=(app, listening, stop, ready.set))
        thread.start()
        try:
            assert ready.wait(10)
            yield listening.getsockname()[1], stop, thread
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()


def fetch(port: int, path: str) -> Any:
    request = Request(f"http://127.0.0.1:{port}{path}", headers=as_bearer(make_token()))
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_it_serves_on_the_given_socket_until_it_is_stopped(tmp_path: Path) -> None:
    with served(None, tmp_path) as (port, stop, thread):
        assert fetch(port, "/healthz") == {"status": "ok"}
        assert fetch(port, "/api/dicom/status")["enabled"] is False
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_request_in_flight_is_answered_before_the_end(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def statistics() -> SimpleNamespace:
        begun.set()
        assert go_on.wait(10)
        return SimpleNamespace(files=7, bytes=0, studies=0, series=0)

    with served(SimpleNamespace(statistics=statistics, layout=Layout(tmp_path)), tmp_path) as (port, stop, _):
        answers: list[Any] = []
        client = threading.Thread(target=lambda: answers.append(fetch(port, "/api/dicom/status")))
        client.start()
        assert begun.wait(10)
        stop.set()
        go_on.set()
        client.join(10)
    assert answers[0]["storage_info"]["total_files"] == 7


def test_headers_that_do_not_come_end_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = serving.server_options() | {"keepalive_timeout": 0.3}
    monkeypatch.setattr(serving, "server_options", lambda: options)
    with served(None, tmp_path) as (port, _, _):
        for beginning in (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(beginning)
                started = time.monotonic()
                assert connection.recv(100) == b""
                assert time.monotonic() - started < 5


def test_what_never_becomes_a_request_is_one_quiet_line_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = (b"\x16\x03\x01\x02\x00\x01", b"GET /DOE^JOHN HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 99999)
    with served(None, tmp_path) as (port, _, _):
        for words in hostile:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(words + b"\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.")
        assert fetch(port, "/healthz") == {"status": "ok"}
    log = "".join(capsys.readouterr())
    assert log.count("connection_refused") == 2  # what is no HTTP at all is not worth a line
    assert "DOE" not in log
    assert "Traceback" not in log


def test_cancelled_work_is_waited_for() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert go_on.wait(10)
        done.set()

    async def cancel() -> None:
        task = asyncio.create_task(to_its_end(work))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done.is_set()

    asyncio.run(cancel())
